"""Reads what the gateway sends, and holds it to the documented form."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gateway.mock_provider.wire import Wire

PATH = "/provisioning"
_CLOCK_SECONDS = 300
_REQUEST_LINE = re.compile(rb"([A-Z]+) (/[!-~]*) HTTP/1\.1")
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*")
_SIGNATURE = re.compile(r"t=([0-9]{1,12})((?:,v1=[0-9a-f]{64})+)")


class WrongCallError(Exception):
    """The call is not as documented; the message says what is wrong and repeats nothing of it."""


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request as it came."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""

    @property
    def path(self) -> str:
        """Without the query."""
        return self.target.partition("?")[0]

    def values(self, name: str) -> list[str]:
        """Every value of a header, its name in lower case."""
        return [value for header, value in self.headers if header == name]

    def __repr__(self) -> str:
        """Never the login that is in there."""
        return "Request(…)"


@dataclass(frozen=True, slots=True)
class Call:
    """A provisioning call as documented."""

    username: str
    password: str
    reprovision: bool
    device_id: str
    host: str
    target: str
    """Path and query, as a redirect that keeps them needs them."""

    def __repr__(self) -> str:
        """Never the login."""
        return "Call(…)"


async def read_request(wire: Wire) -> Request:
    """One request with its body. Raises WrongCallError when it is no HTTP."""
    first, *lines = (await wire.read_head())[:-4].split(b"\r\n")
    matched = _REQUEST_LINE.fullmatch(first)
    headers = [_HEADER.fullmatch(line) for line in lines]
    if matched is None or not all(headers):
        raise WrongCallError("This is no HTTP/1.1 request.")
    named = tuple((one[1].decode().lower(), one[2].decode("latin-1")) for one in headers if one)
    request = Request(matched[1].decode(), matched[2].decode(), named)
    length = (request.values("content-length") or ["0"])[0]
    if not length.isdecimal() or request.values("transfer-encoding"):
        raise WrongCallError("The body has no Content-Length.")
    return Request(request.method, request.target, named, await wire.read_body(int(length)))


def check(request: Request, secrets: Iterable[str] = ()) -> Call:
    """The call in the request, whichever of the three ways it was sent. Raises WrongCallError."""
    _check_headers(request)
    for secret in secrets:
        check_signature(request, secret, now=time.time())
    fields = _read_fields(request)
    reprovision = fields["reprovision"]
    if reprovision not in ("true", "false"):
        raise WrongCallError("`reprovision` is neither true nor false.")
    return Call(
        fields["username"],
        fields["password"],
        reprovision == "true",
        fields["deviceId"],
        _only(request, "host"),
        request.target,
    )


def check_signature(request: Request, secret: str, *, now: float) -> None:
    """`Gateway-Signature`, by one of its values. Raises WrongCallError."""
    matched = _SIGNATURE.fullmatch(_only(request, "gateway-signature"))
    if matched is None:
        raise WrongCallError("`Gateway-Signature` is not t=…,v1=….")
    if abs(now - int(matched[1])) > _CLOCK_SECONDS:
        raise WrongCallError("`Gateway-Signature` is of another time.")
    url = f"https://{_only(request, 'host')}{request.target}"
    signed = f"{matched[1]}.{request.method}.{url}.".encode() + request.body
    expected = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    if not any(hmac.compare_digest(expected, given) for given in matched[2].split(",v1=")[1:]):
        raise WrongCallError("`Gateway-Signature` does not fit the secret.")


def _check_headers(request: Request) -> None:
    wanted = {"connection": "close", "cache-control": "max-age=0", "accept-encoding": "identity"}
    for name, value in wanted.items():
        if _only(request, name).lower() != value:
            raise WrongCallError(f"The header {name} is not {value}.")
    for name in ("host", "user-agent", "gateway-signature"):
        _only(request, name)
    for name in ("cookie", "authorization", "proxy-authorization", "expect"):
        if request.values(name):
            raise WrongCallError(f"There is a header {name}, which nobody configured.")


def _read_fields(request: Request) -> dict[str, str]:
    """Username, password, reprovision and deviceId as texts, each sent once."""
    query = request.target.partition("?")[2]
    if request.method == "GET":
        if request.body:
            raise WrongCallError("A GET has a body.")
        return _once(parse_qsl(query, keep_blank_values=True, strict_parsing=True, errors="strict"))
    if request.method != "POST":
        raise WrongCallError("The method is neither GET nor POST.")
    if "password=" in query:
        raise WrongCallError("A POST has the password in its query.")
    media_type = _only(request, "content-type").partition(";")[0].strip().lower()
    if media_type not in _BODIES:
        raise WrongCallError("The body is neither JSON nor a form.")
    try:
        return _once(_BODIES[media_type](request.body))
    except ValueError:
        raise WrongCallError("The body cannot be read.") from None


def _read_json(body: bytes) -> list[tuple[str, str]]:
    pairs = json.loads(body, object_pairs_hook=tuple)  # so that an object is told from an array
    if not isinstance(pairs, tuple):
        raise WrongCallError("The body is no JSON object.")
    if not all(isinstance(value, bool if name == "reprovision" else str) for name, value in pairs):
        raise WrongCallError("`reprovision` is no boolean, or another field no text.")
    return [(name, str(value).lower() if isinstance(value, bool) else value) for name, value in pairs]


def _read_form(body: bytes) -> list[tuple[str, str]]:
    return parse_qsl(body.decode("ascii"), keep_blank_values=True, strict_parsing=True, errors="strict")


_BODIES: dict[str, Callable[[bytes], list[tuple[str, str]]]] = {
    "application/json": _read_json,
    "application/x-www-form-urlencoded": _read_form,
}


def _once(pairs: list[tuple[str, str]]) -> dict[str, str]:
    fields = dict(pairs)
    for name in ("username", "password", "reprovision", "deviceId"):
        if sum(one == name for one, _ in pairs) != 1:
            raise WrongCallError(f"`{name}` is missing, or there twice.")
    return fields


def _only(request: Request, name: str) -> str:
    values = request.values(name)
    if len(values) != 1:
        raise WrongCallError(f"The header {name} is missing, or there twice.")
    return values[0]
