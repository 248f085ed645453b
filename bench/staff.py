"""What staff send: a first platform admin, who is signed in, and their requests."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from bench import load, servers
from bench.load import BadAnswerError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_ACCEPT = """mutation Accept($input: AcceptInvitationInput!) {
  acceptInvitation(input: $input) { __typename ... on InvalidInput { problems { message } } } }"""
_PASSWORD = "four words of the benchmark"  # noqa: S105 - of no use elsewhere


def sign_in(port: int, folder: Path, settings: Mapping[str, str]) -> str:
    """A platform admin's session: the cookie, as a browser sends it. Raises BadAnswerError."""
    link = servers.command(folder, ["people", "invite-admin"], settings).strip()
    given = {"token": link.rpartition("/")[2], "name": "Bench", "email": "bench@gateway.example", "password": _PASSWORD}
    _status, headers, body = load.ask(port, post(_ACCEPT, {"input": given}))
    cookie = headers.get("set-cookie", "").partition(";")[0]
    if not cookie:
        raise BadAnswerError(f"Nobody can sign in: {body[:300]!r}")
    return cookie


def post(query: str, variables: Mapping[str, Any], cookie: str | None = None) -> bytes:
    """One request."""
    text = json.dumps({"query": query, "variables": variables}, separators=(",", ":"))
    session = "" if cookie is None else f"Cookie: {cookie}\r\nGraphQL-Require-Preflight: 1\r\n"
    return (
        "POST /graphql HTTP/1.1\r\nHost: gateway.example\r\nAccept: application/json\r\n"
        f"Content-Type: application/json\r\n{session}Content-Length: {len(text.encode())}\r\n\r\n{text}"
    ).encode()
