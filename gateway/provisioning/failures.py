"""What a phone is told when the provider cannot be asked, and when to ask again."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from gateway.provisioning.outcomes import ProvisioningFailure, Unavailable
from gateway.upstream.client import Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.upstream.client import OutboundAnswer

_TOO_MANY_REQUESTS, _OUT_OF_SERVICE = 429, 503
_SOONEST, _LATEST = 5, 3600
_JITTER = 0.5  # of the time to wait: phones that failed together must not come back together

_FAILURES = {
    Fault.BUSY: ProvisioningFailure.BUSY,
    Fault.REDIRECT: ProvisioningFailure.FAILED,
    Fault.PROTOCOL: ProvisioningFailure.BAD_ANSWER,
    Fault.ENCODING: ProvisioningFailure.BAD_ANSWER,
    Fault.SIZE: ProvisioningFailure.BAD_ANSWER,
}
_WORDS = {
    ProvisioningFailure.UNREACHABLE: "does not answer",
    ProvisioningFailure.FAILED: "has a problem",
    ProvisioningFailure.BAD_ANSWER: "gave an answer that cannot be used",
    ProvisioningFailure.BUSY: "is busy",
}
_SECONDS = {
    ProvisioningFailure.UNREACHABLE: 60,
    ProvisioningFailure.FAILED: 60,
    ProvisioningFailure.BAD_ANSWER: 300,
    ProvisioningFailure.BUSY: 10,
}


def failure_of(fault: Fault) -> ProvisioningFailure:
    """A coarse word: which step failed is told to the provider's staff alone, or this would scan networks."""
    return _FAILURES.get(fault, ProvisioningFailure.UNREACHABLE)


def unavailable(
    failure: ProvisioningFailure, provider: str, *, jitter: Callable[[], float], wished_seconds: int | None = None
) -> Unavailable:
    """The refusal. What the provider wished is obeyed within bounds; a random part is added to all."""
    seconds = _SECONDS[failure] if wished_seconds is None else min(max(wished_seconds, _SOONEST), _LATEST)
    message = f"The sign-in service of {provider} {_WORDS[failure]}. Your phone stays as it is."
    return Unavailable(message, failure, seconds + math.floor(seconds * _JITTER * jitter()))


def wished_seconds(answer: OutboundAnswer, now: datetime) -> int | None:
    """`Retry-After` of an overloaded server, as seconds or as a date; None when there is none."""
    value = answer.headers.get("retry-after", "").strip()
    if answer.status not in (_TOO_MANY_REQUESTS, _OUT_OF_SERVICE) or not value:
        return None
    if value.isascii() and value.isdigit():
        return int(value[:12])
    try:
        date = parsedate_to_datetime(value)
    except (ValueError, OverflowError):  # the latter for a year of twenty digits
        return None
    return math.ceil((date.replace(tzinfo=date.tzinfo or UTC) - now).total_seconds())
