"""Tenant A, whose people ask, and tenant B: all of its strings carry one canary, all of its secrets another."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gateway.schema.node import node_id
from tests.api.documents import CREATE_SETUP_LINK, ROTATE_SIGNING_SECRET

if TYPE_CHECKING:
    from random import Random

    from tests.conftest import Ask

CANARY = {"A": "A-Ant", "B": "B-Bee"}
SECRET = "SECRET-"
PRINCIPALS = (
    *("viewer", "editor", "publisher", "owner"),
    *("viewer-token", "editor-token", "publisher-token", "token"),
    "anonymous",
)
"""Who asks, all of them A's. The platform admin is asked apart: they may see B, and no secret."""
IDS = """query($id: ID!) { node(id: $id) { id ... on Tenant {
  draft { id }
  revisions { edges { cursor node { id } } }
  setupLinks { edges { cursor node { id } } }
  members { edges { cursor node { id } } }
  tokens { edges { cursor node { id } } }
  appKeys { id }
  auditLog { edges { cursor node { id actor { actorId } } } }
} } }"""
_ID = re.compile(r"[A-Z]\w+")


@dataclass
class Twin:
    """One of the two: its names, its ids by kind, its cursors, and what no answer may hold."""

    letter: str
    tenant: str
    name: str
    ids: dict[str, list[str]] = field(default_factory=dict)
    cursors: list[str] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)
    """What was shown once when it was made: tokens, keys, links."""

    @property
    def canary(self) -> str:
        """What each of its strings begins with."""
        return CANARY[self.letter]


def make_twin(ask: Ask, letter: str) -> Twin:
    """One of everything, twice where there may be two."""
    canary = CANARY[letter]
    name = f"{canary}-Tel"
    twin = Twin(letter, ask.create(name, "WHITELABEL", name=f"{canary}-Name"), name)
    if letter == "B":
        ask.staff.leave_to_neighbours(twin.tenant)
    for number in (1, 2):
        _edit(ask, twin, number)
        _publish(ask, twin, f"{canary}-Note-{number}")
    _edit(ask, twin, 3)
    for number in (1, 2):
        _hand_out(ask, twin, number)
    twin.secrets.append(ask(ROTATE_SIGNING_SECRET, {"tenantId": twin.tenant})["secret"])
    return twin


def _edit(ask: Ask, twin: Twin, number: int) -> None:
    canary, host = twin.canary, f"{twin.canary.lower()}.example"
    link = {"title": f"{canary}-Link-{number}", "url": f"https://{host}/{canary}?u=%user%"}
    menu = {
        "menuTitle": f"{canary}-Menu-{number}",
        "contactEmail": f"help@{host}",
        "credentialsSource": "SIP_ACCOUNT",
        "links": [link],
    }
    header = {"name": f"X-{canary}-Key-{number}", "value": f"{SECRET}{twin.letter}-header-{number}-0123456789"}
    provisioning = {
        "isEnabled": True,
        "url": f"https://pbx.{host}/{canary}/",
        "usernamePlaceholder": f"{canary}-User",
        "passwordPlaceholder": f"{canary}-Word",
        "sipDomain": host,
        "subdomain": canary.lower(),
        "headers": [header],
    }
    for section, sent in (("help", menu), ("provisioning", provisioning)):
        _do(ask, twin, f"save{section.capitalize()}", expectedVersion=ask.version(twin.tenant), **{section: sent})


def _publish(ask: Ask, twin: Twin, note: str) -> None:
    _do(ask, twin, "publish", expectedVersion=ask.version(twin.tenant), note=note)


def _hand_out(ask: Ask, twin: Twin, number: int) -> None:
    canary, secret = twin.canary, f"{SECRET}{twin.letter}-sip-{number}"
    account = {"username": f"{canary}-user-{number}", "password": secret, "transport": "TLS"}
    sent = {
        "tenantId": twin.tenant,
        "note": f"{canary}-Setup-{number}",
        "content": {"accounts": {"sipAccounts": [account]}},
    }
    twin.secrets.append(ask(CREATE_SETUP_LINK, {"input": sent})["setupCode"].rpartition("=")[2])
    email = f"{canary.lower()}-{number}@{canary.lower()}.example"
    invited = _do(ask, twin, "inviteMember", "... on MemberInvited { url }", email=email, role="EDITOR")
    twin.secrets.append(invited["url"].rpartition("/")[2])
    issued = _do(ask, twin, "issueToken", "... on TokenIssued { secret }", name=f"{canary}-Bot-{number}", role="OWNER")
    key = _do(ask, twin, "issueAppKey", "... on AppKeyIssued { secret }", name=f"{canary}-Key-{number}")
    twin.secrets += [issued["secret"], key["secret"]]


def _do(ask: Ask, twin: Twin, name: str, wanted: str = "", /, **sent: Any) -> Any:
    document = (
        f"mutation($input: {name[0].upper()}{name[1:]}Input!) {{ {name}(input: $input) {{ __typename {wanted} }} }}"
    )
    done = ask(document, {"input": {"tenantId": twin.tenant, **sent}})
    assert not set(done) <= {"__typename"} or "Refus" not in str(done), done
    assert done["__typename"] not in ("InvalidInput", "WrongState", "Forbidden", "NotFound", "VersionConflict"), done
    return done


def learn_ids(ask: Ask, twin: Twin, as_: str) -> None:
    """Every id and every cursor, as its owner sees them; with the ids of the owner's own sessions."""
    found = ask(IDS, {"id": twin.tenant}, as_=as_)
    lists = {"Revision": "revisions", "SetupLink": "setupLinks", "Member": "members", "AccessToken": "tokens"}
    edges = {kind: found[name]["edges"] for kind, name in lists.items()} | {"AuditEvent": found["auditLog"]["edges"]}
    twin.ids = {kind: [edge["node"]["id"] for edge in listed] for kind, listed in edges.items()}
    twin.ids |= {"Tenant": [found["id"]], "Draft": [found["draft"]["id"]]}
    twin.ids["AppKey"] = [key["id"] for key in found["appKeys"]]
    twin.ids["Session"] = [one["id"] for one in ask("{ viewer { sessions { id } } }", as_=as_)["sessions"]]
    twin.ids["actor"] = sorted({edge["node"]["actor"]["actorId"] for edge in edges["AuditEvent"]} - {None})
    twin.ids["actor"].append(f"person:{ask.staff.person(as_)}")
    twin.cursors = [edge["cursor"] for listed in edges.values() for edge in listed]


def random_id(kind: str, random: Random) -> str:
    """An id of the same kind by which there is nothing."""
    number = random.randrange(10**6, 10**7)
    return f"person:{number}" if kind == "actor" else str(node_id(kind, number))
