"""Every root field as a stranger, beside a neighbour, and about what is gone. A new field must join the table."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from graphql import (
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
    is_required_argument,
)

from gateway.api import make_schema
from tests.api.documents import CREATE_SETUP_LINK, DELETE, ISSUE_TOKEN, ROTATE_SIGNING_SECRET, SAVE_PROVISIONING
from tests.api.people import INVITE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from graphql import GraphQLField, GraphQLNamedType

    from tests.conftest import Ask

SCHEMA = make_schema()._schema  # noqa: SLF001 - the library's own name for graphql-core's schema
NEIGHBOUR = (
    "N-Name",
    "N-Bot",
    "N-Title",
    "N-Note",
    "N-Header",
    "-N99",
    "NeighbourTel",
    "neighbour.example",
    "n-person",
)
HEADERS = {"headers": [{"name": "N-Header", "value": "SECRET-0123456789-N99"}]}
ACCOUNTS = {"accounts": {"sipAccounts": [{"username": "A-User", "password": "SECRET-A", "transport": "TLS"}]}}
DEEPEST = 6
"""Levels of the generated selections; with what stands around them they stay below the limit of depth."""
NO_IDS = (
    "VGVuYW50OjQyNDI0Mg",  # Tenant:424242
    "RHJhZnQ6NDI0MjQy",  # Draft:424242
    "UmV2aXNpb246NDI0MjQy",  # Revision:424242
    "U2V0dXBMaW5rOjQyNDI0Mg",  # SetupLink:424242
    "TWVtYmVyOjQyNDI0Mg",  # Member:424242
    "QWNjZXNzVG9rZW46NDI0MjQy",  # AccessToken:424242
    "QXBwS2V5OjQyNDI0Mg",  # AppKey:424242
    "U2Vzc2lvbjo0MjQyNDI",  # Session:424242
    "QXVkaXRFdmVudDo0MjQyNDI",  # AuditEvent:424242
    "bm9uZQ",
)


@dataclass(frozen=True, slots=True)
class Target:
    """A tenant to ask about, or one that is not there."""

    tenant_id: str
    provider_id: str
    setup_link_id: str | None = None
    """None: what is asked about one is asked about the other id."""
    member_id: str | None = None
    """As above."""
    token_id: str | None = None
    """As above."""


@dataclass(frozen=True, slots=True)
class Entry:
    """How a root field is asked about a target."""

    arguments: dict[str, Any]
    is_public: bool = False
    is_for_people: bool = False
    """Whether it is about the session that asks, of which a token has none."""
    is_of_all: bool = False
    """Whether it tells a platform admin of all tenants alike."""

    def about(self, target: Target) -> dict[str, Any]:
        """The arguments with the target's names in them."""
        text = json.dumps(self.arguments).replace("$tenant", target.tenant_id).replace("$name", target.provider_id)
        text = text.replace("$member", target.member_id or target.tenant_id)
        text = text.replace("$token", target.token_id or target.tenant_id)
        return dict(json.loads(text.replace("$link", target.setup_link_id or target.tenant_id)))


def on_tenant(**rest: Any) -> Entry:
    return Entry({"input": {"tenantId": "$tenant", **rest}})


