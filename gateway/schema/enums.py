"""The domain's enums as the schema shows them: each value with a description."""

from __future__ import annotations

from typing import TYPE_CHECKING

import strawberry

from tenants.access import ActorKind, Permission
from tenants.accounts import SipTransport
from tenants.codes import ProblemCode, WarningCode
from tenants.links import Placeholder
from tenants.model import AppKind, CredentialsSource, ProvisioningMethod, TenantStatus

if TYPE_CHECKING:
    from collections.abc import Mapping
    from enum import Enum

# The schema takes its enums from here, so that none is used before it is described.
__all__ = [
    "ActorKind",
    "AppKind",
    "CredentialsSource",
    "Permission",
    "Placeholder",
    "ProblemCode",
    "ProvisioningMethod",
    "SipTransport",
    "TenantStatus",
    "WarningCode",
]


def describe(enum: type[Enum], description: str, values: Mapping[str, str], *, name: str | None = None) -> None:
    """Make an enum of the domain one of the schema. Every member needs a description."""
    strawberry.enum(enum, name=name, description=description)
    for value in enum.__strawberry_definition__.values:  # type: ignore[attr-defined]  # set by strawberry.enum
        value.description = values[value.name]


def _meanings(codes: type[Enum]) -> dict[str, str]:
    return {code.name: code.value for code in codes}


describe(
    AppKind,
    "The two kinds of app.",
    {
        "GENERIC": "The shared store app: the user types `username:ProviderId`.",
        "WHITELABEL": "The provider's own app, its ProviderId compiled in.",
    },
)
describe(
    Placeholder,
    "What a help link's placeholder stands for.",
    {"USER": "`%user%`: the username.", "PASSWORD": "`%pwd%`: the password."},
    name="LinkPlaceholder",
)
describe(
    CredentialsSource,
    "Whose username and password fill a help link.",
    {
        "SIP_ACCOUNT": "Those of the SIP account that is active when the link is opened.",
        "PROVISIONING": "Those typed into the provisioning form.",
    },
)
describe(
    ProvisioningMethod,
    "How provisioning credentials are sent to the provider.",
    {
        "GET": "In the query of a GET, as SessionTalk documents it. They end in the provider's access log.",
        "POST_JSON": "In the body of a POST, as JSON. Recommended.",
        "POST_FORM": "In the body of a POST, as a form.",
    },
)
describe(
    SipTransport,
    "How SIP messages travel.",
    {"UDP": "Unencrypted datagrams.", "TCP": "Unencrypted stream.", "TLS": "Encrypted stream."},
)
describe(
    TenantStatus,
    "What softphones see of a tenant.",
    {
        "UNPUBLISHED": "Nothing yet: it was never published.",
        "LIVE": "Its live revision.",
        "SUSPENDED": "Nothing: a platform admin suspended it.",
    },
)
describe(
    ActorKind,
    "What kind of actor did something.",
    {"TOKEN": "A program with an access token.", "COMMAND_LINE": "The gateway's own command line."},
)
describe(
    Permission,
    "One thing that can be allowed.",
    {
        "READ_CONFIG": "See settings, history and state.",
        "EDIT_DRAFT": "Change the draft, check provisioning.",
        "PUBLISH": "Publish.",
        "MANAGE_SETUP_LINKS": "Make QR codes, make and revoke setup links.",
        "MANAGE_WEBHOOK": "Rotate the signing secret.",
        "RENAME_TENANT": "Change the tenant's name.",
        "DELETE_TENANT": "Delete the tenant.",
        "CREATE_TENANT": "Create tenants. Platform admins.",
        "SUSPEND_TENANT": "Suspend and resume tenants. Platform admins.",
    },
)
describe(
    ProblemCode,
    "The rules that refuse, one value for each way to break one. The letter and number is the rule in the reference.",
    _meanings(ProblemCode),
)
describe(WarningCode, "The rules that warn.", _meanings(WarningCode))
