"""What stored answers are said to weigh is what they take, or the bound would be none."""

from __future__ import annotations

import gc
import tracemalloc

from gateway.edge.answers import Answers
from gateway.edge.cache import EdgeCache
from gateway.edge.cells import Cells
from gateway.edge.keys import Digests
from tests import make
from tests.edge.published import store

COUNT = 2_000


def test_a_stored_answer_takes_no_more_than_it_weighs() -> None:
    cache, cells, digests = EdgeCache(100_000_000, is_current=lambda: True), Cells(), Digests(make.KEYS)
    answers = Answers(make.KEYS, {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"})
    store(cache, cells, answers, digests, 0)
    gc.collect()
    tracemalloc.start()
    before, weight = tracemalloc.get_traced_memory()[0], cache.weight

    for number in range(1, COUNT + 1):
        store(cache, cells, answers, digests, number)
    gc.collect()
    taken = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()

    weighed = cache.weight - weight
    assert taken <= weighed <= 1.25 * taken


def test_a_flood_leaves_nothing_beyond_the_room() -> None:
    room = 2_000_000
    cache, cells, digests = EdgeCache(room, is_current=lambda: True), Cells(), Digests(make.KEYS)
    answers = Answers(make.KEYS, {"X-Content-Type-Options": "nosniff"})
    store(cache, cells, answers, digests, 0)
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]

    for number in range(1, 4 * COUNT):
        store(cache, cells, answers, digests, number)
    gc.collect()
    taken = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()

    assert taken <= room
    assert cache.weight <= room
    assert len(cells) < COUNT


def test_an_answer_is_known_by_the_bytes_of_more_than_one_request_and_by_none_once_it_is_over() -> None:
    cache, cells, digests = EdgeCache(2_000_000, is_current=lambda: True), Cells(), Digests(make.KEYS)
    entry = store(cache, cells, Answers(make.KEYS, {}), digests, 1)
    first = b"GET /graphql?n=1%b" % (b" " * 300)
    cache.keep_received(b"another request", "GET", entry, 304)

    both = cache.find_received(first), cache.find_received(b"another request")
    cells.on_changes(None)

    assert both == ((entry, ("GET", 200)), (entry, ("GET", 304)))
    assert cache.find_received(first) is None
    assert cache.find_received(b"another request") is None
