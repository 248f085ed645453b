"""Rules about sign-in that a single field cannot keep: P1 and P3."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tenants.codes import ProblemCode, WarningCode
from tenants.errors import Problem, RuleWarning
from tenants.links import link_warnings
from tenants.model import AppKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tenants.model import Config, Provisioning


def problems(config: Config) -> Iterator[Problem]:
    """Rules P1 and P3."""
    settings = config.provisioning
    if settings.is_enabled and settings.url is None:
        yield Problem(
            ProblemCode.PROVISIONING_URL_REQUIRED,
            ("provisioning", "url"),
            "External provisioning is on and has no address to call.",
            "Give the address of your provisioning API, or turn external provisioning off.",
        )
    if config.app is AppKind.GENERIC:
        for field in _placeholders(settings):
            yield Problem(
                ProblemCode.PLACEHOLDER_ON_GENERIC,
                ("provisioning", field),
                "The generic app has placeholders of its own; only a whitelabel app can have yours.",
            )


def warnings(config: Config) -> Iterator[RuleWarning]:
    """Rules L3 and L5 of the address that gets users' passwords; P3: placeholders are for the provisioning form."""
    if config.provisioning.url is not None:
        yield from link_warnings(config.provisioning.url, ("provisioning", "url"))
    if config.provisioning.is_enabled:
        return
    for field in _placeholders(config.provisioning):
        message = "Nobody sees this placeholder while external provisioning is off."
        yield RuleWarning(WarningCode.PLACEHOLDER_UNUSED, ("provisioning", field), message)


def _placeholders(settings: Provisioning) -> Iterator[str]:
    if settings.username_placeholder is not None:
        yield "usernamePlaceholder"
    if settings.password_placeholder is not None:
        yield "passwordPlaceholder"
