"""Custom scalars: what an output field promises beyond `String`."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import NewType

import strawberry
from strawberry.types.scalar import ScalarDefinition

ProviderIdText = NewType("ProviderIdText", str)
ThemeColorText = NewType("ThemeColorText", str)
HttpsUrlText = NewType("HttpsUrlText", str)
LinkTemplateText = NewType("LinkTemplateText", str)
EmailAddressText = NewType("EmailAddressText", str)

_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"
)


def format_time(moment: datetime) -> str:
    """RFC 3339 in UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_time(sent: object) -> datetime:
    """RFC 3339 with an offset; parts of a second may be given. Raises ValueError, whose text repeats nothing."""
    match = _TIME.fullmatch(sent) if isinstance(sent, str) else None
    if match is None:
        raise ValueError("not a moment")
    try:
        return datetime.fromisoformat(match[0].upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("not a moment") from None


SCALARS: dict[object, ScalarDefinition] = {
    ProviderIdText: strawberry.scalar(
        name="ProviderId",
        description=(
            "A tenant's public name: letters, digits, `-` and `_`, 1 to 63 characters, neither first nor last a `-` "
            "or `_`. Compare without regard to case. Example: `AcmeInc`."
        ),
        specified_by_url="/docs/rules#I1",
        serialize=str,
    ),
    ThemeColorText: strawberry.scalar(
        name="ThemeColor",
        description="A colour, `#rrggbb` in lower case. Example: `#0d47a1`.",
        specified_by_url="https://www.w3.org/TR/css-color-4/#hex-notation",
        serialize=str,
    ),
    HttpsUrlText: strawberry.scalar(
        name="HttpsUrl",
        description=(
            "An absolute https URL in ASCII, without user name or password, up to 2,048 characters. "
            "Example: `https://pbx.acme.example/provisioning/`."
        ),
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3986",
        serialize=str,
    ),
    LinkTemplateText: strawberry.scalar(
        name="LinkTemplate",
        description=(
            "An https URL that may hold `%user%` and `%pwd%` in query values and in the fragment. Without them it is "
            "a URL as it stands. Example: `https://acme.example/billing?u=%user%`."
        ),
        specified_by_url="/docs/rules#L6",
        serialize=str,
    ),
    EmailAddressText: strawberry.scalar(
        name="EmailAddress",
        description="One e-mail address without display name, up to 254 characters. Example: `help@acme.example`.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc5321#section-4.1.2",
        serialize=str,
    ),
    datetime: strawberry.scalar(
        name="DateTime",
        description="A moment, RFC 3339 in UTC, to the second. Example: `2026-11-23T18:00:00Z`.",
        specified_by_url="https://scalars.graphql.org/andimarek/date-time.html",
        serialize=format_time,
        parse_value=parse_time,
    ),
}
