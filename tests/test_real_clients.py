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

from tests.conftest import PUBLISH
from tests.operators import SignedIn

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
VERSION = "query($id: ID!) { node(id: $id) { ... on Tenant { draft { version } } } }"
SAVE = (
    "mutation($input: SaveBrandingInput!) { saveBranding(input: $input) { ... on DraftSaved { draft { version } } } }"
)
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


@pytest.mark.node
@in_node
def test_a_config_that_a_client_has_is_revalidated_without_its_body(gateway_url: str, ask_with: AskWith) -> None:
    first, second = ask_with(gateway_url, CONFIG, ACME, times=2)

    (fetched,), (revalidated,) = first["exchanges"], second["exchanges"]
    assert (fetched["status"], fetched["cacheControl"].partition(",")[0]) == (200, "public")
    assert (revalidated["isRevalidation"], revalidated["status"]) == (True, 304)
    assert revalidated["etag"] == fetched["etag"]
    assert second["data"] == first["data"]


# ---- Python: `gql` sends whole documents by POST, and what else it is told to


class PersistedGet(httpx2.BaseTransport):
    """Beneath `gql`: asks by GET with the hash, registers after a miss, and revalidates what it has."""

    def __init__(self) -> None:
        self._inner = httpx2.HTTPTransport(trust_env=False)
        self._kept: dict[httpx2.URL, httpx2.Response] = {}
        self.statuses: list[int] = []

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        sent = json.loads(request.read())
        named = {"variables": json.dumps(sent["variables"]), "extensions": json.dumps(persisted(sent["query"]))}
        answer = self._get(request.url.copy_merge_params(named))
        if [error["message"] for error in answer.json().get("errors", [])] == NOT_FOUND:
            answer = self._get(request.url.copy_merge_params({**named, "query": sent["query"]}))
        return answer

    def close(self) -> None:
        self._inner.close()

    def _get(self, url: httpx2.URL) -> httpx2.Response:
        kept = self._kept.get(url)
        headers = {"If-None-Match": kept.headers["etag"]} if kept else {}
        answer = self._inner.handle_request(httpx2.Request("GET", url, headers=headers))
        answer.read()
        self.statuses.append(answer.status_code)
        if kept is not None and answer.status_code == 304:
            return kept
        if "etag" in answer.headers:
            self._kept[url] = answer
        return answer


def publish_colour(staff: SignedIn, tenant: str, colour: str) -> None:
    version = staff.ask(VERSION, {"id": tenant})["draft"]["version"]
    draft = {"tenantId": tenant, "expectedVersion": version, "branding": {"themeColor": colour}}
    saved = staff.ask(SAVE, {"input": draft})
    published = staff.ask(PUBLISH, {"input": {"tenantId": tenant, "expectedVersion": saved["draft"]["version"]}})
    assert published["__typename"] == "ConfigPublished", published


def persisted(document: str) -> dict[str, Any]:
    return {"persistedQuery": {"version": 1, "sha256Hash": sha256(document.encode()).hexdigest()}}


def test_gql_reads_a_config_as_it_comes(gateway_url: str) -> None:
    with Client(transport=HTTPXTransport(url=f"{gateway_url}/graphql", trust_env=False)) as session:
        answer = session.execute(GraphQLRequest(CONFIG, variable_values=ACME))

    assert answer["softphoneConfig"]["name"] == "Acme Telecom"


def test_what_gql_sends_with_its_hash_is_known_by_it_afterwards(gateway_url: str) -> None:
    plain = GraphQLRequest(OWN % "ByGql", variable_values=ACME)
    by_hash = {"variables": json.dumps(ACME), "extensions": json.dumps(persisted(plain.payload["query"]))}
    before = httpx2.get(f"{gateway_url}/graphql", params=by_hash, trust_env=False)

    with Client(transport=HTTPXTransport(url=f"{gateway_url}/graphql", trust_env=False)) as session:
        registered = session.execute(GraphQLRequest(plain, extensions=persisted(plain.payload["query"])))
    after = httpx2.get(f"{gateway_url}/graphql", params=by_hash, trust_env=False)

    assert [error["message"] for error in before.json()["errors"]] == NOT_FOUND
    assert registered["softphoneConfig"]["name"] == "Acme Telecom"
    assert after.json() == {"data": registered}


def test_gql_by_get_registers_after_a_miss_and_revalidates_from_then_on(gateway_url: str) -> None:
    wire = PersistedGet()
    asked = GraphQLRequest(OWN % "ByGqlAndGet", variable_values=ACME)

    with Client(transport=HTTPXTransport(url=f"{gateway_url}/graphql", transport=wire)) as session:
        answers = [session.execute(asked) for _ in range(3)]

    assert wire.statuses == [200, 200, 200, 304], "a miss, the registration, the hash alone, and nothing new"
    assert answers[0]["softphoneConfig"]["name"] == "Acme Telecom"
    assert answers[0] == answers[1] == answers[2]


def test_what_is_published_is_no_304_to_a_client_that_has_what_was_before(
    gateway_url: str, demo_admin: SignedIn
) -> None:
    wire = PersistedGet()
    asked = GraphQLRequest(CONFIG, variable_values={**ACME, "providerId": "RevalidatedTel"})
    tenant = demo_admin.create_tenant("RevalidatedTel")
    publish_colour(demo_admin, tenant, "#112233")

    with Client(transport=HTTPXTransport(url=f"{gateway_url}/graphql", transport=wire)) as session:
        before = [session.execute(asked)["softphoneConfig"] for _ in range(2)]
        publish_colour(demo_admin, tenant, "#332211")
        after = [session.execute(asked)["softphoneConfig"] for _ in range(2)]

    assert wire.statuses == [200, 304, 200, 304]
    assert [config["branding"]["themeColor"] for config in (*before, *after)] == ["#112233"] * 2 + ["#332211"] * 2
    assert [config["revision"] for config in (*before, *after)] == [1, 1, 2, 2]
