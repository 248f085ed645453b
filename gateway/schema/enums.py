"""The domain's enums as the schema shows them: each value with a description."""

from __future__ import annotations

from typing import TYPE_CHECKING

import strawberry

from gateway.provisioning.check_steps import CheckStepName, CheckVerdict
from gateway.provisioning.outcomes import AccountsAction, ProvisioningFailure, ProvisioningRefusal
from tenants.access import ActorKind, Permission, Role
from tenants.accounts import SipTransport
from tenants.audit import AuditAction
from tenants.codes import ProblemCode, WarningCode, WrongStateReason
from tenants.links import Placeholder
from tenants.members import MemberStatus
from tenants.model import AppKind, ConfigStage, CredentialsSource, ProvisioningMethod, TenantStatus
from tenants.setup_links import SetupContentKind, SetupLinkStatus

if TYPE_CHECKING:
    from collections.abc import Mapping
    from enum import Enum

# The schema takes its enums from here, so that none is used before it is described.
__all__ = [
    "AccountsAction",
    "ActorKind",
    "AppKind",
    "AuditAction",
    "CheckStepName",
    "CheckVerdict",
    "ConfigStage",
    "CredentialsSource",
    "MemberStatus",
    "Permission",
    "Placeholder",
    "ProblemCode",
    "ProvisioningFailure",
    "ProvisioningMethod",
    "ProvisioningRefusal",
    "Role",
    "SetupContentKind",
    "SetupLinkStatus",
    "SipTransport",
    "TenantStatus",
    "WarningCode",
    "WrongStateReason",
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
    AccountsAction,
    "What a phone must do with its accounts.",
    {
        "REPLACE": "Have exactly the accounts given, and no others.",
        "KEEP": "Change nothing.",
        "LOG_OUT": (
            "Remove all accounts and show the sign-in screen. Never at a first set-up, and only when the provider sent "
            "`update: true` with an empty list."
        ),
    },
)
describe(
    ProvisioningRefusal,
    "How the provider said no.",
    {
        "PROVIDER_MESSAGE": "It answered with a text for the user and no accounts.",
        "CREDENTIALS_REJECTED": "It answered HTTP 401, 403 or 404.",
        "NO_ACCOUNTS": "It answered a first set-up with an empty list and no text.",
    },
)
describe(
    ProvisioningFailure,
    "Why the provider's answer could not be had.",
    {
        "UNREACHABLE": "No connection, no secure connection, or no answer in time.",
        "FAILED": "It answered that it failed, or sent the call elsewhere.",
        "BAD_ANSWER": ("It answered something that is no provisioning answer, or one of which a part is not valid."),
        "BUSY": (
            "Too many calls to this provider are under way, or it is being left alone for some seconds after many "
            "failures."
        ),
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
    {
        "PERSON": "Somebody signed in.",
        "TOKEN": "A program with an access token.",
        "SOFTPHONE": "A softphone, which is anonymous.",
        "COMMAND_LINE": "The gateway's own command line.",
        "GATEWAY": "The gateway itself.",
    },
)
describe(AuditAction, "What was done, named like the event that told of it.", _meanings(AuditAction))
describe(
    Role,
    "What a member of a tenant may do. Each role may do all that the one before it may.",
    {
        "VIEWER": "Reads.",
        "EDITOR": "Changes the draft, checks provisioning, hands out QR codes and setup links.",
        "PUBLISHER": "Publishes.",
        "OWNER": "Manages people, tokens, app keys, secrets and the tenant itself; reads the audit log.",
    },
)
describe(
    MemberStatus,
    "Whether a member is one already.",
    {"ACTIVE": "Has accepted.", "INVITED": "Was invited and has not accepted yet."},
)
describe(
    Permission,
    "One thing that can be allowed.",
    {
        "READ_CONFIG": "See settings, history and state.",
        "EDIT_DRAFT": "Change the draft, check provisioning.",
        "PUBLISH": "Publish.",
        "MANAGE_SETUP_LINKS": "Make QR codes, make and revoke setup links.",
        "MANAGE_MEMBERS": "Invite, change and remove members.",
        "MANAGE_TOKENS": "Issue and revoke access tokens.",
        "MANAGE_APP_KEYS": "Issue, revoke and require app keys.",
        "MANAGE_WEBHOOK": "Rotate the signing secret.",
        "READ_AUDIT_LOG": "Read the audit log.",
        "RENAME_TENANT": "Change the tenant's name.",
        "DELETE_TENANT": "Delete the tenant.",
        "CREATE_TENANT": "Create tenants. Platform admins.",
        "SUSPEND_TENANT": "Suspend and resume tenants. Platform admins.",
        "RESET_PASSWORDS": "Make password reset links. Platform admins.",
        "READ_PLATFORM_AUDIT_LOG": "Read the platform's audit log. Platform admins.",
    },
)
describe(
    ProblemCode,
    "The rules that refuse, one value for each way to break one. The letter and number is the rule in the reference.",
    _meanings(ProblemCode),
)
describe(WarningCode, "The rules that warn.", _meanings(WarningCode))
describe(
    WrongStateReason,
    "Why something that you may do cannot be done with the thing as it stands.",
    _meanings(WrongStateReason),
)
describe(
    SetupContentKind,
    "What a setup link carries.",
    {"ACCOUNTS": "SIP and chat accounts.", "LOGIN": "A login for external provisioning."},
)
describe(
    SetupLinkStatus,
    "How a setup link stands.",
    {
        "OPEN": "Can be redeemed.",
        "REDEEMED": "Was redeemed.",
        "EXPIRED": "Was not redeemed in time.",
        "REVOKED": "Was revoked by staff.",
    },
)
describe(
    ConfigStage,
    "Which of a tenant's two configs.",
    {"DRAFT": "The one being edited.", "PUBLISHED": "The live one."},
)
describe(
    CheckStepName,
    "A step of the call that a check looks at.",
    {
        "URL": "The configured URL by the rules for links.",
        "DNS": "Name resolution, every address checked.",
        "CONNECTION": "The connection.",
        "TLS": "The secure connection and its certificate.",
        "STATUS": "The HTTP status, redirects included.",
        "HEADERS": "Content type and encoding.",
        "SIZE": "Size of the answer.",
        "TIME": "Time of the whole call against the limit.",
        "ANSWER": "Reading the answer.",
    },
)
describe(
    CheckVerdict,
    "How a step of a check went.",
    {"PASS": "As it should be.", "WARN": "Works, and should be looked at.", "FAIL": "Does not work."},
)
