"""How each root field is asked about tenant A, with valid input: a row of the matrix each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tests.cast import address_of
from tests.matrix.place import LINKS, PASSWORD, random_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.matrix.place import Cell

Arguments = dict[str, Any]
ACCOUNTS = {"sipAccounts": [{"username": "1000", "password": "SECRET-A", "transport": "TLS"}]}
LOGIN = {"username": "1000", "password": "SECRET-A"}


@dataclass(frozen=True)
class Attempt:
    """What is sent, once whatever it needs is there."""

    arguments: Callable[[Cell], Arguments]
    is_provisioning: bool = False
    """Whether the tenant has external provisioning on."""


def of(arguments: Callable[[Cell], Arguments], **more: Any) -> Attempt:
    return Attempt(lambda cell: {"input": arguments(cell)}, **more)


def on_tenant(**rest: Any) -> Attempt:
    return of(lambda cell: {"tenantId": cell.tenant, **rest})


def on_draft(**rest: Any) -> Attempt:
    return of(lambda cell: {"tenantId": cell.tenant, "expectedVersion": cell.version(), **rest})


def node(make: Callable[[Cell], str]) -> Attempt:
    return Attempt(lambda cell: {"id": make(cell)})


def _phone(cell: Cell) -> Arguments:
    typed = {"providerId": cell.name, "username": "accounts", "password": PASSWORD}
    return {"credentials": {"whitelabel": typed}, "deviceId": "phone-1"}


def _code(cell: Cell) -> Arguments:
    _, code = cell.setup_link()
    return {"setupCode": code, "deviceId": "phone-1", "app": "WHITELABEL", "providerId": cell.name}


def _with_key(arguments: Callable[[Cell], Arguments]) -> Callable[[Cell], Arguments]:
    def prepare(cell: Cell) -> Arguments:
        sent = arguments(cell)
        cell.require_app_key()
        return sent

    return prepare


def _invitation(cell: Cell) -> Arguments:
    """To the caller's own address, where they have an account."""
    if cell.person is None:
        _, token = cell.member(f"new-{cell.number}@a.example")
        return {"token": token, "name": "Somebody New", "password": PASSWORD}
    elsewhere = cell.place.phone.ask.create(f"Elsewhere-{cell.number}")
    return {"token": replace(cell, tenant=elsewhere).member(address_of(cell.who))[1]}


def _suspended(cell: Cell) -> Arguments:
    cell.suspend()
    return {"tenantId": cell.tenant}


def _edited(cell: Cell) -> Arguments:
    return {"tenantId": cell.tenant, "expectedVersion": cell.edit()}


def _sign_in(cell: Cell) -> Arguments:
    return {"email": address_of(cell.colleague()), "password": PASSWORD}


def _linked(cell: Cell) -> Arguments:
    cell.setup_link()
    return {"tenantId": cell.tenant}


def _required(cell: Cell) -> Arguments:
    cell.app_key()
    return {"tenantId": cell.tenant, "isRequired": True}


ATTEMPTS: dict[str, Attempt] = {
    "Query.softphoneConfig": Attempt(lambda cell: {"providerId": cell.name, "app": "WHITELABEL"}),
    "Query.softphoneConfig, where an app key is required": Attempt(
        _with_key(lambda cell: {"providerId": cell.name, "app": "WHITELABEL"})
    ),
    "Query.viewer": Attempt(lambda cell: {}),
    "Query.tenant": Attempt(lambda cell: {"providerId": cell.name}),
    "Query.tenants": Attempt(lambda cell: {"search": cell.name}),
    "Query.auditLog": Attempt(lambda cell: {}),
    "Query.node, a Tenant": node(lambda cell: cell.tenant),
    "Query.node, a Draft": node(lambda cell: cell.node("draft")),
    "Query.node, a Revision": node(lambda cell: cell.node("published")),
    "Query.node, a SetupLink": node(lambda cell: cell.setup_link()[0]),
    "Query.node, a Member": node(lambda cell: cell.member()[0]),
    "Query.node, an AccessToken": node(lambda cell: cell.token()),
    "Query.node, an AppKey": node(lambda cell: cell.app_key()[0]),
    "Query.node, an AuditEvent": node(lambda cell: cell.audit_event()),
    "Query.node, a Session": node(lambda cell: cell.session()),
    "Mutation.provision": of(_phone, is_provisioning=True),
    "Mutation.provision, where an app key is required": of(_with_key(_phone), is_provisioning=True),
    "Mutation.redeemSetupLink": of(_code),
    "Mutation.redeemSetupLink, where an app key is required": of(_with_key(_code)),
    "Mutation.createTenant": of(lambda cell: {"providerId": f"New-{cell.number}", "app": "GENERIC"}),
    "Mutation.renameTenant": on_draft(name="Another name"),
    "Mutation.suspendTenant": on_tenant(reason="unpaid"),
    "Mutation.resumeTenant": of(_suspended),
    "Mutation.deleteTenant": of(lambda cell: {"tenantId": cell.tenant, "confirmProviderId": cell.name}),
    "Mutation.rotateSigningSecret": on_tenant(),
    "Mutation.saveBranding": on_draft(branding={"themeColor": "#123456"}),
    "Mutation.saveProvisioning": on_draft(provisioning={"subdomain": "pbx"}),
    "Mutation.saveHelp": on_draft(help={"menuTitle": "Another"}),
    "Mutation.changeAppKind": on_draft(app="GENERIC"),
    "Mutation.publish": of(_edited),
    "Mutation.checkProvisioning": of(
        lambda cell: {"tenantId": cell.tenant, "username": "accounts", "password": PASSWORD}, is_provisioning=True
    ),
    "Mutation.createSetupLink": on_tenant(content={"accounts": ACCOUNTS}),
    "Mutation.revokeSetupLink": of(lambda cell: {"setupLinkId": cell.setup_link()[0]}),
    "Mutation.revokeAllSetupLinks": of(_linked),
    "Mutation.makeQrCode": on_tenant(format="SESSIONTALK", content={"login": LOGIN}),
    "Mutation.signIn": of(_sign_in),
    "Mutation.signOut": of(lambda cell: {"everywhere": False}),
    "Mutation.endSession": of(lambda cell: {"sessionId": cell.session()}),
    "Mutation.changePassword": of(
        lambda cell: {"currentPassword": PASSWORD, "newPassword": "SECRET another battery staple"}
    ),
    "Mutation.acceptInvitation": of(_invitation),
    "Mutation.setPassword": of(
        lambda cell: {"token": cell.reset_token(), "newPassword": "SECRET another battery staple"}
    ),
    "Mutation.createPasswordReset": of(lambda cell: {"email": address_of(cell.colleague())}),
    "Mutation.inviteMember": on_tenant(email="new@a.example", role="VIEWER"),
    "Mutation.changeRole": of(lambda cell: {"memberId": cell.member()[0], "expectedVersion": 1, "role": "VIEWER"}),
    "Mutation.removeMember": of(lambda cell: {"memberId": cell.member()[0]}),
    "Mutation.issueToken": on_tenant(name="A-bot", role="VIEWER"),
    "Mutation.revokeToken": of(lambda cell: {"tokenId": cell.token()}),
    "Mutation.issueAppKey": on_tenant(name="A-Key"),
    "Mutation.revokeAppKey": of(lambda cell: {"appKeyId": cell.app_key()[0]}),
    "Mutation.requireAppKey": of(_required),
}
"""By row of `tests.matrix.expected.ROOT_FIELDS`."""