FIELDS = {
    "softphoneConfig": Entry({"providerId": "$name", "app": "GENERIC"}, is_public=True),
    "viewer": Entry({}, is_public=True),
    "tenant": Entry({"providerId": "$name"}),
    "tenants": Entry({"search": "$name"}),
    "node": Entry({"id": "$tenant"}),
    "auditLog": Entry({}, is_of_all=True),
    "provision": Entry(
        {"input": {"credentials": {"generic": {"login": "1000:$name", "password": "1234"}}, "deviceId": "d"}},
        is_public=True,
    ),
    "createTenant": Entry({"input": {"providerId": "$name", "app": "GENERIC"}}),
    "renameTenant": on_tenant(expectedVersion=2, name="Another"),
    "suspendTenant": on_tenant(reason="unpaid"),
    "resumeTenant": on_tenant(),
    "deleteTenant": on_tenant(confirmProviderId="$name"),
    "rotateSigningSecret": on_tenant(),
    "saveBranding": on_tenant(expectedVersion=2, branding={"themeColor": "#ffffff"}),
    "saveProvisioning": on_tenant(expectedVersion=2, provisioning={"subdomain": "pbx"}),
    "saveHelp": on_tenant(expectedVersion=2, help={"links": [{"title": "A-Title", "url": "https://a.example/"}]}),
    "changeAppKind": on_tenant(expectedVersion=2, app="WHITELABEL"),
    "publish": on_tenant(expectedVersion=2),
    "redeemSetupLink": Entry(
        {"input": {"setupCode": "$name", "deviceId": "phone-1", "app": "GENERIC"}}, is_public=True
    ),
    "createSetupLink": on_tenant(note="A-Note", content=ACCOUNTS),
    "revokeSetupLink": Entry({"input": {"setupLinkId": "$link"}}),
    "revokeAllSetupLinks": on_tenant(),
    "checkProvisioning": on_tenant(username="A-User", password="A-Word"),
    "acceptInvitation": Entry({"input": {"token": "$name", "name": "A-Name", "password": "A-Word"}}, is_public=True),
    "setPassword": Entry({"input": {"token": "$name", "newPassword": "A-Word"}}, is_public=True),
    "createPasswordReset": Entry({"input": {"email": "a@a.example"}}),
    "inviteMember": on_tenant(email="a@a.example", role="VIEWER"),
    "changeRole": Entry({"input": {"memberId": "$member", "expectedVersion": 1, "role": "VIEWER"}}),
    "removeMember": Entry({"input": {"memberId": "$member"}}),
    "issueToken": on_tenant(name="A-Bot", role="OWNER"),
    "revokeToken": Entry({"input": {"tokenId": "$token"}}),
    "issueAppKey": on_tenant(name="A-Key"),
    "revokeAppKey": Entry({"input": {"appKeyId": "$tenant"}}),
    "requireAppKey": on_tenant(isRequired=True),
    "signIn": Entry({"input": {"email": "a@a.example", "password": "A-Word"}}, is_public=True),
    "signOut": Entry({"input": {"everywhere": True}}, is_public=True),
    "endSession": Entry({"input": {"sessionId": "$tenant"}}, is_for_people=True),
    "changePassword": Entry({"input": {"currentPassword": "A-Word", "newPassword": "A-Word"}}, is_for_people=True),
    "makeQrCode": on_tenant(format="SESSIONTALK", content={"login": {"username": "A-User", "password": "A-Word"}}),
}
LACKING = {"createTenant": {"FORBIDDEN"}}
"""Who makes a tenant is not its member, and is refused what only members may read of it."""
ON_ONE_THING = [
    name
    for name, entry in FIELDS.items()
    if {"tenantId", "setupLinkId", "memberId", "tokenId", "appKeyId"} & {*entry.arguments.get("input", {})}
]
FOR_TOKENS = [name for name, entry in FIELDS.items() if not entry.is_for_people]
PRIVATE = [name for name, entry in FIELDS.items() if not entry.is_public]


def root_fields() -> dict[str, tuple[str, GraphQLField]]:
    """Each root field with the kind of operation that asks for it."""
    found: dict[str, tuple[str, GraphQLField]] = {}
    for kind, root in (("query", SCHEMA.query_type), ("mutation", SCHEMA.mutation_type)):
        assert root is not None
        found |= {name: (kind, field) for name, field in root.fields.items()}
    assert SCHEMA.subscription_type is None
    return found


def document(name: str) -> str:
    """Asks the root field for everything that can be had without an argument."""
    kind, field = root_fields()[name]
    used = {argument: described for argument, described in field.args.items() if argument in FIELDS[name].arguments}
    declared = ", ".join(f"${argument}: {described.type}" for argument, described in used.items())
    passed = ", ".join(f"{argument}: ${argument}" for argument in used)
    head = f"{kind}({declared}) {{ {name}({passed})" if used else f"{kind} {{ {name}"
    above = ("", "", "") if name == "node" else ()  # all kinds at once: three levels less, within the limit of fields
    return f"{head} {select(get_named_type(field.type), above)} }}"


def clashes_of(members: Iterable[GraphQLObjectType]) -> frozenset[str]:
    """Fields of one name and several types, which one document cannot ask of all members: kinds of nodes have some."""
    types: dict[str, set[str]] = {}
    for member in members:
        for name, field in member.fields.items():
            types.setdefault(name, set()).add(str(field.type))
    return frozenset(name for name, found in types.items() if len(found) > 1)


def select(kind: GraphQLNamedType, above: tuple[str, ...], without: frozenset[str] = frozenset()) -> str:
    """A selection of all fields, down to the depth that is allowed; no type stands below itself."""
    if is_leaf_type(kind):
        return ""
    parts = ["__typename"]
    if isinstance(kind, GraphQLUnionType) or (isinstance(kind, GraphQLInterfaceType) and kind.name == "Node"):
        members = SCHEMA.get_possible_types(kind)
        parts += [f"... on {member.name} {select(member, above, clashes_of(members))}" for member in members]
    elif isinstance(kind, GraphQLObjectType) and len(above) < DEEPEST:
        for name, field in kind.fields.items():
            inner = get_named_type(field.type)
            if (
                name not in without
                and inner.name not in (*above, kind.name)
                and not any(map(is_required_argument, field.args.values()))
            ):
                parts.append(f"{name} {select(inner, (*above, kind.name))}")
    return f"{{ {' '.join(parts)} }}"


