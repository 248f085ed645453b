from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import ssl
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from gateway.mock_provider.catalogue import GROUPS, MODES, find_mode, print_table
from gateway.mock_provider.doors import DOORS, CertificateDoor
from tests.mock_providers import knock, mock_provider

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gateway.mock_provider.server import MockProvider

pytestmark = pytest.mark.anyio
SECRET = "SECRET-signing"
FIELDS = {"username": "accounts", "password": "SECRET-1234", "reprovision": "false", "deviceId": "3kQs875391li29"}


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MockProvider]:
    with mock_provider(tmp_path_factory.mktemp("mock"), secrets=(SECRET,)) as provider:
        yield provider


def request_bytes(
    provider: MockProvider,
    method: str = "GET",
    *,
    fields: dict[str, Any] = FIELDS,
    body: bytes = b"",
    secret: str = SECRET,
    age: int = 0,
    headers: dict[str, str | None] | None = None,
) -> bytes:
    """A call as the gateway makes it, but for what is asked otherwise; a header that is None is left out."""
    target = "/provisioning" + (f"?{urlencode(fields)}" if method == "GET" else "")
    host, when = f"{provider.host}:{provider.port}", int(time.time()) - age
    signed = f"{when}.{method}.https://{host}{target}.".encode() + body
    standard: dict[str, str | None] = {
        "Host": host,
        "Connection": "close",
        "Cache-Control": "max-age=0",
        "User-Agent": "Tests",
        "Accept-Encoding": "identity",
        "Gateway-Signature": f"t={when},v1={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}",
    }
    if body:
        standard["Content-Length"] = str(len(body))
    lines = [f"{name}: {value}" for name, value in {**standard, **(headers or {})}.items() if value is not None]
    return "\r\n".join([f"{method} {target} HTTP/1.1", *lines, "", ""]).encode() + body


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def json_of(answer: bytes) -> Any:
    return json.loads(answer.partition(b"\r\n\r\n")[2])


async def test_a_call_as_documented_is_answered_by_the_mode_that_its_username_names(provider: MockProvider) -> None:
    answer = await knock(provider, request_bytes(provider))

    assert status_of(answer) == 200
    assert json_of(answer) == {
        "update": False,
        "sipaccounts": [{"sipusername": "1000", "sippassword": "29de?8", "transport": "UDP"}],
    }


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        ("application/json", json.dumps({**FIELDS, "reprovision": True, "username": "keep"}).encode()),
        ("application/x-www-form-urlencoded", urlencode({**FIELDS, "username": "keep"}).encode()),
    ],
)
async def test_both_kinds_of_post_are_understood(provider: MockProvider, media_type: str, body: bytes) -> None:
    request = request_bytes(provider, "POST", body=body, headers={"Content-Type": media_type})

    answer = await knock(provider, request)

    assert json_of(answer) == {"update": False, "sipaccounts": []}


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"fields": {**FIELDS, "reprovision": "no"}}, "`reprovision` is neither true nor false."),
        ({"fields": {"username": "accounts"}}, "`password` is missing, or there twice."),
        ({"method": "PUT"}, "The method is neither GET nor POST."),
        ({"body": b"{}"}, "A GET has a body."),
        ({"headers": {"User-Agent": None}}, "The header user-agent is missing, or there twice."),
        ({"headers": {"Connection": "keep-alive"}}, "The header connection is not close."),
        ({"headers": {"Accept-Encoding": "gzip"}}, "The header accept-encoding is not identity."),
        ({"headers": {"Cookie": "a=b"}}, "There is a header cookie, which nobody configured."),
        ({"headers": {"Gateway-Signature": None}}, "The header gateway-signature is missing, or there twice."),
        ({"headers": {"Gateway-Signature": "v1=00"}}, "`Gateway-Signature` is not t=…,v1=…."),
        ({"secret": "another"}, "`Gateway-Signature` does not fit the secret."),
        ({"age": 600}, "`Gateway-Signature` is of another time."),
        (
            {"method": "POST", "body": b"x", "headers": {"Content-Type": "text/plain"}},
            "The body is neither JSON nor a form.",
        ),
        (
            {"method": "POST", "body": b"{", "headers": {"Content-Type": "application/json"}},
            "The body cannot be read.",
        ),
        (
            {"method": "POST", "body": b"[1]", "headers": {"Content-Type": "application/json"}},
            "The body is no JSON object.",
        ),
        (
            {
                "method": "POST",
                "body": json.dumps(FIELDS).encode(),
                "headers": {"Content-Type": "application/json"},
            },
            "`reprovision` is no boolean, or another field no text.",
        ),
    ],
)
async def test_a_call_that_is_not_as_documented_is_refused_with_a_reason(
    provider: MockProvider, wrong: dict[str, Any], reason: str
) -> None:
    answer = await knock(provider, request_bytes(provider, **wrong))

    assert status_of(answer) == 400
    assert json_of(answer) == {"reason": reason}
    assert provider.complaints[reason] > 0