KEEPS_THE_STORE = {"provision", "checkProvisioning", "makeQrCode", "signOut"}
"""Mutations that may be done without a change of stored state: the first three never change any."""


@dataclass(frozen=True)
class Case:
    """What brings an answer about that none of the attempts meets."""

    field: str
    attempt: Attempt
    times: int = 1


def _wrong_password(cell: Cell) -> Arguments:
    return {"email": f"nobody-{cell.number}@a.example", "password": "SECRET-wrong"}


def _provision_as(username: str) -> Attempt:
    def typed(cell: Cell) -> Arguments:
        sent = {"providerId": cell.name, "username": username, "password": PASSWORD}
        return {"credentials": {"whitelabel": sent}, "deviceId": "phone-1"}

    return of(typed, is_provisioning=True)


def _unaccepted(cell: Cell) -> Arguments:
    return {
        "tenantId": cell.tenant,
        "expectedVersion": cell.edit(links=LINKS, credentialsSource="SIP_ACCOUNT"),
        "acceptedWarnings": [],
    }


def _login(cell: Cell) -> Arguments:
    _, code = cell.setup_link(login=LOGIN)
    return {"setupCode": code, "deviceId": "phone-1", "app": "WHITELABEL", "providerId": cell.name}


CASES = [
    Case("provision", _provision_as("")),
    Case("provision", _provision_as("all-fields")),
    Case("provision", _provision_as("wrong-password")),
    Case("provision", _provision_as("500")),
    Case("provision", of(_phone)),
    Case("redeemSetupLink", of(_login, is_provisioning=True)),
    Case("redeemSetupLink", of(lambda cell: {"setupCode": "nobodys", "deviceId": "d", "app": "GENERIC"})),
    Case("signIn", of(_wrong_password), times=8),
    Case("setPassword", of(lambda cell: {"token": "nobodys", "newPassword": PASSWORD})),
    Case("saveBranding", on_tenant(expectedVersion=424242, branding={"themeColor": "#123456"})),
    Case("publish", of(lambda cell: {"tenantId": cell.tenant, "expectedVersion": cell.version()})),
    Case("publish", of(_unaccepted)),
    Case("createSetupLink", on_tenant(content={"login": LOGIN})),
    Case("makeQrCode", on_tenant(format="SESSIONTALK", content={"login": {"username": "1:0", "password": "1:2"}})),
    Case(
        "checkProvisioning",
        of(
            lambda cell: {"tenantId": cell.tenant, "username": "always-string-false", "password": PASSWORD},
            is_provisioning=True,
        ),
    ),
    Case("revokeSetupLink", of(lambda cell: {"setupLinkId": random_id("SetupLink")})),
    Case("suspendTenant", on_tenant(reason="unpaid")),
    Case("publish", of(lambda cell: {"tenantId": cell.tenant, "expectedVersion": cell.version()})),
    Case("createTenant", of(lambda cell: {"providerId": f"Case-{cell.number}", "app": "GENERIC"})),
    Case("rotateSigningSecret", on_tenant()),
]
"""Refusals, the provider's other answers, and who is told `Forbidden`."""
