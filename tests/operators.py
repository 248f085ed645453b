"""What people do at a fresh gateway: the operator makes tokens, the first admin follows the link that was printed."""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx2

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.servers import RunningProcess

LINK = re.compile(r"https?://\S+/welcome/([\w-]{43})")
PASSWORD = "four-words-nobody-guesses"
EMAIL = "admin@gateway.example"
_COOKIE = re.compile(r"__Host-gateway=([\w-]{43});")
_ACCEPT = """mutation($input: AcceptInvitationInput!) { acceptInvitation(input: $input) { __typename } }"""
_CREATE = """mutation($input: CreateTenantInput!) { createTenant(input: $input) { __typename
    ... on TenantCreated { tenant { id } ownerInvitationUrl } } }"""


class Hidden(str):
    """A text that pytest does not print when a test fails."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Never the text."""
        return "Hidden('…')"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Somebody with a session, as a portal's page sends it."""

    url: str
    session: str = field(repr=False)

    @property
    def headers(self) -> dict[str, str]:
        """Of each request."""
        return {"Cookie": Hidden(f"__Host-gateway={self.session}"), "GraphQL-Require-Preflight": "1"}

    def raw(self, document: str, variables: dict[str, Any] | None = None) -> Any:
        """The whole answer."""
        sent = {"query": document, "variables": variables}
        return httpx2.post(f"{self.url}/graphql", json=sent, headers=self.headers, timeout=20, trust_env=False).json()

    def ask(self, document: str, variables: dict[str, Any] | None = None) -> Any:
        """The root field's data; there must be no errors."""
        body = self.raw(document, variables)
        assert "errors" not in body, body["errors"]
        (data,) = body["data"].values()
        return data

    def create_tenant(self, provider_id: str) -> str:
        """A new tenant's id; the caller owns it."""
        sent = {"providerId": provider_id, "app": "GENERIC", "ownerEmail": EMAIL}
        made = self.ask(_CREATE, {"input": sent})
        self.join(made["ownerInvitationUrl"])
        return str(made["tenant"]["id"])

    def join(self, url: str) -> None:
        """Follow an invitation of one's own."""
        joined = self.ask(_ACCEPT, {"input": {"token": url}})
        assert joined["__typename"] == "InvitationAccepted", joined["__typename"]


def run_gateway(*arguments: str, database: str, **env: str) -> str:
    """What a command prints on stdout."""
    command = [sys.executable, "-m", "gateway", *arguments, "--database", database]
    done = subprocess.run(command, env={**os.environ, **env}, capture_output=True, text=True, timeout=60, check=True)
    return Hidden(done.stdout.strip())


def create_token(database: str, **env: str) -> str:
    """A new platform admin's token."""
    return run_gateway("token", "create", "--role", "platform-admin", "--name", "admin", database=database, **env)


def printed_token(server: RunningProcess) -> str:
    """Of the link by which the first admin signs up."""
    (token,) = LINK.findall(server.output)
    return Hidden(token)


def sign_up(server: RunningProcess) -> SignedIn:
    """Follow the link that the first start printed, over HTTP."""
    url = str(server.ready[0])
    sent = {"token": printed_token(server), "name": "Admin", "password": PASSWORD, "email": EMAIL}
    answer = httpx2.post(
        f"{url}/graphql", json={"query": _ACCEPT, "variables": {"input": sent}}, timeout=20, trust_env=False
    )
    assert answer.json()["data"]["acceptInvitation"]["__typename"] == "InvitationAccepted", answer.json()
    cookie = _COOKIE.search(answer.headers["set-cookie"])
    assert cookie is not None
    return SignedIn(url, Hidden(cookie[1]))


def bearer(token: str) -> dict[str, str]:
    """The headers of a program."""
    return {"Authorization": Hidden(f"Bearer {token}")}


def send(port: int, document: str, sent: Mapping[str, Any] | None, headers: Mapping[str, str]) -> tuple[Any, str]:
    """By a connection of its own: the answer and the cookies that it sets."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    body = json.dumps({"query": document, "variables": sent})
    connection.request("POST", "/graphql", body, {"Content-Type": "application/json", **headers})
    answer = connection.getresponse()
    read = answer.read()
    connection.close()
    return json.loads(read), answer.getheader("Set-Cookie") or ""
