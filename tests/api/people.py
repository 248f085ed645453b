"""What the tests of people share: documents, and a browser that keeps its session."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from gateway.http.cookies import NAME
from gateway.http.origins import HEADER
from tenants.actions import invitations
from tenants.keys import KeyRing
from tenants.system import SystemScope
from tests.operators import PASSWORD, Hidden

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from tests.conftest import Ask

__all__ = ["PASSWORD"]

_SYSTEM = SystemScope("links for tests")
_KEYS = KeyRing("a key for tests, 32 characters long")  # as `settings` has it

CREATE_OWNED = """mutation($input: CreateTenantInput!) { createTenant(input: $input) { __typename
    ... on TenantCreated { tenant { id } ownerInvitationUrl }
    ... on InvalidInput { problems { code path } } ... on Refusal { message } } }"""
ACCEPT = """mutation($input: AcceptInvitationInput!) { acceptInvitation(input: $input) { __typename
    ... on InvitationAccepted { viewer { kind name permissions } }
    ... on InvalidInput { problems { code path } } ... on Refusal { message }
    ... on TooManyAttempts { retryAfterSeconds } } }"""
SET_PASSWORD = """mutation($input: SetPasswordInput!) { setPassword(input: $input) { __typename
    ... on PasswordSet { viewer { name } } ... on InvalidInput { problems { code path } }
    ... on Refusal { message } } }"""
CREATE_RESET = """mutation($input: CreatePasswordResetInput!) { createPasswordReset(input: $input) { __typename
    ... on PasswordResetCreated { url } ... on InvalidInput { problems { code path } } ... on Refusal { message } } }"""
MEMBER = "id version name email role status invitationExpiresAt"
INVITE = f"""mutation($input: InviteMemberInput!) {{ inviteMember(input: $input) {{ __typename
    ... on MemberInvited {{ member {{ {MEMBER} }} url }} ... on InvalidInput {{ problems {{ code path }} }}
    ... on WrongState {{ reason }} ... on Refusal {{ message }} }} }}"""
CHANGE_ROLE = f"""mutation($input: ChangeRoleInput!) {{ changeRole(input: $input) {{ __typename
    ... on RoleChanged {{ member {{ {MEMBER} }} }} ... on WrongState {{ reason }} ... on Refusal {{ message }}
    ... on VersionConflict {{ currentVersion changedBy {{ name }} }} }} }}"""
REMOVE = """mutation($input: RemoveMemberInput!) { removeMember(input: $input) { __typename
    ... on MemberRemoved { memberId } ... on WrongState { reason } ... on Refusal { message } } }"""
MEMBERS = f"""query($id: ID!, $first: Int! = 20, $after: String) {{ node(id: $id) {{ ... on Tenant {{
    members(first: $first, after: $after) {{
        edges {{ cursor node {{ {MEMBER} }} }} pageInfo {{ hasNextPage endCursor }} }} }} }} }}"""
VIEWER = "{ viewer { name permissions } }"
RIGHTS = "query($name: String!) { tenant(providerId: $name) { viewerPermissions } }"
"""What the caller may do in a tenant; null where they may not know of it."""


@dataclass(slots=True)
class Browser:
    """Somebody's browser: holds the session cookie that the gateway set, and sends it as a portal does."""

    client: TestClient
    session: str | None = None

    def raw(self, query: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
        """The whole answer; a cookie that it sets is kept."""
        headers = {"Cookie": f"{NAME}={self.session}", HEADER: "1"} if self.session else {}
        answer = self.client.post("/graphql", json={"query": query, "variables": variables}, headers=headers)
        self.client.cookies.clear()
        if NAME in answer.cookies:
            self.session = answer.cookies[NAME] or None
        return dict(answer.json())

    def __call__(self, query: str, variables: dict[str, Any] | None = None) -> Any:
        """The data of the first root field; there must be no errors."""
        answer = self.raw(query, variables)
        assert "errors" not in answer, answer["errors"]
        return next(iter(answer["data"].values()))

    def send(self, query: str, **sent: Any) -> Any:
        """A mutation's answer."""
        return self(query, {"input": sent})


def token_of(url: str) -> str:
    """The token at the end of a link."""
    return Hidden(url.rpartition("/")[2])


def make_owner(ask: Ask, provider_id: str, email: str, name: str) -> tuple[str, Browser]:
    """A new tenant's id, and the browser of its owner, who accepted the invitation."""
    made = ask(CREATE_OWNED, {"input": {"providerId": provider_id, "app": "GENERIC", "ownerEmail": email}})
    owner = Browser(ask.client)
    accept(owner, made["ownerInvitationUrl"], name)
    return str(made["tenant"]["id"]), owner


def accept(browser: Browser, url: str, name: str) -> Any:
    """A new person follows an invitation."""
    done = browser.send(ACCEPT, token=token_of(url), name=name, password=PASSWORD)
    assert done["__typename"] == "InvitationAccepted", done["__typename"]
    return done


def invite(owner: Browser, tenant: str, email: str, role: str = "EDITOR") -> Any:
    """An invitation, with its link."""
    made = owner.send(INVITE, tenantId=tenant, email=email, role=role)
    assert made["__typename"] == "MemberInvited", made["__typename"]
    return made


def members_of(owner: Browser, tenant: str) -> list[dict[str, Any]]:
    """All members and invitations, as the list has them."""
    found = owner(MEMBERS, {"id": tenant})["members"]
    assert not found["pageInfo"]["hasNextPage"]
    return [edge["node"] for edge in found["edges"]]


def invite_admin(ask: Ask) -> str:
    """The token of a link by which somebody becomes a platform admin, as the command line makes it."""

    async def make() -> str:
        return (await invitations.invite_admin(_SYSTEM.platform(_KEYS), now=datetime.now(UTC))).text

    assert ask.client.portal is not None
    return Hidden(ask.client.portal.call(make))
