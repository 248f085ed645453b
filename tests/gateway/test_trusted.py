"""Trusted documents: the softphone's own, an operator's manifest, and a gateway that runs no others for strangers."""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from graphql import parse
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from gateway.api import make_schema
from gateway.app import create_app
from gateway.http.manifest import LARGEST
from gateway.http.trusted import TrustedDocuments, list_own_documents, load_trusted, normalise
from gateway.settings import AnonymousDocuments, SettingError, Settings
from tests.conftest import Ask

if TYPE_CHECKING:
    from collections.abc import Callable

KIT = Path(__file__).parents[2] / "kit" / "documents"
CONFIG = next(each for each in list_own_documents() if each.startswith("query SoftphoneConfig"))
VARIABLES = {"providerId": "NeighbourTel", "app": "GENERIC"}
PORTAL = "mutation SignIn($input: SignInInput!) { signIn(input: $input) { ... on Refusal { message } } }"
UNKNOWN = 'query Other { softphoneConfig(providerId: "NeighbourTel", app: GENERIC) { __typename } }'
SCHEMA = make_schema()


def sha(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def code_of(answer: dict[str, Any]) -> str | None:
    errors = answer.get("errors")
    return errors[0]["extensions"]["code"] if errors else None


@pytest.fixture
def write(tmp_path: Path) -> Callable[[Any], Path]:
    """Puts a manifest into a file; text as it stands, anything else as JSON."""

    def write(manifest: Any) -> Path:
        path = tmp_path / "manifest.json"
        path.write_text(manifest if isinstance(manifest, str) else json.dumps(manifest), "utf-8")
        return path

    return write


def apollo(*operations: tuple[str, str], version: int = 1) -> dict[str, Any]:
    """As `generate-persisted-query-manifest` writes it."""
    listed = [{"id": name, "name": "Some", "type": "query", "body": body} for name, body in operations]
    return {"format": "apollo-persisted-query-manifest", "version": version, "operations": listed}


# ---- Which documents are the same


SAME = {
    "as it is": CONFIG,
    "without its comments and blank lines": " ".join(CONFIG.split()),
    "with a comment": "# by hand\n" + CONFIG,
    "with __typename where clients add it": CONFIG.replace("themeColor", "__typename themeColor"),
    "fragments first": "\n".join(sorted(CONFIG.split("\n\n"))),
}
OTHERS = {
    "a field more": CONFIG.replace("menuTitle", "menuTitle links { url }"),
    "a field less": CONFIG.replace("menuTitle", ""),
    "another name": CONFIG.replace("query SoftphoneConfig", "query Softphone"),
    "an alias": CONFIG.replace("themeColor", "a: themeColor"),
    "an alias of __typename": CONFIG.replace("    __typename\n", "    __typename kind: __typename\n", 1),
    "a directive": CONFIG.replace("revision", "revision @include(if: true)"),
    "a conditional __typename": CONFIG.replace("    __typename\n", "    __typename @skip(if: true)\n", 1),
    "a default": CONFIG.replace("$app: AppKind!", "$app: AppKind! = GENERIC"),
    "a second operation": CONFIG + "query Second { __typename }",
    "one of its parts alone": CONFIG.replace("...Screens", "").partition("fragment")[0],
}


@pytest.mark.parametrize("text", SAME.values(), ids=SAME.keys())
def test_a_document_is_recognised_in_another_spelling(text: str) -> None:
    trusted = TrustedDocuments({"config": CONFIG})

    assert trusted.holds(text, parse)
    assert trusted.holds(text, parse), "nor is it forgotten"


@pytest.mark.parametrize("text", OTHERS.values(), ids=OTHERS.keys())
def test_another_document_is_not_taken_for_it(text: str) -> None:
    assert not TrustedDocuments({"config": CONFIG}).holds(text, parse)


def test_a_selection_of_typename_alone_is_told_from_one_of_fields() -> None:
    trusted = TrustedDocuments({"kind": "{ viewer { __typename } }"})

    assert trusted.holds("{ viewer { __typename __typename } }", parse)
    assert not trusted.holds("{ viewer { name } }", parse)
    assert not trusted.holds("{ __typename }", parse)


@given(st.integers(0, CONFIG.count(" ")), st.sampled_from(["# remark\n", ",", "\n\t", "\ufeff"]))
def test_what_means_nothing_changes_nothing_wherever_it_stands(place: int, added: str) -> None:
    words = CONFIG.split(" ")
    spelled = " ".join([*words[:place], added, *words[place:]])

    assert normalise(parse(spelled)) == normalise(parse(CONFIG))


# ---- What is known from the start


@pytest.mark.parametrize("path", sorted(KIT.iterdir()), ids=lambda path: path.name)
def test_the_documents_of_the_kit_are_the_gateways_own_to_the_byte(path: Path) -> None:
    trusted = load_trusted(Settings(), SCHEMA)

    assert path.read_text("utf-8") in list_own_documents()
    assert trusted.find(sha(path.read_text("utf-8"))) is not None
    assert trusted.find(sha(path.read_text("utf-8").strip())) is not None


@pytest.mark.parametrize("text", list_own_documents())
def test_the_softphones_own_documents_are_sound(text: str) -> None:
    assert SCHEMA.find_flaws(text, SCHEMA.documents.parse(text)) == []


@pytest.mark.parametrize(
    "manifest",
    [
        apollo(("portal-sign-in", PORTAL)),
        {"portal-sign-in": PORTAL},
        {"portal-sign-in": PORTAL, "format": CONFIG},
        apollo(("portal-sign-in", PORTAL), ("config", CONFIG)),
    ],
)
def test_a_manifests_documents_are_known_by_their_ids_and_by_their_hashes(
    write: Callable[[Any], Path], manifest: Any
) -> None:
    trusted = load_trusted(Settings(trusted_documents=write(manifest)), SCHEMA)

    assert trusted.find("portal-sign-in") == trusted.find(sha(PORTAL)) == PORTAL
    assert trusted.find(sha(CONFIG)) == CONFIG
    assert trusted.find("portal") is None


BAD: dict[str, Any] = {
    "no JSON": "{",
    "no object": [],
    "no text": {"a": 1},
    "no id": {"": PORTAL},
    "an id beyond measure": {"a" * 257: PORTAL},
    "one id twice": '{"a": "{ __typename }", "a": "{ __typename }"}',
    "one id twice, Apollo's": apollo(("a", PORTAL), ("a", CONFIG)),
    "no operations": {**apollo(), "operations": {}},
    "operations of another shape": {**apollo(), "operations": [PORTAL]},
    "an operation without a body": {**apollo(), "operations": [{"id": "a"}]},
    "a later version": apollo(("a", PORTAL), version=2),
    "half a document": {"a": "{"},
    "nothing to run": {"a": "fragment A on Query { __typename }"},
    "a field that nobody has": {"a": "{ nobodyHasThis }"},
    "a document beyond the limits": {"a": "{" + " ".join(f"a{n}: __typename" for n in range(99)) + "}"},
    "a line break in an id": {"a\nb": "{"},
    "too much": json.dumps({"a": "#" * LARGEST}),
}


@pytest.mark.parametrize("manifest", BAD.values(), ids=BAD.keys())
def test_a_bad_manifest_is_refused_in_one_line(write: Callable[[Any], Path], manifest: Any) -> None:
    with pytest.raises(SettingError) as caught:
        load_trusted(Settings(trusted_documents=write(manifest)), SCHEMA)

    message = str(caught.value)
    assert message.startswith("GATEWAY_TRUSTED_DOCUMENTS names a ")
    assert "\n" not in message
    assert len(message) < 300


def test_a_manifest_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="GATEWAY_TRUSTED_DOCUMENTS names a file that cannot be read"):
        load_trusted(Settings(trusted_documents=tmp_path), SCHEMA)


