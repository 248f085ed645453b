"""What may be answered while the database is away, and what may not."""

from __future__ import annotations

import gc
import tracemalloc
from dataclasses import dataclass, replace

import pytest

from gateway.edge import known_good
from gateway.edge.known_good import LONGEST_SECONDS, Clocks, Kept, KnownGood, prune, weight_of
from tenants.app_keys import NO_APP_KEY
from tenants.feed import ChangeKind
from tenants.known import Known
from tenants.model import AppKind
from tests import make
from tests.edge.published import KEY, OTHER_KEY, change, published

TITLES = ("Forwarding", "Hours", "Invoices", "Faults", "Voicemail")


@dataclass
class Hearing:
    """A feed and a clock that are as the test says."""

    now: float = 1_000_000.0
    read_at: float = 1_000_000.0
    is_away: bool = False

    def look(self) -> None:
        """It sees what the test says."""

    def hear(self) -> None:
        """All is heard up to now."""
        self.read_at = self.now


def known(
    number: int = 1, *, tenant: int = 1, app: AppKind = AppKind.GENERIC, keys: frozenset[bytes] | None = None
) -> Known:
    one = published(number, tenant=tenant, app=app)
    return Known(one.provider_id, one.revision, keys is not None, keys or frozenset())


def linked(number: int) -> Known:
    """One with five links of its own."""
    host = f"https://carrier-{number:06d}.example"
    links = [{"title": title, "url": f"{host}/{title.lower()}?line=%user%"} for title in TITLES]
    settings = {**make.FULL_SETTINGS, "help": {**make.FULL_SETTINGS["help"], "links": links}}
    one = known(tenant=number)
    return replace(one, revision=replace(one.revision, config=make.config(AppKind.WHITELABEL, **settings)))


@pytest.fixture
def hearing() -> Hearing:
    return Hearing()


@pytest.fixture
def good(hearing: Hearing) -> KnownGood:
    """AcmeInc was served and read; so was a neighbour."""
    good = KnownGood(hearing, Clocks(lambda: hearing.now, lambda: hearing.now))
    for tenant, key in enumerate(("acmeinc", "neighbourtel"), 1):
        good.note(key, tenant, tenant * 1_000 + 1)
    asked = good.take_wanted(10)
    good.learn(asked, {"acmeinc": known(), "neighbourtel": known(tenant=2)}, hearing.now)
    return good


def number_of(good: KnownGood, provider_id: str = "AcmeInc") -> int | None:
    found = good.find(provider_id, AppKind.GENERIC, NO_APP_KEY)
    return found.published.revision.number if found else None


def nobody(_key: str) -> bool:
    return False


def test_what_was_served_is_known_by_any_spelling_of_its_name(good: KnownGood) -> None:
    found = good.find("ACMEinc", AppKind.GENERIC, NO_APP_KEY)

    assert found is not None
    assert found.published.revision.config == published().revision.config
    assert (found.published.provider_id.text, found.seconds) == ("AcmeInc", 0)


def test_nobody_is_told_that_there_is_nobody(good: KnownGood) -> None:
    assert good.find("Stranger", AppKind.GENERIC, NO_APP_KEY) is None
    assert good.find("-", AppKind.GENERIC, NO_APP_KEY) is None
    assert good.find("AcmeInc", AppKind.WHITELABEL, NO_APP_KEY) is None


def test_a_key_is_demanded_as_before(good: KnownGood, hearing: Hearing) -> None:
    good.note("keyed", 1, 1_001)
    asked = good.take_wanted(10)
    good.learn(asked, {"keyed": known(app=AppKind.WHITELABEL, keys=frozenset({KEY.sha256}))}, hearing.now)

    assert good.find("keyed", AppKind.WHITELABEL, KEY) is not None
    assert good.find("keyed", AppKind.WHITELABEL, OTHER_KEY) is None
    assert good.find("keyed", AppKind.WHITELABEL, NO_APP_KEY) is None


@pytest.mark.parametrize("kind", [kind for kind in ChangeKind if kind is not ChangeKind.ACCESS])
def test_what_has_changed_is_let_go_at_once(good: KnownGood, kind: ChangeKind) -> None:
    good.on_changes([change(kind=kind)])

    assert number_of(good) is None
    assert number_of(good, "NeighbourTel") == 1


def test_who_may_sign_in_changes_nothing(good: KnownGood) -> None:
    good.on_changes([change(kind=ChangeKind.ACCESS)])

    assert number_of(good) == 1


def test_a_tenant_that_is_gone_is_found_by_its_number(good: KnownGood) -> None:
    good.on_changes([change(None, tenant=1, kind=ChangeKind.DELETED)])

    assert number_of(good) is None
    assert number_of(good, "NeighbourTel") == 1


