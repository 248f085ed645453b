"""The reference of the rules: every code has an accepted and a refused example, and each example is true."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tenants import database
from tenants.actions.create import create_tenant
from tenants.actions.publish import publish
from tenants.actions.tenant import delete_tenant, rename_tenant
from tenants.codes import ProblemCode, WarningCode
from tenants.errors import InvalidInputError
from tenants.model import AppKind
from tenants.rules.checks import config_warnings
from tenants.rules.examples import FormExample, StoryExample, TypedExample
from tenants.rules.reference import CHAPTERS, EXAMPLES, RULES, examples_of, rules_of
from tenants.store import drafts, tenants
from tenants.system import SystemScope
from tests import make

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tenants.access import TenantScope
    from tenants.rules.checks import config_warnings
from tenants.rules.examples import Step

CODES = [*ProblemCode, *WarningCode]
FORMS = [example for example in EXAMPLES if isinstance(example, FormExample)]
TYPED = [example for example in EXAMPLES if isinstance(example, TypedExample)]
STORIES = [example for example in EXAMPLES if isinstance(example, StoryExample)]
SYSTEM = SystemScope("tests")
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
async def stored(database_url: str) -> AsyncIterator[None]:
    """Connect to a fresh database."""
    await database.connect(database_url)
    yield
    await database.disconnect()


def name(example: FormExample | TypedExample | StoryExample) -> str:
    """Name a case by its code."""
    return example.code.name


def test_the_rules_are_those_of_the_product() -> None:
    expected = [
        f"{letter}{n}"
        for letter, last in [("I", 7), ("B", 2), ("P", 9), ("H", 5), ("L", 9)]
        for n in range(1, last + 1)
    ] + ["G1", "G2", "G3", "G4", "G5"]

    assert [rule.id for rule in RULES] == expected
    assert all(rule.id[0] == chapter.letter for chapter in CHAPTERS for rule in chapter.rules)


@pytest.mark.parametrize("code", CODES, ids=lambda code: code.name)
def test_no_code_lacks_a_rule_an_accepted_and_a_refused_example(code: ProblemCode | WarningCode) -> None:
    assert rules_of(code)
    assert examples_of(code)
    assert all(example.accepted and example.refused for example in examples_of(code))


@pytest.mark.parametrize(
    "code", [code for code in CODES if re.search("[A-Z][0-9]", code.value)], ids=lambda code: code.name
)
def test_a_code_belongs_to_the_rules_that_its_description_names(code: ProblemCode | WarningCode) -> None:
    named = re.match(r"([A-Z]\d(?:, [A-Z]\d)*):", code.value) or re.search(r"\(([A-Z]\d(?:, [A-Z]\d)*)\)", code.value)

    assert named is not None
    assert {rule.id for rule in rules_of(code)} == set(named[1].split(", "))


@pytest.mark.parametrize("example", [*FORMS, *TYPED], ids=name)
def test_nothing_is_said_about_what_is_accepted(example: FormExample | TypedExample) -> None:
    assert example.accept() == ()


@pytest.mark.parametrize("example", FORMS, ids=name)
def test_exactly_this_code_is_said_of_refused_settings_at_this_place(example: FormExample) -> None:
    said = example.refuse()

    assert {one.code for one in said} == {example.code, *example.beside}
    assert [one.path for one in said if one.code is example.code] == [example.path]
    assert all(one.path == example.path for one in said)


@pytest.mark.parametrize("example", TYPED, ids=name)
def test_exactly_this_code_is_said_of_a_refused_text(example: TypedExample) -> None:
    (said,) = example.refuse()

    assert (said.code, said.path) == (example.code, (example.field,))


@pytest.mark.anyio
@pytest.mark.usefixtures("stored")
@pytest.mark.parametrize("example", STORIES, ids=name)
async def test_a_story_that_is_accepted_comes_to_its_end(example: StoryExample) -> None:
    for step in example.accepted:
        await play(step)


@pytest.mark.anyio
@pytest.mark.usefixtures("stored")
@pytest.mark.parametrize("example", STORIES, ids=name)
async def test_a_story_that_is_refused_is_refused_at_its_last_step_with_exactly_this_code(
    example: StoryExample,
) -> None:
    *before, last = example.refused
    for step in before:
        await play(step)

    with pytest.raises(InvalidInputError) as caught:
        await play(last)

    assert [(problem.code, problem.path) for problem in caught.value.problems] == [(example.code, example.path)]


async def play(step: Step) -> None:
    """Do what one line of a story says."""
    given = step.arguments
    match step.call:
        case "createTenant":
            await create_tenant(
                SYSTEM.platform(make.KEYS), provider_id=given["providerId"], name=None, app=AppKind.GENERIC, now=NOW
            )
        case "publish":
            scope, version = await find(given["providerId"])
            await publish(scope, expected=version, now=NOW)
        case "renameTenant":
            scope, version = await find(given["providerId"])
            await rename_tenant(scope, {"providerId": given["newProviderId"]}, expected=version, now=NOW)
        case "deleteTenant":
            scope, _ = await find(given["providerId"])
            await delete_tenant(scope, given["confirmProviderId"], now=NOW)
        case unknown:
            raise AssertionError(unknown)


async def find(provider_id: str) -> tuple[TenantScope, int]:
    """Give the tenant's scope and the version of its draft."""
    tenant = await tenants.find_tenant(SYSTEM.platform(make.KEYS), provider_id)
    assert tenant is not None
    scope = SYSTEM.tenant(tenant.id, make.KEYS)
    return scope, (await drafts.get_draft(scope)).version


def test_the_address_that_gets_passwords_is_warned_about_like_any_link() -> None:
    config = make.config(
        provisioning={"url": "https://bücher.example:8443/p"}, help={"contactEmail": "help@bücher.example"}
    )

    found = {(warning.code.name, warning.path) for warning in config_warnings(config)}

    assert found == {
        ("LINK_PORT_UNUSUAL", ("provisioning", "url")),
        ("LINK_HOST_NOT_ASCII", ("provisioning", "url")),
        ("LINK_HOST_NOT_ASCII", ("help", "contactEmail")),
    }