def answer(ask: Ask, name: str, target: Target, *, as_: str = "admin") -> dict[str, Any]:
    return ask.raw(document(name), FIELDS[name].about(target), as_=as_)


@pytest.fixture
def acme(ask: Ask) -> Target:
    """A published tenant beside the neighbour; its draft's version is 2."""
    tenant = ask.create("AcmeInc", name="A-Name")
    ask.publish(tenant)
    neighbour = ask('{ tenant(providerId: "NeighbourTel") { id } }')["id"]
    saved = ask(
        SAVE_PROVISIONING,
        {"input": {"tenantId": neighbour, "expectedVersion": ask.version(neighbour), "provisioning": HEADERS}},
    )
    assert saved["draft"]["version"]
    ask.publish(neighbour)
    ask(ROTATE_SIGNING_SECRET, {"tenantId": neighbour})
    links = [make_setup_link(ask, each, note) for each, note in ((neighbour, "N-Note"), (tenant, "A-Note"))]
    members = [invite(ask, each, email) for each, email in ((neighbour, "n-person@n.example"), (tenant, "a@b.example"))]
    tokens = [
        ask(ISSUE_TOKEN, {"input": {"tenantId": each, "name": name, "role": "VIEWER"}})["token"]["id"]
        for each, name in ((neighbour, "N-Bot"), (tenant, "A-Bot"))
    ]
    return Target(tenant, "AcmeInc", links[1], members[1], tokens[1])


def invite(ask: Ask, tenant: str, email: str) -> str:
    made = ask(INVITE, {"input": {"tenantId": tenant, "email": email, "role": "OWNER"}})
    return str(made["member"]["id"])


def make_setup_link(ask: Ask, tenant: str, note: str) -> str:
    sent = {"tenantId": tenant, "note": note, "content": ACCOUNTS}
    made = ask(CREATE_SETUP_LINK, {"input": sent})
    return str(made["setupLink"]["id"])


def test_every_root_field_is_in_the_table() -> None:
    assert set(FIELDS) == set(root_fields())
    for name, (_, field) in root_fields().items():
        required = {
            argument for argument, described in field.args.items() if isinstance(described.type, GraphQLNonNull)
        }
        assert required - {"first"} <= set(FIELDS[name].arguments)


@pytest.mark.parametrize("name", PRIVATE)
def test_a_stranger_is_told_to_sign_in_whatever_the_id(ask: Ask, acme: Target, name: str) -> None:
    known = answer(ask, name, acme, as_="anonymous")
    others = [answer(ask, name, Target(one, "NoSuchTenant"), as_="anonymous") for one in NO_IDS]

    assert all(other == known for other in others)
    assert {error["extensions"]["code"] for error in known["errors"]} == {"UNAUTHENTICATED"}
    assert not any((known["data"] or {}).values())


def test_a_stranger_is_nobody_and_sees_what_is_published(ask: Ask, acme: Target) -> None:
    viewer = answer(ask, "viewer", acme, as_="anonymous")
    screens = answer(ask, "softphoneConfig", acme, as_="anonymous")

    assert viewer == {"data": {"viewer": None}}
    assert screens == answer(ask, "softphoneConfig", acme)
    assert screens["data"]["softphoneConfig"]["name"] == "A-Name"


def test_a_stranger_changes_nothing(ask: Ask, acme: Target) -> None:
    before = answer(ask, "tenant", acme)

    for name, (kind, _) in root_fields().items():
        if kind == "mutation":
            answer(ask, name, acme, as_="anonymous")

    assert answer(ask, "tenant", acme) == before


@pytest.mark.parametrize("name", [name for name in FOR_TOKENS if not FIELDS[name].is_of_all])
def test_the_neighbour_never_turns_up_in_what_is_said_about_another(ask: Ask, acme: Target, name: str) -> None:
    target = Target(acme.tenant_id, "A-New") if name == "createTenant" else acme

    told = answer(ask, name, target)

    assert {error["extensions"]["code"] for error in told.get("errors", ())} == LACKING.get(name, set())
    assert told["data"][name]
    assert not [text for text in NEIGHBOUR if text in json.dumps(told)]


@pytest.mark.parametrize("name", FIELDS)
def test_the_neighbour_stays_as_it_was(ask: Ask, acme: Target, name: str) -> None:
    neighbour = Target("", "NeighbourTel")
    before = answer(ask, "tenant", neighbour)

    answer(ask, name, acme)

    ask.staff.sign_in_again()
    assert answer(ask, "tenant", neighbour) == before
    assert all(text in json.dumps(before) for text in NEIGHBOUR)