def test_what_was_published_is_read_anew(good: KnownGood, hearing: Hearing) -> None:
    good.on_changes([change()])
    hearing.now += 1

    asked = good.take_wanted(10)
    good.learn(asked, {"acmeinc": known(2)}, hearing.now)

    assert asked == ["acmeinc"]
    assert number_of(good) == 2


def test_a_read_that_a_change_overtook_is_not_believed(good: KnownGood, hearing: Hearing) -> None:
    good.on_changes(None)
    asked, began = good.take_wanted(10), hearing.now
    hearing.now += 1
    good.on_changes([change(kind=ChangeKind.SUSPENDED)])

    good.learn(asked, {"acmeinc": known(), "neighbourtel": known(tenant=2)}, began)

    assert number_of(good) is None
    assert number_of(good, "NeighbourTel") == 1


def test_nothing_older_is_shown_after_what_was_shown(good: KnownGood) -> None:
    good.note("acmeinc", 1, 1_002)

    assert number_of(good) is None
    assert number_of(good, "NeighbourTel") == 1
    assert good.take_wanted(10) == ["acmeinc"]


def test_it_is_as_old_as_what_was_last_heard(good: KnownGood, hearing: Hearing) -> None:
    hearing.now += 100
    hearing.hear()
    hearing.now += 7

    found = good.find("AcmeInc", AppKind.GENERIC, NO_APP_KEY)

    assert found is not None
    assert found.seconds == 7


def test_when_anything_may_have_changed_it_ages_until_it_is_read_anew(good: KnownGood, hearing: Hearing) -> None:
    good.on_changes(None)
    hearing.now += 60
    hearing.hear()

    found = good.find("AcmeInc", AppKind.GENERIC, NO_APP_KEY)

    assert found is not None
    assert found.seconds == 60
    assert sorted(good.take_wanted(10)) == ["acmeinc", "neighbourtel"]


def test_after_a_day_it_is_good_no_longer(good: KnownGood, hearing: Hearing) -> None:
    hearing.now += LONGEST_SECONDS
    assert number_of(good) == 1

    hearing.now += 1

    assert number_of(good) is None


def test_those_served_longest_ago_go_first(good: KnownGood, hearing: Hearing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_good, "MOST_TENANTS", 1)
    hearing.now += 1
    good.note("acmeinc", 1, 1_001)

    assert list(good.to_save(nobody)) == ["acmeinc"]

    hearing.now += 1
    assert number_of(good, "NeighbourTel") is None


def test_whoever_is_answered_from_memory_counts_as_served_and_no_other_is_looked_at(
    good: KnownGood, hearing: Hearing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_good, "MOST_TENANTS", 1)
    hearing.now += 1
    good.note("acmeinc", 1, 1_001)
    hearing.now += 1
    asked = list[str]()

    def is_served(key: str) -> bool:
        asked.append(key)
        return key == "neighbourtel"

    assert list(good.to_save(is_served)) == ["neighbourtel"]
    assert sorted(asked) == ["acmeinc", "neighbourtel"]


def test_there_is_a_bound_of_bytes(good: KnownGood, hearing: Hearing, monkeypatch: pytest.MonkeyPatch) -> None:
    ((key, one), _) = good.to_save(nobody).items()
    monkeypatch.setattr(known_good, "MOST_BYTES", weight_of(key, one) + 20)

    assert len(prune(good.to_save(nobody), hearing.now)) == 1


def test_what_is_kept_takes_no_more_than_it_weighs(good: KnownGood, hearing: Hearing) -> None:
    configs = {f"carrier-{number:06d}": linked(number) for number in range(2_000)}
    good.learn(list(configs)[:10], configs, hearing.now)
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]

    for number in range(10, 2_000):
        hearing.now += 0.25
        good.note(f"carrier-{number:06d}", 1, 1)
        good.learn(good.take_wanted(1), configs, hearing.now)
    gc.collect()
    taken = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()

    weighed = sum(weight_of(key, kept) for key, kept in list(good.to_save(nobody).items())[12:])
    assert taken <= weighed <= 1.5 * taken


def test_what_stands_in_every_document_takes_no_room() -> None:
    one = linked(1)

    kept = one.to_bytes()

    assert len(kept) < 350  # of 1,200
    assert Known.from_bytes(kept).revision.config == one.revision.config


def test_what_another_worker_knows_later_is_taken_over_and_what_it_knew_before_is_not(
    good: KnownGood, hearing: Hearing
) -> None:
    now = hearing.now
    good.on_changes([change(), change("neighbourtel", tenant=2)])
    later, before = known(2).to_bytes(), known(tenant=2).to_bytes()

    good.load({"acmeinc": Kept(1, later, now + 1, now), "neighbourtel": Kept(2, before, now - 1, now)})
    hearing.now += 2

    assert number_of(good) == 2
    assert number_of(good, "NeighbourTel") is None
