"""What is measured: which requests, at which server, and what performance must reach."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from bench import load
from bench.load import BadAnswerError
from bench.tenants import HASH, QUERY, provider_id

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

_LOOKED_AT = 20
MARK = b"0123456789"
OK, NOT_MODIFIED = 200, 304


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One row of the table."""

    name: str
    port: int
    file: Path
    """The requests, for wrk."""
    must: float | None = None
    """The least ratio to A."""
    aim: float | None = None


def static(number: int) -> bytes:
    """What A and nginx are asked."""
    return _get(f"/{provider_id(number)}")


def by_hash(number: int) -> bytes:
    """The persisted query, as a softphone sends it."""
    extensions = _compact({"persistedQuery": {"version": 1, "sha256Hash": HASH}})
    asked = {"operationName": "SoftphoneConfig", "variables": _compact(_variables(number)), "extensions": extensions}
    return _get(f"/graphql?{urlencode(asked)}")


def by_query(number: int) -> bytes:
    """The whole document in the address."""
    return _get(f"/graphql?{urlencode({'query': QUERY, 'variables': _compact(_variables(number))})}")


def by_post(number: int) -> bytes:
    """The whole document in a body."""
    return _post({"query": QUERY, "variables": _variables(number)})


def never_seen(number: int) -> bytes:
    """A document with a mark, in place of which each request has a number of its own."""
    query = QUERY.replace("query SoftphoneConfig(", f"query S{MARK.decode()}(")
    return _post({"query": query, "variables": _variables(number)})


def registering() -> bytes:
    """Makes the persisted query known."""
    extensions = {"persistedQuery": {"version": 1, "sha256Hash": HASH}}
    return _post({"query": QUERY, "variables": _variables(0), "extensions": extensions})


def revalidating(port: int, numbers: Sequence[int]) -> list[bytes] | None:
    """The persisted query with the ETag of its answer; None where answers have none yet."""
    requests = []
    for number in numbers:
        etag = load.ask(port, by_hash(number))[1].get("etag")
        if etag is None:
            return None
        requests.append(by_hash(number).replace(b"\r\n\r\n", f"\r\nIf-None-Match: {etag}\r\n\r\n".encode()))
    return requests


def check(port: int, make: Callable[[int], bytes], tenants: int) -> None:
    """Whether the server gives each tenant its own data. Raises BadAnswerError."""
    for number in random.sample(range(tenants), min(_LOOKED_AT, tenants)):
        status, _headers, body = load.ask(port, make(number))
        names = {provider_id(other) for other in range(tenants) if provider_id(other).encode() in body}
        if status != OK or names != {provider_id(number)} or b"Voicemail settings" not in body:
            raise BadAnswerError(
                f"{provider_id(number)} is answered {status}, with {sorted(names)[:3]}: {body[:200]!r}"
            )


def check_not_modified(port: int, requests: Sequence[bytes]) -> None:
    """Raises BadAnswerError."""
    for request in random.sample(requests, min(_LOOKED_AT, len(requests))):
        status, _headers, body = load.ask(port, request)
        if (status, body) != (NOT_MODIFIED, b""):
            raise BadAnswerError(f"An answer that is not modified comes as {status}.")


def _variables(number: int) -> dict[str, str]:
    return {"providerId": provider_id(number), "app": "WHITELABEL"}


def _get(target: str) -> bytes:
    return f"GET {target} HTTP/1.1\r\nHost: gateway.example\r\nAccept: application/json\r\n\r\n".encode()


def _post(body: object) -> bytes:
    text = _compact(body)
    return (
        "POST /graphql HTTP/1.1\r\nHost: gateway.example\r\nAccept: application/json\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n{text}"
    ).encode()


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
