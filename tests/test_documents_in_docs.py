"""The GraphQL that the documentation shows: what somebody copies must be right."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from graphql import build_schema, parse, validate

ROOT = Path(__file__).parent.parent
FRAGMENT = re.compile(r"^fragment .*?^}$", re.DOTALL | re.MULTILINE)
SHOWN = [
    pytest.param(block, id=f"{page.name}-{number}")
    for page in sorted((ROOT / "docs").glob("*.md"))
    for number, block in enumerate(re.findall(r"```graphql\n(.*?)```", page.read_text("utf-8"), re.DOTALL))
]


@pytest.mark.parametrize("block", SHOWN)
def test_a_document_of_the_documentation_is_valid(block: str) -> None:
    """Where it leaves fragments out, they are those of the kit."""
    kit = (ROOT / "kit" / "documents" / "Provision.graphql").read_text("utf-8")
    fragments = FRAGMENT.findall(kit) if "...Sip" in block else []
    schema = build_schema((ROOT / "schema.graphql").read_text("utf-8"))

    assert validate(schema, parse("\n".join([block, *fragments]))) == []


def test_the_documentation_shows_the_documents_of_an_app() -> None:
    shown = "\n".join(str(one.values[0]) for one in SHOWN)

    assert {"Provision", "SoftphoneConfig", "RedeemSetupLink"} <= set(re.findall(r"(?:query|mutation) (\w+)", shown))
