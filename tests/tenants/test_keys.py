"""A sealed value opens with its key, in its place, unchanged; and in no other way."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.errors import UnreadableSecretError
from tenants.keys import KeyRing, Place, Sealed

OLD = "SECRET-old-0123456789-abcdefghijk"
NEW = "SECRET-new-0123456789-abcdefghijk"
PLACE = Place(tenant=1, table="secret", column="sealed", row=7)
PLACES = [
    replace(PLACE, tenant=2),
    replace(PLACE, table="setup_link"),
    replace(PLACE, column="other"),
    replace(PLACE, row=8),
]


@given(st.binary(max_size=300))
def test_what_is_sealed_opens_to_the_same_value(value: bytes) -> None:
    ring = KeyRing(NEW)

    assert ring.open(ring.seal(value, PLACE), PLACE) == value


def test_equal_values_are_sealed_differently_each_time() -> None:
    ring = KeyRing(NEW)

    assert ring.seal(b"SECRET-1", PLACE) != ring.seal(b"SECRET-1", PLACE)
    assert b"SECRET-1" not in ring.seal(b"SECRET-1", PLACE).data


@pytest.mark.parametrize("other", PLACES, ids=str)
def test_a_value_that_was_moved_to_another_tenant_table_column_or_row_does_not_open(other: Place) -> None:
    ring = KeyRing(NEW)
    sealed = ring.seal(b"SECRET-1", PLACE)

    with pytest.raises(UnreadableSecretError):
        ring.open(sealed, other)


@given(st.integers(min_value=0, max_value=8 * 30 - 1))
def test_a_single_changed_bit_is_noticed(bit: int) -> None:
    ring = KeyRing(NEW)
    data = bytearray(ring.seal(b"SE", PLACE).data)
    data[bit // 8] ^= 1 << bit % 8

    with pytest.raises(UnreadableSecretError):
        ring.open(Sealed(ring.current_id, bytes(data)), PLACE)


@pytest.mark.parametrize("length", [0, 5, 12, 20])
def test_a_value_that_was_cut_short_does_not_open(length: int) -> None:
    ring = KeyRing(NEW)

    with pytest.raises(UnreadableSecretError):
        ring.open(Sealed(ring.current_id, ring.seal(b"SECRET-1", PLACE).data[:length]), PLACE)


def test_an_old_key_still_opens_and_a_missing_one_is_named_as_the_cause() -> None:
    sealed = KeyRing(OLD).seal(b"SECRET-1", PLACE)

    assert KeyRing(NEW, [OLD]).open(sealed, PLACE) == b"SECRET-1"
    with pytest.raises(UnreadableSecretError, match="was not given"):
        KeyRing(NEW).open(sealed, PLACE)


def test_the_current_key_seals_whatever_else_is_on_the_ring() -> None:
    assert KeyRing(NEW, [OLD]).seal(b"", PLACE).key_id == KeyRing(NEW).current_id != KeyRing(OLD).current_id


@given(st.lists(st.text(max_size=5), max_size=4), st.lists(st.text(max_size=5), max_size=4))
def test_digests_are_equal_only_for_equal_parts(one: list[str], other: list[str]) -> None:
    ring = KeyRing(NEW)

    assert (ring.mac("attempt", *one) == ring.mac("attempt", *other)) is (one == other)


def test_a_digest_depends_on_the_key_and_on_its_purpose() -> None:
    digests = {KeyRing(NEW).mac("a", "x"), KeyRing(OLD).mac("a", "x"), KeyRing(NEW).mac("b", "x")}

    assert len(digests) == 3


def test_a_ring_prints_no_key() -> None:
    assert "SECRET" not in repr(KeyRing(NEW, [OLD]))
