"""Apollo Client, urql and Python's `gql`, as they come, against a real server process."""

from __future__ import annotations

import json
import shutil
import subprocess
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

import httpx2
import pytest
from gql import Client, GraphQLRequest
from gql.transport.httpx import HTTPXTransport
from graphql import GraphQLUnionType, build_schema, is_interface_type

ROOT = Path(__file__).parent.parent
CONFIG = (ROOT / "kit" / "documents" / "SoftphoneConfig.graphql").read_text("utf-8")
ACME = {"providerId": "AcmeInc", "app": "GENERIC"}
OWN = """
# An app's own document, with less in it. The name keeps it apart from what other tests register at the same server.
query %s($providerId: String!, $app: AppKind!) {
  softphoneConfig(providerId: $providerId, app: $app) {
    ... on SoftphoneConfig { name branding { themeColor } help { links { title url } } }
    ... on Refusal { message }
  }
}
"""
NOT_FOUND = ["PersistedQueryNotFound"]


class AskWith(Protocol):
    """Asks a real client for a document; what it made of each answer, and what went over the wire for it."""

    def __call__(
        self, url: str, document: str, variables: dict[str, Any], *, times: int = 1
    ) -> list[dict[str, Any]]: ...


def ask_in_node(script: str, url: str, document: str, variables: dict[str, Any], *, times: int = 1) -> Any:
    node = shutil.which("node")
    assert node is not None
    question = {
        "url": f"{url}/graphql",
        "document": document,
        "variables": variables,
        "times": times,
        "possibleTypes": possible_types(),
    }
    run = subprocess.run(
        [node, script],
        cwd=ROOT / "tests" / "clients",
        input=json.dumps(question),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def possible_types() -> dict[str, list[str]]:
    """Which types implement an interface, as a build step of an app with Apollo Client writes it down."""
    schema = build_schema((ROOT / "schema.graphql").read_text("utf-8"))
    interfaces = [each for each in schema.type_map.values() if is_interface_type(each)]
    return {each.name: [one.name for one in schema.get_possible_types(each)] for each in interfaces}


in_node = pytest.mark.parametrize(
    "ask_with",
    [
        pytest.param(partial(ask_in_node, "apollo.mjs"), id="Apollo"),
        pytest.param(partial(ask_in_node, "urql.mjs"), id="urql"),
    ],
)


@pytest.mark.node
@in_node
def test_a_softphones_own_document_is_known_by_its_hash_before_anybody_sends_it(
    gateway_url: str, ask_with: AskWith
) -> None:
    """They print it anew and add `__typename`; the gateway knows how."""
    (answer,) = ask_with(gateway_url, CONFIG, ACME)

    (exchange,) = answer["exchanges"]
    config = answer["data"]["softphoneConfig"]
    assert (answer["error"], config["name"]) == (None, "Acme Telecom")
    assert config["branding"]["themeColor"].startswith("#")
    assert (exchange["method"], exchange["query"], exchange["status"]) == ("GET", None, 200)


@pytest.mark.node
@in_node
def test_a_document_that_is_not_known_is_registered_after_the_miss_and_then_goes_by_its_hash(
    gateway_url: str, ask_with: AskWith, request: pytest.FixtureRequest
) -> None:
    document = OWN % f"By{request.node.callspec.id}"

    first, second = ask_with(gateway_url, document, ACME, times=2)

    miss, registration = first["exchanges"]
    (hit,) = second["exchanges"]
    assert (miss["method"], miss["query"], miss["errors"]) == ("GET", None, NOT_FOUND)
    assert (miss["status"], miss["contentType"]) == (200, "application/json; charset=utf-8")
    assert "no-store" in miss["cacheControl"]
    assert registration["query"] is not None
    assert registration["hash"] == miss["hash"] == hit["hash"]
    assert (hit["method"], hit["query"], hit["errors"]) == ("GET", None, [])
    assert first["error"] is second["error"] is None
    assert first["data"]["softphoneConfig"]["name"] == "Acme Telecom"
    assert second["data"] == first["data"]


def test_the_page_for_developers_names_the_possible_types_that_a_config_needs() -> None:
    page = (ROOT / "docs" / "persisted-documents.md").read_text("utf-8")
    schema = build_schema((ROOT / "schema.graphql").read_text("utf-8"))
    (answer,) = (each for each in schema.type_map.values() if each.name == "SoftphoneConfigResult")
    assert isinstance(answer, GraphQLUnionType)
    needed = {
        name: [each for each in members if each in {one.name for one in answer.types}]
        for name, members in possible_types().items()
    }

    shown = ", ".join(f"{name}: {json.dumps(members)}" for name, members in needed.items() if members)

    assert f"possibleTypes: {{ {shown} }}" in page


@pytest.mark.node
@in_node
def test_a_refusal_is_data_to_a_client_and_no_error(gateway_url: str, ask_with: AskWith) -> None:
    (answer,) = ask_with(gateway_url, CONFIG, {**ACME, "providerId": "NobodyHasThisName"})

    assert answer["error"] is None
    assert answer["data"]["softphoneConfig"]["__typename"] == "UnknownProvider"
    assert answer["data"]["softphoneConfig"]["message"]


# ---- Python: `gql` sends whole documents by POST; with their hash when it is told to


def persisted(document: str) -> dict[str, Any]:
    return {"persistedQuery": {"version": 1, "sha256Hash": sha256(document.encode()).hexdigest()}}


def test_gql_reads_a_config(gateway_url: str) -> None:
    with Client(transport=HTTPXTransport(url=f"{gateway_url}/graphql", trust_env=False)) as session:
        answer = session.execute(GraphQLRequest(CONFIG, variable_values=ACME))

    assert answer["softphoneConfig"]["name"] == "Acme Telecom"


def test_what_gql_sends_with_its_hash_is_known_by_it_afterwards(gateway_url: str) -> None:
    url = f"{gateway_url}/graphql"
    plain = GraphQLRequest(OWN % "ByGql", variable_values=ACME)
    extensions = persisted(plain.payload["query"])
    by_hash = {"variables": json.dumps(ACME), "extensions": json.dumps(extensions)}
    before = httpx2.get(url, params=by_hash, trust_env=False)

    with Client(transport=HTTPXTransport(url=url, trust_env=False)) as session:
        registered = session.execute(GraphQLRequest(plain, extensions=extensions))
    after = httpx2.get(url, params=by_hash, trust_env=False)

    assert [error["message"] for error in before.json()["errors"]] == NOT_FOUND
    assert registered["softphoneConfig"]["name"] == "Acme Telecom"
    assert after.json() == {"data": registered}


def test_the_softphones_own_document_is_known_as_gql_prints_it(gateway_url: str) -> None:
    printed = GraphQLRequest(CONFIG).payload["query"]
    by_hash = {"variables": json.dumps(ACME), "extensions": json.dumps(persisted(printed))}

    answer = httpx2.get(f"{gateway_url}/graphql", params=by_hash, trust_env=False)

    assert answer.json()["data"]["softphoneConfig"]["name"] == "Acme Telecom"
