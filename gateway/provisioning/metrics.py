"""Counters of sign-ins by how they ended. No tenant, no user."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import Counter, Histogram

from gateway.provisioning.outcomes import Off, Provisioned, Refused, TooMany, Unavailable, Unknown

if TYPE_CHECKING:
    from gateway.provisioning.outcomes import Outcome

OUTCOMES = Counter("gateway_provisionings_total", "Sign-ins answered, by outcome.", ("outcome",))
DURATIONS = Histogram(
    "gateway_provisioning_seconds",
    "Time from the look-up of a sign-in's tenant to its outcome, the provider's server included.",
    ("outcome",),
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 4, 5),
)
CHECKS = Counter(
    "gateway_provisioning_checks_total", "Dry runs by a provider's staff, by the worst verdict of a step.", ("verdict",)
)
_SINGLE = {Unknown: "unknown_provider", Off: "off", TooMany: "too_many_attempts"}


def observe(outcome: Outcome, seconds: float) -> None:
    """Count one."""
    label = label_of(outcome)
    OUTCOMES.labels(label).inc()
    DURATIONS.labels(label).observe(seconds)


def label_of(outcome: Outcome) -> str:
    """One of thirteen words: the action, the refusal or the failure, or why it did not come to any."""
    match outcome:
        case Provisioned(action=word) | Refused(refusal=word) | Unavailable(failure=word):
            return str(word.value).lower()
    return _SINGLE[type(outcome)]
