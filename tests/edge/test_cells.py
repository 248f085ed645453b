from __future__ import annotations

import gc

import pytest

from gateway.edge.cells import Cell, Cells, Door, Read, Standing
from tenants.app_keys import NO_APP_KEY
from tenants.feed import ChangeKind
from tenants.model import AppKind
from tests.edge.published import KEY, OTHER_KEY, change, published

GENERIC = Door(AppKind.GENERIC, NO_APP_KEY)
WRONG_KIND = Door(AppKind.WHITELABEL, NO_APP_KEY)
BY_KEY = Door(AppKind.WHITELABEL, KEY)


@pytest.fixture
def cells() -> Cells:
    return Cells()


@pytest.fixture
def cell(cells: Cells) -> Cell:
    """AcmeInc's. A neighbour's is beside it."""
    neighbour = cells.of("neighbourtel")
    standing = cells.begin(neighbour).finish(published(tenant=2), GENERIC)
    assert standing
    assert standing.is_current
    return cells.of("acmeinc")


def begin(cells: Cells) -> Read:
    return cells.begin(cells.of("acmeinc"))


def known(cells: Cells, number: int = 1) -> Standing:
    standing = begin(cells).finish(published(number), GENERIC)
    assert standing
    return standing


def test_reads_that_show_the_same_share_a_standing(cells: Cells, cell: Cell) -> None:
    early, late = begin(cells), begin(cells)

    first, second = late.finish(published(), GENERIC), early.finish(published(), GENERIC)

    assert first is second is cell.live


@pytest.mark.parametrize("kind", [kind for kind in ChangeKind if kind is not ChangeKind.ACCESS])
def test_a_change_ends_what_was_known_and_what_is_being_read(cells: Cells, cell: Cell, kind: ChangeKind) -> None:
    standing, nobody = known(cells), begin(cells).finish(None, WRONG_KIND)
    neighbours = cells.of("neighbourtel")
    under_way = begin(cells)

    cells.on_changes([change(kind=kind)])

    assert nobody
    assert (standing.is_current, nobody.is_current) == (False, False)
    assert under_way.finish(published(), GENERIC) is None
    assert not under_way.is_latest
    assert known(cells, 2).is_current
    assert neighbours is cells.of("neighbourtel")


def test_a_change_of_who_may_sign_in_changes_nothing(cells: Cells, cell: Cell) -> None:
    standing = known(cells)

    cells.on_changes([change(kind=ChangeKind.ACCESS), change(None, tenant=0, kind=ChangeKind.ACCESS)])

    assert standing.is_current


def test_a_tenant_that_is_gone_is_told_by_its_number(cells: Cells, cell: Cell) -> None:
    standing, other = known(cells), cells.begin(cells.of("cosyphone")).finish(published(tenant=3), GENERIC)
    under_way = cells.begin(cells.of("brighttel"))

    cells.on_changes([change(None, kind=ChangeKind.DELETED)])

    assert other
    assert not standing.is_current
    assert under_way.finish(published(tenant=4), GENERIC) is None


def test_when_anything_may_have_changed_nothing_is_known(cells: Cells, cell: Cell) -> None:
    neighbour = cells.of("neighbourtel")
    neighbours = cells.begin(neighbour).finish(published(tenant=2), GENERIC)
    standing, under_way = known(cells), begin(cells)

    cells.on_changes(None)

    assert neighbours
    assert (standing.is_current, neighbours.is_current) == (False, False)
    assert under_way.finish(published(), GENERIC) is None


def test_a_later_read_that_shows_something_else_is_believed(cells: Cells, cell: Cell) -> None:
    old = known(cells, 1)

    new = known(cells, 2)

    assert (old.is_current, new.is_current) == (False, True)


def test_of_two_reads_at_once_that_differ_neither_is_believed(cells: Cells, cell: Cell) -> None:
    slow, quick = begin(cells), begin(cells)
    new = quick.finish(published(2), GENERIC)
    third = begin(cells)

    kept = slow.finish(published(1), GENERIC)

    assert new
    assert (kept, new.is_current) == (None, False)
    assert third.finish(published(1), GENERIC) is None, "it began when either may have been shown already"
    assert known(cells, 2).is_current


def test_a_read_is_not_joined_once_something_newer_may_have_been_shown(cells: Cells, cell: Cell) -> None:
    slow = begin(cells)
    at_first = slow.is_latest

    known(cells)

    assert (at_first, slow.is_latest, begin(cells).is_latest) == (True, False, True)


def test_who_is_not_let_in_says_nothing_about_the_others(cells: Cells, cell: Cell) -> None:
    standing = known(cells)

    nobody = begin(cells).finish(None, WRONG_KIND)

    assert nobody
    assert (standing.is_current, nobody.is_current) == (True, True)


def test_nobody_where_somebody_was_is_newer_when_it_began_later(cells: Cells, cell: Cell) -> None:
    standing = known(cells)

    nobody = begin(cells).finish(None, GENERIC)

    assert nobody
    assert (standing.is_current, nobody.is_current) == (False, True)


def test_nobody_and_somebody_at_once_are_both_forgotten(cells: Cells, cell: Cell) -> None:
    slow, quick = begin(cells), begin(cells)
    standing = quick.finish(published(), GENERIC)

    assert slow.finish(None, GENERIC) is None
    assert standing
    assert not standing.is_current


def test_somebody_after_nobody_at_once_is_forgotten(cells: Cells, cell: Cell) -> None:
    slow, quick = begin(cells), begin(cells)
    nobody = quick.finish(None, GENERIC)

    assert slow.finish(published(), GENERIC) is None
    assert nobody
    assert not nobody.is_current


def test_what_is_found_ends_that_nobody_was(cells: Cells, cell: Cell) -> None:
    nobody = begin(cells).finish(None, GENERIC)

    known(cells)

    assert nobody
    assert not nobody.is_current


def test_a_key_that_opened_and_opens_no_longer_is_noticed_and_one_that_never_did_is_not(
    cells: Cells, cell: Cell
) -> None:
    shown = published(app=AppKind.WHITELABEL, key=KEY, is_key_demanded=True)
    standing = begin(cells).finish(shown, BY_KEY)
    assert standing
    begin(cells).finish(None, WRONG_KIND)
    begin(cells).finish(None, Door(AppKind.WHITELABEL, OTHER_KEY))
    before = standing.is_current

    begin(cells).finish(None, BY_KEY)

    assert (before, standing.is_current) == (True, False)


def test_it_is_known_by_the_door_that_was_open_also_after_a_change(cells: Cells, cell: Cell) -> None:
    shown = published(app=AppKind.WHITELABEL, key=KEY, is_key_demanded=True)
    begin(cells).finish(shown, BY_KEY)
    cells.on_changes([change()])

    assert [cell.is_known_at(door) for door in (BY_KEY, WRONG_KIND, GENERIC)] == [True, False, False]


def test_a_cell_lives_as_long_as_somebody_holds_it(cells: Cells, cell: Cell) -> None:
    held = cells.of("held")
    cells.of("let-go")
    gc.collect()

    assert cells.of("held") is held
    assert len(cells) == 2