@pytest.mark.parametrize("name", ON_ONE_THING)
def test_ids_of_a_deleted_tenant_and_of_other_things_are_answered_like_random_ones(
    ask: Ask, acme: Target, name: str
) -> None:
    ids = ids_of(ask, acme)
    assert answer(ask, "node", acme, as_="owner")["data"]["node"]
    ask(DELETE, {"input": {"tenantId": acme.tenant_id, "confirmProviderId": "AcmeInc"}})

    told = [
        answer(ask, name, Target(one, "AcmeInc"), as_=who)
        for one in (*ids, *NO_IDS)
        for who in ("owner", "admin", "platform-admin")
    ]

    assert all(one == told[-1] for one in told)
    assert told[-1]["data"][name]["__typename"] == "NotFound"


def test_nodes_of_a_deleted_tenant_are_null_like_random_ones(ask: Ask, acme: Target) -> None:
    ids = ids_of(ask, acme)
    found = [answer(ask, "node", Target(one, ""))["data"]["node"]["__typename"] for one in ids]
    ask(DELETE, {"input": {"tenantId": acme.tenant_id, "confirmProviderId": "AcmeInc"}})

    lost = [answer(ask, "node", Target(one, "")) for one in (*ids, *NO_IDS)]

    assert found == ["Tenant", "Draft", "Revision", "SetupLink", "Member", "AccessToken"]
    assert lost == [{"data": {"node": None}}] * (6 + len(NO_IDS))


@pytest.mark.parametrize("name", ON_ONE_THING)
def test_a_neighbour_is_told_the_same_of_anothers_things_as_of_random_ones(ask: Ask, acme: Target, name: str) -> None:
    told = [answer(ask, name, Target(one, "AcmeInc"), as_="neighbour") for one in (*ids_of(ask, acme), *NO_IDS)]

    assert all(one == told[-1] for one in told)
    assert told[-1]["data"][name]["__typename"] == "NotFound"


def test_a_neighbour_reads_their_own_tenant_alone(ask: Ask, acme: Target) -> None:
    nodes = [answer(ask, "node", Target(one, ""), as_="neighbour") for one in (*ids_of(ask, acme), *NO_IDS)]
    named = [answer(ask, "tenant", Target("", one), as_="neighbour") for one in ("AcmeInc", "NoSuchTenant")]
    listed = ask("{ tenants { edges { node { name } } } }", as_="neighbour")

    assert nodes == [{"data": {"node": None}}] * len(nodes)
    assert named == [{"data": {"tenant": None}}] * 2
    assert listed == {"edges": [{"node": {"name": "N-Name"}}]}


def test_a_neighbour_changes_nothing(ask: Ask, acme: Target) -> None:
    before = answer(ask, "tenant", acme)

    for name in ON_ONE_THING:
        answer(ask, name, acme, as_="neighbour")

    assert answer(ask, "tenant", acme) == before


@pytest.mark.parametrize("name", ["softphoneConfig", "tenant"])
def test_a_deleted_tenants_name_is_answered_like_a_random_one(ask: Ask, acme: Target, name: str) -> None:
    ask(DELETE, {"input": {"tenantId": acme.tenant_id, "confirmProviderId": "AcmeInc"}})

    assert answer(ask, name, acme) == answer(ask, name, Target("", "NoSuchTenant"))


def test_two_tenants_under_aliases_in_one_request_keep_their_own(ask: Ask, acme: Target) -> None:
    parts = "name draft { config { help { links { title } } } } published { config { help { links { title } } } }"
    both = (
        f'{{ a: tenant(providerId: "AcmeInc") {{ {parts} }} n: tenant(providerId: "NeighbourTel") {{ {parts} }} '
        f'again: tenant(providerId: "acmeinc") {{ {parts} }} }}'
    )

    told = ask.raw(both)["data"]

    assert told["a"] == told["again"]
    assert "N-" not in json.dumps(told["a"])
    assert "A-" not in json.dumps(told["n"])
    assert told["n"]["draft"]["config"]["help"]["links"] == [{"title": "N-Title"}]


def ids_of(ask: Ask, target: Target) -> list[str]:
    inner = "query($id: ID!) { node(id: $id) { id ... on Tenant { draft { id } published { id } } } }"
    found = ask(inner, {"id": target.tenant_id})
    return [
        found["id"],
        found["draft"]["id"],
        found["published"]["id"],
        target.setup_link_id or "",
        target.member_id or "",
        target.token_id or "",
    ]
