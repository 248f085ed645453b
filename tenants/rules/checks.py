"""All rules about a whole config, by their letters: what refuses it and what warns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tenants.rules import branding, help_menu, provisioning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tenants.errors import Problem, RuleWarning
    from tenants.model import Config


def config_problems(config: Config) -> Iterator[Problem]:
    """What several fields say together and may not (P1, P3, H3, H5), in the order of the form."""
    yield from provisioning.problems(config)
    yield from help_menu.problems(config)


def config_warnings(config: Config) -> tuple[RuleWarning, ...]:
    """What is allowed and probably not wanted (B2, P3, H2, H4, H5, L3, L5, L9), in the order of the form."""
    return (*branding.warnings(config), *provisioning.warnings(config), *help_menu.warnings(config))
