"""The rules of the product: what each one asks for, which codes it has, and examples for each code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tenants.rules.general_examples import GENERAL_EXAMPLES
from tenants.rules.general_rules import GENERAL
from tenants.rules.identity_examples import IDENTITY_EXAMPLES, SIGN_IN_EXAMPLES
from tenants.rules.identity_rules import IDENTITY
from tenants.rules.link_examples import LINK_EXAMPLES
from tenants.rules.link_rules import LINKS
from tenants.rules.setting_examples import BRANDING_EXAMPLES, HELP_EXAMPLES, PROVISIONING_EXAMPLES, TEXT_EXAMPLES
from tenants.rules.setting_rules import BRANDING, HELP, SIGN_IN

if TYPE_CHECKING:
    from tenants.codes import ProblemCode, WarningCode
    from tenants.rules.examples import Example
    from tenants.rules.rule import Chapter, Rule

CHAPTERS: tuple[Chapter, ...] = (IDENTITY, BRANDING, SIGN_IN, HELP, LINKS, GENERAL)
RULES: tuple[Rule, ...] = tuple(rule for chapter in CHAPTERS for rule in chapter.rules)
EXAMPLES: tuple[Example, ...] = (
    *TEXT_EXAMPLES,
    *IDENTITY_EXAMPLES,
    *BRANDING_EXAMPLES,
    *PROVISIONING_EXAMPLES,
    *SIGN_IN_EXAMPLES,
    *HELP_EXAMPLES,
    *LINK_EXAMPLES,
    *GENERAL_EXAMPLES,
)


def rules_of(code: ProblemCode | WarningCode) -> tuple[Rule, ...]:
    """The rules that this code belongs to; never none."""
    return tuple(rule for rule in RULES if code in rule.refuses or code in rule.warns)


def examples_of(code: ProblemCode | WarningCode) -> tuple[Example, ...]:
    """What shows this code; never none."""
    return tuple(example for example in EXAMPLES if example.code is code)
