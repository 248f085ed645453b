"""What stored answers are said to weigh is what they take, or the bound would be none."""

from __future__ import annotations

import gc
import tracemalloc

from starlette.responses import Response

from gateway.edge.answers import Answers, Outcome
from gateway.edge.cache import EdgeCache
from gateway.edge.cells import Cells, Door
from gateway.edge.entries import Entry
from gateway.edge.keys import Digests, Question
from tenants.app_keys import NO_APP_KEY
from tenants.model import AppKind
from tests import make
from tests.edge.published import published

COUNT = 2_000
DOOR = Door(AppKind.GENERIC, NO_APP_KEY)


def keep(cache: EdgeCache, cells: Cells, answers: Answers, digests: Digests, number: int) -> None:
    """A config of a tenant, found in one spelling and known in one request's bytes, as the application stores it."""
    question = Question("{ a }", None, {"n": number}, "application/json", "gzip", is_get=True, app_key=NO_APP_KEY)
    found, cell = published(tenant=number), cells.of(f"tenant-{number}")
    standing = cells.begin(cell).finish(found, DOOR)
    key = digests.question(question)
    assert standing
    assert key
    response = Response(b'{"data":%d}' % number + b"x" * 200, media_type="application/json")
    entry = Entry(key, answers.of(question, Outcome(response, is_whole=True), found), cell, standing, None, None)
    cache.keep(entry)
    cache.keep_spelling(digests.spelling("GET", [b"", b"gzip", b"", b"", b""], b"n=%d" % number), entry)
    for _ in range(2):
        cache.keep_received(b"GET /graphql?n=%d%b" % (number, b" " * 300), "GET", entry, 200)


def test_a_stored_answer_takes_no_more_than_it_weighs() -> None:
    cache, cells, digests = EdgeCache(100_000_000, is_current=lambda: True), Cells(), Digests(make.KEYS)
    answers = Answers(make.KEYS, {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"})
    keep(cache, cells, answers, digests, 0)
    gc.collect()
    tracemalloc.start()
    before, weight = tracemalloc.get_traced_memory()[0], cache.weight

    for number in range(1, COUNT + 1):
        keep(cache, cells, answers, digests, number)
    gc.collect()
    taken = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()

    weighed = cache.weight - weight
    assert taken <= weighed <= 1.25 * taken


def test_a_flood_leaves_nothing_beyond_the_room() -> None:
    room = 2_000_000
    cache, cells, digests = EdgeCache(room, is_current=lambda: True), Cells(), Digests(make.KEYS)
    answers = Answers(make.KEYS, {"X-Content-Type-Options": "nosniff"})
    keep(cache, cells, answers, digests, 0)
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]

    for number in range(1, 4 * COUNT):
        keep(cache, cells, answers, digests, number)
    gc.collect()
    taken = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()

    assert taken <= room
    assert cache.weight <= room
    assert len(cells) < COUNT


def test_an_answer_is_known_by_the_bytes_of_more_than_one_request_and_by_none_once_it_is_over() -> None:
    cache, cells, digests = EdgeCache(2_000_000, is_current=lambda: True), Cells(), Digests(make.KEYS)
    keep(cache, cells, Answers(make.KEYS, {}), digests, 1)
    first = b"GET /graphql?n=1%b" % (b" " * 300)
    found = cache.find_received(first)
    assert found
    cache.keep_received(b"another request", "GET", found[0], 304)

    both = cache.find_received(first), cache.find_received(b"another request")
    cells.on_changes(None)

    assert both == ((found[0], ("GET", 200)), (found[0], ("GET", 304)))
    assert cache.find_received(first) is None
    assert cache.find_received(b"another request") is None
