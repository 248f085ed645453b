from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.segments import Item, SegmentedMap

ROOM = 1_000


def full_of(*keys: str, room: int = ROOM) -> SegmentedMap[str, Item]:
    """A map in which these were used."""
    things = SegmentedMap[str, Item](room)
    for key in keys:
        things.put(key, Item(10))
        things.get(key)
    return things


def test_what_was_put_in_is_found_and_what_was_not_is_not() -> None:
    item = Item(10)
    things = SegmentedMap[str, Item](ROOM)
    things.put("a", item)

    assert things.get("a") is item
    assert things.get("b") is None
    assert (len(things), things.weight) == (1, 10)


def test_what_takes_the_place_of_another_frees_its_room() -> None:
    gone: list[Item] = []
    things = SegmentedMap[str, Item](ROOM, on_gone=gone.append)
    old, new = Item(10), Item(20)
    things.put("a", old)

    things.put("a", new)

    assert (things.get("a"), things.weight, gone) == (new, 20, [old])


def test_a_flood_pushes_itself_out() -> None:
    kept = [f"kept-{number}" for number in range(90)]
    things = full_of(*kept)

    for number in range(10_000):
        things.put(f"flood-{number}", Item(10))

    assert [key for key in kept if things.get(key) is None] == []
    assert things.weight <= ROOM


def test_a_flood_that_comes_twice_leaves_what_is_in_use() -> None:
    used = [f"used-{number}" for number in range(40)]
    things = full_of(*used)
    hits = asked = 0
    for number in range(10_000):
        things.put(f"flood-{number}", Item(10))
        things.get(f"flood-{number}")
        asked += 1
        hits += things.get(used[number % 40]) is not None

    assert hits == asked


def test_a_flood_that_comes_three_times_leaves_what_is_used_again_meanwhile() -> None:
    used = [f"used-{number}" for number in range(5)]
    things = full_of(*used)
    hits = 0
    for number in range(10_000):
        things.put(f"flood-{number}", Item(10))
        things.get(f"flood-{number}")
        things.get(f"flood-{number}")
        hits += sum(things.get(key) is not None for key in used) if number % 60 == 0 else 5

    assert hits == 50_000


def test_what_is_on_probation_has_all_the_room_that_nobody_needs() -> None:
    things = SegmentedMap[int, Item](ROOM)
    for number in range(100):
        things.put(number, Item(10))

    assert len(things) == 100


def test_what_would_take_more_than_the_share_of_newcomers_is_not_taken() -> None:
    gone: list[Item] = []
    things = SegmentedMap[str, Item](ROOM, on_gone=gone.append)
    things.put("kept", Item(100))
    large = Item(101)

    things.put("large", large)

    assert (things.get("large"), gone, len(things)) == (None, [large], 1)


def test_without_room_nothing_is_kept() -> None:
    things = SegmentedMap[str, Item](0)
    things.put("a", Item(1))

    assert (things.get("a"), things.weight) == (None, 0)


def test_there_are_as_many_as_may_be() -> None:
    things = SegmentedMap[int, Item](ROOM, most=3)
    for number in range(10):
        things.put(number, Item(1))

    assert [number for number in range(10) if things.get(number)] == [7, 8, 9]


def test_a_flood_of_small_things_leaves_what_is_proven_where_places_are_scarcer_than_room() -> None:
    things = SegmentedMap[str, Item](ROOM, most=20)
    for number in range(15):
        things.put(f"kept-{number}", Item(1))
        things.get(f"kept-{number}")

    for number in range(1_000):
        things.put(f"flood-{number}", Item(1))

    assert [number for number in range(15) if things.get(f"kept-{number}") is None] == []
    assert len(things) == 20


def test_to_look_is_no_use() -> None:
    things = full_of(*map(str, range(90)))
    for number in range(1_000):
        things.put(f"flood-{number}", Item(10))
        things.peek(f"flood-{number}")

    assert [number for number in range(90) if things.peek(str(number)) is None] == []
    assert (things.peek("flood-999"), things.peek("flood-0")) == (things.get("flood-999"), None)


def test_what_comes_to_weigh_more_has_to_find_its_room() -> None:
    things = full_of("kept")
    first, second = Item(10), Item(10)
    things.put("first", first)
    things.put("second", second)

    things.add_weight(second, 975)

    assert (things.peek("first"), things.peek("second"), things.weight) == (None, second, 995)


@given(st.lists(st.tuples(st.sampled_from(["put", "get", "pop", "grow"]), st.integers(0, 20), st.integers(1, 150))))
def test_the_weights_add_up_and_each_thing_that_goes_is_told_of_once(steps: list[tuple[str, int, int]]) -> None:
    gone: list[Item] = []
    things = SegmentedMap[int, Item](300, most=8, on_gone=gone.append)
    made: list[Item] = []
    latest: dict[int, Item] = {}
    for what, key, weight in steps:
        if what == "put":
            made.append(Item(weight))
            latest[key] = made[-1]
            things.put(key, made[-1])
        elif what == "get":
            assert things.get(key) is (latest.get(key) if latest.get(key) not in gone else None)
        elif what == "pop":
            things.pop(key)
        elif (item := things.peek(key)) is not None:
            things.add_weight(item, weight)
        kept = [item for item in made if item not in gone]
        assert sum(item.weight for item in kept) == things.weight <= 300
        assert len(kept) == len(things) <= 8
        assert len({id(item) for item in gone}) == len(gone)


def test_where_all_is_in_use_the_latest_to_come_goes_again() -> None:
    things = full_of(*map(str, range(100)))
    for number in range(100):
        things.get(str(number))

    things.put("new", Item(10))

    assert (things.get("new"), len(things)) == (None, 100)
