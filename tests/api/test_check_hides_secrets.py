"""`checkProvisioning` shows staff what their server says, and no secret of theirs or of the test login."""

from __future__ import annotations

import html
import json
import ssl
from base64 import b64encode
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote

import pytest
import trustme
from starlette.testclient import TestClient

from gateway.app import create_app
from gateway.settings import Secret, Settings
from tests.api.documents import CHECK_PROVISIONING
from tests.conftest import Ask
from tests.fake_resolver import FakeResolver
from tests.signing_in import SAVE
from tests.upstream.raw_server import HOST, RawServer

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator
    from pathlib import Path

PASSWORD = 'SECRET-ä "1" \\\'<&+/'
API_KEY = "SECRET-0123456789abcdef"
BEARER = "SECRET-of-the-bearer"


def asked_with(server: RawServer) -> dict[str, str]:
    """What a page for debugging would list: parameters and headers."""
    line, *lines = server.heads[-1].decode().split("\r\n")
    query = parse_qs(line.split(" ")[1].partition("?")[2])
    headers = [one.partition(": ")[::2] for one in lines if one]
    return {name: values[0] for name, values in query.items()} | dict(headers)


def page(
    told: Callable[[dict[str, str]], str], head: str = "HTTP/1.1 500 No"
) -> Callable[[socket.socket, RawServer], None]:
    """Answers with what it makes of the request."""

    def script(connection: socket.socket, server: RawServer) -> None:
        server.read_request(connection)
        body = told(asked_with(server)).encode()
        connection.sendall(f"{head}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)

    return script


@contextmanager
def checking(folder: Path, sqlite_url: str, script: Callable[[socket.socket, RawServer], None]) -> Iterator[Any]:
    """A function that checks the server of the script, through a real gateway."""
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.cert_pem.write_to_path(folder / "ca.pem")
    authority.issue_cert(HOST).configure_cert(context)
    settings = Settings(
        database_url=sqlite_url,
        secret_key=Secret("a key for tests, 32 characters long"),
        admit_hosts=frozenset({"acme.example"}),
        upstream_ca=folder / "ca.pem",
    )
    app = create_app(settings, resolver=FakeResolver({HOST: ["127.0.0.1"]}))
    with RawServer(script, context).running() as server, TestClient(app) as client:
        ask = Ask(client)
        tenant = ask.create("AcmeInc")
        headers = [
            {"name": "X-Api-Key", "value": API_KEY},
            {"name": "Authorization", "value": f"Bearer {BEARER}"},
            {"name": "X-On", "value": "1"},
        ]
        changes = {"url": server.url(), "headers": headers}
        sent = {"tenantId": tenant, "expectedVersion": ask.version(tenant), "provisioning": changes}
        assert ask(SAVE, {"input": sent})["__typename"] == "DraftSaved"
        login = {"tenantId": tenant, "username": "1000", "password": PASSWORD}
        yield lambda: ask(CHECK_PROVISIONING, {"input": login})


PAGES: dict[str, Callable[[dict[str, str]], str]] = {
    "as it was sent": lambda asked: "\n".join(f"{name}: {value}" for name, value in asked.items()),
    "a page": lambda asked: "".join(f"<dt>{name}<dd>{html.escape(value)}" for name, value in asked.items()),
    "named entities": lambda asked: html.escape(asked["password"]).replace("ä", "&auml;"),
    "numbered characters": lambda asked: "".join(f"&#{ord(char)};" for char in asked["password"]),
    "JSON": lambda asked: json.dumps({"errmsg": "No", "debug": asked}),
    "JSON of .NET": lambda asked: '{"no": ' + "".join(f"\\u{ord(char):04X}" for char in asked["password"]),
    "JSON in JSON": lambda asked: json.dumps({"errmsg": "No", "debug": json.dumps(asked)}),
    "a URL": lambda asked: f"No: /p?x={quote(asked['password'])}&y={quote(asked['X-Api-Key'])}",
    "a URL in a URL": lambda asked: quote(quote(asked["password"], safe=""), safe=""),
    "SQL": lambda asked: "No: '" + asked["password"].replace("\\", "\\\\").replace("'", "\\'") + "'",
    "a repr": lambda asked: repr(asked["password"].encode()) + repr(asked),
    "Basic authorization": lambda asked: b64encode(f"1000:{asked['password']}".encode()).decode(),
    "only the token": lambda asked: f"unknown: {asked['Authorization'].split()[1]}",
}


@pytest.mark.parametrize("told", PAGES)
def test_a_server_that_repeats_what_it_was_asked_is_not_repeated(tmp_path: Path, sqlite_url: str, told: str) -> None:
    with checking(tmp_path, sqlite_url, page(PAGES[told])) as check:
        checked = check()

    assert "••••••" in checked["answer"]
    assert secrets_in(checked, PASSWORD, API_KEY, BEARER) == []


def secrets_in(checked: Any, *secrets: str) -> list[int]:
    """The positions of those secrets that any reader of the report could find: whole, and what they begin with."""
    shown = json.dumps(checked, ensure_ascii=False) + str(checked)
    alike = [html.unescape(shown), shown.replace("\\", ""), shown]
    telling = [
        {secret[:10], b64encode(secret.encode()).decode()[:10], quote(secret)[:12], html.escape(secret)[:12]}
        for secret in secrets
    ]
    return [number for number, texts in enumerate(telling) if any(text in one for text in texts for one in alike)]


def test_a_word_that_is_no_secret_stays(tmp_path: Path, sqlite_url: str) -> None:
    with checking(tmp_path, sqlite_url, page(lambda asked: f"1001 {asked['X-On']} {asked['User-Agent']}")) as check:
        assert check()["answer"].startswith("1001 1 SessionTalk/")


@pytest.mark.parametrize(
    "head",
    [
        f"200 OK\r\nContent-Type: text/{'x' * 60}{PASSWORD}",
        f"200 OK\r\nContent-Type: text/{'x' * 60}{quote(PASSWORD)}",
        f"302 Go\r\nLocation: /{'x' * 70}{quote(PASSWORD)}",
    ],
    ids=["as it is", "percent-encoded", "in a redirect"],
)
def test_a_password_cut_off_in_a_header_leaves_no_beginning(tmp_path: Path, sqlite_url: str, head: str) -> None:
    with checking(tmp_path, sqlite_url, page(lambda _: "{}", f"HTTP/1.1 {head}")) as check:
        details = [step["detail"] for step in check()["steps"]]

    assert any("xxxx••••••" in detail for detail in details)
    assert not any("SEC" in detail for detail in details)


def test_a_password_cut_off_in_a_message_or_a_name_leaves_no_beginning(tmp_path: Path, sqlite_url: str) -> None:
    def told(asked: dict[str, str]) -> str:
        long = "x" * 60 + asked["password"]
        return json.dumps({"errmsg": "n" * 190 + asked["password"] * 2, long: 1})

    with checking(tmp_path, sqlite_url, page(told, "HTTP/1.1 200 OK")) as check:
        checked = check()

    assert checked["outcome"]["message"] == "n" * 190 + "••••••…"
    assert "SECR" not in str(checked)
