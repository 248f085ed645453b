"""What is measured: which requests, at which server, and what performance must reach."""

from __future__ import annotations

import json
import random
import re
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from bench import load
from bench.load import BadAnswerError
from bench.tenants import HASH, QUERY, hash_of, provider_id, spell

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_LOOKED_AT = 20
MARK = b"0123456789"
DOCUMENTS = 40
"""That are known at once: the gateway remembers 64 KiB of them."""
OK, NOT_MODIFIED = 200, 304


def static(number: int) -> bytes:
    """What A and nginx are asked."""
    return _get(f"/{provider_id(number)}")


def by_hash(number: int) -> bytes:
    """The persisted query, as a softphone sends it."""
    return _persisted("SoftphoneConfig", HASH, _variables(number))


def known(place: int, tenants: int) -> bytes:
    """A registered document and a tenant that were not asked for together before, nor in this spelling.

    Each place has its own: all tenants with one document, then with the next; then in other letters of the ProviderId,
    of which case says nothing.
    """
    pair, number = divmod(place, tenants)
    spelling, document = divmod(pair, DOCUMENTS)
    variables = {**_variables(number), "providerId": spell(provider_id(number), spelling)}
    return _persisted(_name(document), hash_of(_document(document)), variables)


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
    return _registering(QUERY)


def registering_others() -> list[bytes]:
    """Makes the documents of `known` so."""
    return [_registering(_document(document)) for document in range(DOCUMENTS)]


def revalidating(port: int, numbers: Sequence[int]) -> list[bytes]:
    """The persisted query with the ETag of its answer. Raises BadAnswerError when there is none."""
    requests = []
    for number in numbers:
        etag = load.ask(port, by_hash(number))[1].get("etag")
        if etag is None:
            raise BadAnswerError("An answer has no ETag.")
        requests.append(by_hash(number).replace(b"\r\n\r\n", f"\r\nIf-None-Match: {etag}\r\n\r\n".encode()))
    return requests


def check(port: int, make: Callable[[int], bytes], tenants: int) -> None:
    """Whether the server gives each tenant its own data. Raises BadAnswerError."""
    for number in random.sample(range(tenants), min(_LOOKED_AT, tenants)):
        status, _headers, body = load.ask(port, make(number))
        names = {name.lower() for name in re.findall(rb"carrier-[0-9]{6}", body, re.IGNORECASE)}
        if status != OK or names != {provider_id(number).lower().encode()} or b"Voicemail settings" not in body:
            raise BadAnswerError(
                f"{provider_id(number)} is answered {status}, with {sorted(names)[:3]}: {body[:200]!r}"
            )


def check_not_modified(port: int, requests: Sequence[bytes]) -> None:
    """Raises BadAnswerError."""
    for request in random.sample(requests, min(_LOOKED_AT, len(requests))):
        status, _headers, body = load.ask(port, request)
        if (status, body) != (NOT_MODIFIED, b""):
            raise BadAnswerError(f"An answer that is not modified comes as {status}.")


@cache
def _name(document: int) -> str:
    return f"SoftphoneConfig{document}"


@cache
def _document(document: int) -> str:
    return QUERY.replace("SoftphoneConfig(", f"{_name(document)}(", 1)


def _persisted(name: str, hashed: str, variables: dict[str, str]) -> bytes:
    extensions = _compact({"persistedQuery": {"version": 1, "sha256Hash": hashed}})
    asked = {"operationName": name, "variables": _compact(variables), "extensions": extensions}
    return _get(f"/graphql?{urlencode(asked)}")


def _registering(query: str) -> bytes:
    extensions = {"persistedQuery": {"version": 1, "sha256Hash": hash_of(query)}}
    return _post({"query": query, "variables": _variables(0), "extensions": extensions})


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
