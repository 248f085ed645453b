"""Examples of the rules about names (I) and about what a user types to sign in (P4, P5, P9)."""

from __future__ import annotations

from tenants.codes import ProblemCode
from tenants.identity import ProviderId, parse_name
from tenants.login import Login
from tenants.rules.examples import Step, StoryExample, TypedExample
from tenants.text import parse_opaque


def _create(provider_id: str) -> Step:
    return Step("createTenant", {"providerId": provider_id})


def _publish(provider_id: str) -> Step:
    return Step("publish", {"providerId": provider_id})


def _rename(provider_id: str, new: str) -> Step:
    return Step("renameTenant", {"providerId": provider_id, "newProviderId": new})


def _delete(provider_id: str, confirmation: str) -> Step:
    return Step("deleteTenant", {"providerId": provider_id, "confirmProviderId": confirmation})


IDENTITY_EXAMPLES: tuple[TypedExample | StoryExample, ...] = (
    TypedExample(
        code=ProblemCode.PROVIDER_ID_SYNTAX,
        field="providerId",
        parse=ProviderId.parse,
        accepted="Acme-Inc_2",
        refused="Acme Inc",
    ),
    TypedExample(
        code=ProblemCode.PROVIDER_ID_SYNTAX,
        field="providerId",
        parse=ProviderId.parse,
        accepted="AcmeInc",
        refused="AcmeInc-",
        remark="A name ends, as it begins, with a letter or a digit.",
    ),
    TypedExample(
        code=ProblemCode.PROVIDER_ID_RESERVED,
        field="providerId",
        parse=ProviderId.parse,
        accepted="AcmePortal",
        refused="Portal",
    ),
    StoryExample(
        code=ProblemCode.PROVIDER_ID_TAKEN,
        path=("providerId",),
        accepted=(_create("AcmeInc"), _create("AcmeTelecom")),
        refused=(_create("AcmeInc"), _create("ACMEINC")),
    ),
    StoryExample(
        code=ProblemCode.PROVIDER_ID_TAKEN,
        path=("providerId",),
        accepted=(_create("AcmeInc"), _delete("AcmeInc", "AcmeInc"), _create("AcmeInc")),
        refused=(_create("AcmeInc"), _publish("AcmeInc"), _delete("AcmeInc", "AcmeInc"), _create("AcmeInc")),
        remark="A name that was published once is not given out again; one that never was is free.",
    ),
    StoryExample(
        code=ProblemCode.PROVIDER_ID_FIXED,
        path=("providerId",),
        accepted=(_create("AcmeInc"), _rename("AcmeInc", "AcmeTelecom")),
        refused=(_create("AcmeInc"), _publish("AcmeInc"), _rename("AcmeInc", "AcmeTelecom")),
    ),
    StoryExample(
        code=ProblemCode.CONFIRMATION_MISMATCH,
        path=("confirmProviderId",),
        accepted=(_create("AcmeInc"), _delete("AcmeInc", "AcmeInc")),
        refused=(_create("AcmeInc"), _delete("AcmeInc", "acmeinc")),
    ),
    TypedExample(
        code=ProblemCode.TEXT_TOO_LONG,
        field="name",
        parse=parse_name,
        accepted="Acme Telecom " + "x" * 67,
        refused="Acme Telecom " + "x" * 68,
        remark="A tenant's name (I7).",
    ),
)
SIGN_IN_EXAMPLES: tuple[TypedExample, ...] = (
    TypedExample(
        code=ProblemCode.LOGIN_WITHOUT_PROVIDER_ID,
        field="Provider Id",
        parse=Login.of_generic,
        accepted="1000:AcmeInc",
        refused="1000",
    ),
    TypedExample(
        code=ProblemCode.LOGIN_WITHOUT_USERNAME,
        field="Provider Id",
        parse=Login.of_generic,
        accepted="sip:1000@acme.example:AcmeInc",
        refused=":AcmeInc",
        remark="The accepted username is “sip:1000@acme.example”: the last colon divides.",
    ),
    TypedExample(
        code=ProblemCode.TEXT_CHARACTERS,
        field="username",
        parse=parse_opaque,
        accepted="1000:AcmeInc",
        refused="10\t00",
        remark="In a whitelabel app (P5, P9); the accepted one is a username with a colon in it, taken whole.",
    ),
)