async def test_a_signature_by_the_secret_that_retires_is_enough(provider: MockProvider) -> None:
    request = request_bytes(provider).replace(b",v1=", b",v1=" + b"0" * 64 + b",v1=")

    answer = await knock(provider, request)

    assert status_of(answer) == 200


@pytest.mark.parametrize(
    ("username", "reprovision", "mode"),
    [
        ("keep", False, "keep"),
        ("keep+1001", True, "keep"),
        ("accounts/hang", False, "accounts"),
        ("accounts/hang", True, "hang"),
        ("accounts/hang+1001", True, "hang"),
        ("whoever", False, "unknown"),
        ("", True, "unknown"),
    ],
)
async def test_a_username_may_name_one_mode_for_the_first_set_up_and_another_for_later(
    username: str, *, reprovision: bool, mode: str
) -> None:
    assert find_mode(username, reprovision=reprovision).name == mode


@pytest.mark.parametrize("door", [door.name for door in DOORS])
async def test_behind_each_door_no_secure_connection_comes_about(provider: MockProvider, door: str) -> None:
    with pytest.raises((ssl.SSLError, ConnectionError, TimeoutError)):
        await asyncio.wait_for(knock(provider, request_bytes(provider), door=door), 0.5)


@pytest.mark.parametrize(
    ("door", "words"),
    [
        ("expired", "certificate has expired"),
        ("not-yet", "certificate is not yet valid"),
        ("wrong-host", "certificate is not valid for 'wrong-host.mock.localhost'"),
        ("unknown-ca", "unable to get local issuer certificate"),
    ],
)
async def test_each_bad_certificate_is_bad_in_its_own_way(provider: MockProvider, door: str, words: str) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match=words):
        await knock(provider, request_bytes(provider), door=door)


async def test_the_authority_is_kept_so_that_a_gateway_goes_on_believing_it(tmp_path: Path) -> None:
    with mock_provider(tmp_path) as first:
        before = first.authority.read_bytes()

    with mock_provider(tmp_path) as second:
        assert second.authority.read_bytes() == before
        assert (tmp_path / "ca-key.pem").stat().st_mode & 0o077 == 0


async def test_names_are_told_apart_and_every_mode_has_a_sentence() -> None:
    names = [mode.name for group in GROUPS.values() for mode in group] + [door.name for door in DOORS]
    sentences = [mode.words for mode in MODES.values()] + [door.words for door in DOORS]

    assert len(names) == len(set(names))
    assert all(words[:1] == words[:1].upper() and words.endswith(".") for words in sentences)
    assert all(f"| `{name}` | " in print_table() for name in names)
    assert {door.name for door in DOORS if isinstance(door, CertificateDoor)} >= {"expired", "wrong-host"}


async def test_what_it_logs_holds_no_login(provider: MockProvider, capfd: pytest.CaptureFixture[str]) -> None:
    await knock(provider, request_bytes(provider, fields={**FIELDS, "username": "keep+SECRET-user"}))
    await knock(provider, request_bytes(provider, fields={**FIELDS, "reprovision": "SECRET"}))

    logged = "".join(capfd.readouterr())
    assert "mode=keep" in logged
    assert "SECRET" not in logged