# ---- Only those for callers without a credential


@pytest.fixture
def settings(settings: Settings, write: Callable[[Any], Path]) -> Settings:
    """A gateway that runs no others, whose operator has a portal."""
    return replace(
        settings, anonymous_documents=AnonymousDocuments.TRUSTED, trusted_documents=write({"portal": PORTAL})
    )


sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@sqlite
def test_a_stranger_may_run_a_trusted_document_in_any_spelling(ask: Ask) -> None:
    answers = [ask.raw(text, VARIABLES, as_="anonymous") for text in SAME.values()]

    assert [answer["data"]["softphoneConfig"]["name"] for answer in answers] == ["N-Name"] * len(SAME)


@sqlite
def test_a_stranger_may_run_a_document_of_the_manifest(ask: Ask) -> None:
    answer = ask.raw(PORTAL, {"input": {"email": "nobody@example.com", "password": "x"}}, as_="anonymous")

    assert answer["data"]["signIn"]["message"]


@sqlite
def test_a_stranger_may_run_no_other(ask: Ask) -> None:
    others = [UNKNOWN, *OTHERS.values(), "{ __schema { types { name } } }"]

    answers = [ask.raw(text, VARIABLES, as_="anonymous") for text in others]

    assert [code_of(answer) for answer in answers] == ["UNTRUSTED_DOCUMENT"] * len(others)
    assert not any("data" in answer for answer in answers)


@sqlite
def test_a_broken_document_is_told_as_one(ask: Ask) -> None:
    assert code_of(ask.raw("{", as_="anonymous")) == "BAD_REQUEST"
    assert code_of(ask.raw("{ a" * 20 + "}" * 20, as_="anonymous")) == "TOO_COSTLY"


@sqlite
def test_a_caller_with_a_credential_may_run_any(ask: Ask) -> None:
    assert ask.raw(UNKNOWN)["data"]["softphoneConfig"]["__typename"] == "SoftphoneConfig"


@sqlite
def test_an_app_key_is_no_credential(client: TestClient, ask: Ask) -> None:
    answer = client.post("/graphql", json={"query": UNKNOWN}, headers={"X-App-Key": "gak_" + "x" * 43})

    assert code_of(answer.json()) == "UNTRUSTED_DOCUMENT"


@sqlite
def test_what_a_member_of_the_staff_registered_is_not_trusted_for_that(client: TestClient, ask: Ask) -> None:
    body = {"query": UNKNOWN, "extensions": {"persistedQuery": {"version": 1, "sha256Hash": sha(UNKNOWN)}}}
    registered = client.post("/graphql", json=body, headers=ask.staff.headers("admin"))

    by_hash = client.post("/graphql", json={"extensions": body["extensions"]})

    assert "data" in registered.json()
    assert code_of(by_hash.json()) == "UNTRUSTED_DOCUMENT"


@sqlite
def test_without_the_setting_strangers_run_any(settings: Settings) -> None:
    with TestClient(create_app(replace(settings, anonymous_documents=AnonymousDocuments.ANY))) as client:
        answer = client.post("/graphql", json={"query": UNKNOWN})

    assert answer.json()["data"]["softphoneConfig"]["__typename"] == "UnknownProvider"
