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
