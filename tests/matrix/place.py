"""Where the matrix is executed: for each cell a tenant, a caller and an address of its own."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from itertools import count
from typing import TYPE_CHECKING, Any

from gateway.context import utc_now
from gateway.schema.node import node_id, read_id_of
from tenants.access import Origin, Permission, Role
from tenants.actions.create import create_tenant
from tenants.actions.publish import publish
from tenants.actions.save import save_section
from tenants.model import AppKind
from tests import make
from tests.cast import PREFLIGHT, address_of, issue, join, sign_in, sign_up, signed_in
from tests.tokens import make_admin_token

if TYPE_CHECKING:
    from tenants.keys import KeyRing
    from tests.signing_in import Phone

PASSWORD = "SECRET correct horse battery"
LINKS = [
    {"title": "A-Title", "url": "https://a.example/?u=%user%"},
    {"title": "A-Title", "url": "https://a.example:8443/#%pwd%"},
]
_NODE = "query($id: ID!) { node(id: $id) { ... on Tenant { draft { id version } published { id } } } }"


@dataclass
class Place:
    """One application with its provider, on one database."""

    phone: Phone
    keys: KeyRing
    password_hash: str
    numbers: count[int] = field(default_factory=count)

    @cached_property
    def neighbour(self) -> int:
        """The number of the other tenant."""
        return self._make_tenant("NeighbourTel", is_provisioning=False)

    def run(self, function: Any, *arguments: Any) -> Any:
        """Where the database is connected."""
        return self.phone.ask.staff.run(function, *arguments)

    def cell(self, column: str, *, is_provisioning: bool = False) -> Cell:
        """A new tenant A and somebody of that column."""
        number = next(self.numbers)
        name = f"A-{number}"
        tenant = node_id("Tenant", self._make_tenant(name, is_provisioning=is_provisioning))
        self.phone.ask.staff.hire(tenant)
        return Cell(self, column, number, tenant, name)

    def _make_tenant(self, name: str, *, is_provisioning: bool) -> int:
        """Published and whitelabel, by the actions: the API would take five requests for it."""
        url = self.phone.provider.url() if is_provisioning else None
        sent = {"provisioning": {"isEnabled": is_provisioning, "url": url, "sipDomain": "a.example"}}
        return int(self.run(_make_tenant, self.keys, self.phone.provider.host, name, sent))


@dataclass
class Cell:
    """One caller and one tenant A, which is published and whitelabel."""

    place: Place
    column: str
    number: int
    tenant: str
    name: str

    @cached_property
    def headers(self) -> dict[str, str]:
        """What the caller's requests carry."""
        address = {"X-Forwarded-For": f"198.18.{self.number // 250}.{self.number % 250 + 1}"}
        return address | self._credential()

    @cached_property
    def person(self) -> int | None:
        """The number of the caller's account; None for programs and softphones."""
        if self.column in ("anonymous", "app key") or self.column.endswith("token"):
            return None
        is_admin = self.column.startswith("admin")
        enter = partial(sign_up, is_platform_admin=is_admin, password_hash=self.place.password_hash)
        person = int(self.place.run(enter, self.who, utc_now()))
        if self.column == "other tenant":
            self.place.run(join, self.who, person, [self.place.neighbour], Role.OWNER, utc_now())
        elif self._role is not None:
            self.place.run(join, self.who, person, [read_id_of("Tenant", self.tenant)], self._role, utc_now())
        return person

    @property
    def who(self) -> str:
        """A name for the caller's account."""
        return f"caller-{self.number}"

    def _credential(self) -> dict[str, str]:
        if self.column == "anonymous":
            return {}
        if self.column == "app key":
            return {"X-App-Key": self.app_key()[1]}
        if self.column == "admin token":
            return {"Authorization": f"Bearer {self.place.run(make_admin_token, self.who)}"}
        if self.person is None:
            assert self._role is not None
            token = self.place.run(issue, read_id_of("Tenant", self.tenant), self._role, utc_now())
            return {"Authorization": f"Bearer {token}"}
        return signed_in(self.place.run(sign_in, self.person, utc_now()))

    @property
    def _role(self) -> Role | None:
        found = [role for role in Role if role.value.lower() in re.split(r"[ ,]+", self.column)]
        return found[0] if found and self.column != "other tenant" else None

    def send(self, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        """The whole answer to the caller."""
        body = {"query": query, "variables": variables}
        return dict(self.place.phone.ask.client.post("/graphql", json=body, headers=self.headers).json())

    def furnish(self) -> None:
        """One of everything that a tenant may hold, and a draft that differs from what is live."""
        header = {"name": "X-Api-Key", "value": "SECRET-header-0123456789"}
        saved = self.make("saveProvisioning", "", expectedVersion=self.version(), provisioning={"headers": [header]})
        assert saved["__typename"] == "DraftSaved", saved
        self.edit(links=LINKS, credentialsSource="SIP_ACCOUNT")
        self.place.phone.ask.publish(self.tenant)
        self.edit(menuTitle="Another")
        self.setup_link()
        self.member()
        self.token()
        self.app_key()

    # What is made for the caller to act on, by somebody who may.

    def make(self, mutation: str, wanted: str, /, **sent: Any) -> Any:
        """The answer of a mutation about the tenant, which must be done."""
        kind = f"{mutation[0].upper()}{mutation[1:]}Input!"
        document = f"mutation($input: {kind}) {{ {mutation}(input: $input) {{ __typename {wanted} }} }}"
        return self.place.phone.ask(document, {"input": {"tenantId": self.tenant, **sent}})

    def version(self) -> int:
        """The draft's."""
        return self.place.phone.ask.version(self.tenant)

    def edit(self, **help_menu: Any) -> int:
        """A change that is not published yet; the draft's new version."""
        version = self.version()
        made = self.make(
            "saveHelp",
            "... on InvalidInput { problems { code path } }",
            expectedVersion=version,
            help=help_menu or {"menuTitle": "Another"},
        )
        assert made["__typename"] == "DraftSaved", made
        return version + 1

    def setup_link(self, **content: Any) -> tuple[str, str]:
        """Its id and its code."""
        accounts = {"sipAccounts": [{"username": "1000", "password": "SECRET-A", "transport": "TLS"}]}
        wanted = "... on SetupLinkCreated { setupLink { id } setupCode }"
        made = self.make("createSetupLink", wanted, content=content or {"accounts": accounts})
        return made["setupLink"]["id"], made["setupCode"]

    def member(self, address: str = "somebody@a.example", role: str = "EDITOR") -> tuple[str, str]:
        """The id of somebody who is invited, and the token of their link."""
        wanted = "... on MemberInvited { member { id } url }"
        made = self.make("inviteMember", wanted, email=address, role=role)
        return made["member"]["id"], made["url"].rpartition("/")[2]

    def token(self) -> str:
        """The id of a program's token."""
        made = self.make("issueToken", "... on TokenIssued { token { id } }", name="A-bot", role="VIEWER")
        return str(made["token"]["id"])

    def app_key(self) -> tuple[str, str]:
        """An app key's id, and the key."""
        made = self.make("issueAppKey", "... on AppKeyIssued { appKey { id } secret }", name="A-Key")
        return made["appKey"]["id"], made["secret"]

    def require_app_key(self) -> None:
        """Only apps with a key are answered from here on."""
        if self.column != "app key":
            self.app_key()
        assert self.headers
        done = self.make("requireAppKey", "", isRequired=True)
        assert done["__typename"] == "AppKeyRequirementChanged", done

    def suspend(self) -> None:
        """By a platform admin."""
        assert self.make("suspendTenant", "", reason="unpaid")["__typename"] == "TenantSuspended"

    def colleague(self) -> str:
        """Somebody else, who has an account and is a member of nothing."""
        who = f"colleague-{self.number}"
        self.place.run(partial(sign_up, password_hash=self.place.password_hash), who, utc_now())
        return who

    def reset_token(self) -> str:
        """Of a link by which the caller sets a new password, or somebody else where the caller is nobody."""
        who = self.who if self.person is not None else self.colleague()
        document = (
            "mutation($input: CreatePasswordResetInput!) { createPasswordReset(input: $input) "
            "{ ... on PasswordResetCreated { url } } }"
        )
        made = self.place.phone.ask(document, {"input": {"email": address_of(who)}})
        return str(made["url"].rpartition("/")[2])

    def session(self) -> str:
        """The id of another session of the caller; of somebody's where the caller is no person."""
        person = self.person
        if person is None:
            person = int(self.place.run(sign_up, f"somebody-{self.number}", utc_now()))
        cookie = self.place.run(sign_in, person, utc_now())
        body = {"query": "{ viewer { sessions { id isCurrent } } }"}
        headers = {"Cookie": f"__Host-gateway={cookie}", **PREFLIGHT}
        sessions = self.place.phone.ask.client.post("/graphql", json=body, headers=headers).json()
        return next(str(one["id"]) for one in sessions["data"]["viewer"]["sessions"] if one["isCurrent"])

    def audit_event(self) -> str:
        """The id of something that was done to the tenant."""
        document = (
            "query($id: ID!) { node(id: $id) { ... on Tenant { auditLog(first: 1) { edges { node { id } } } } } }"
        )
        found = self.place.phone.ask(document, {"id": self.tenant})
        return str(found["auditLog"]["edges"][0]["node"]["id"])

    def node(self, kind: str) -> str:
        """The id of the tenant's draft or live revision."""
        return str(self.place.phone.ask(_NODE, {"id": self.tenant})[kind]["id"])


async def _make_tenant(keys: KeyRing, host: str, name: str, sent: dict[str, dict[str, Any]]) -> int:
    admin, now, admitted = replace(make.ADMIN, origin=Origin(keys, "192.0.2.7")), utc_now(), frozenset({host})
    platform = admin.authorize_platform()
    made = await create_tenant(platform, provider_id=name, name=None, app=AppKind.WHITELABEL, now=now)
    scope = admin.authorize(made.id, Permission.PUBLISH)
    draft = await save_section(scope, sent, expected=1, keys=keys, now=now, admitted=admitted)
    await publish(scope, expected=draft.version, now=now, admitted=admitted)
    return made.id


def random_id(kind: str) -> str:
    """An id of that kind by which there is nothing."""
    return base64.urlsafe_b64encode(f"{kind}:424242".encode()).rstrip(b"=").decode()
