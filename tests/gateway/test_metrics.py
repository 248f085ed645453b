"""Counters behind a token, with labels that nobody outside can invent."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from gateway.app import create_app
from gateway.settings import Secret, Settings
from tests.tokens import make_admin_token

if TYPE_CHECKING:
    from tests.conftest import Ask

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

TOKEN = "operators-token-of-32-characters-"
KEY = Secret("a key for tests, 32 characters long")
OPERATOR = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def settings(database_url: str) -> Settings:
    """With a token for the operator."""
    return Settings(database_url=database_url, metrics_token=Secret(TOKEN), secret_key=KEY)


def list_labels(client: TestClient) -> set[tuple[str, str]]:
    """Every label with its value."""
    text = client.get("/metrics", headers=OPERATOR).text
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {pair for sample in samples for pair in sample.labels.items() if sample.name.startswith("gateway_")}


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", f"Basic {TOKEN}", TOKEN, "Bearer \u00e9"]
)
def test_without_a_token_that_works_there_are_no_metrics(client: TestClient, header: str | None) -> None:
    answer = client.get("/metrics", headers=[] if header is None else [(b"Authorization", header.encode())])

    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert "gateway_" not in answer.text


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
def test_the_operators_token_opens_them(client: TestClient, scheme: str) -> None:
    client.get("/livez")

    answer = client.get("/metrics", headers={"Authorization": f"{scheme} {TOKEN}"})

    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert 'gateway_http_requests_total{method="GET",route="/livez",status="200"}' in answer.text


def test_a_platform_admins_token_opens_them(client: TestClient) -> None:
    assert client.portal is not None
    token = client.portal.call(make_admin_token, "admin")

    answer = client.get("/metrics", headers={"Authorization": f"Bearer {token}"})

    assert answer.status_code == 200


def test_without_a_setting_an_empty_token_opens_nothing(database_url: str) -> None:
    with TestClient(create_app(Settings(database_url=database_url, secret_key=KEY))) as client:
        answer = client.get("/metrics", headers={"Authorization": "Bearer "})

    assert answer.status_code == 401


def test_nobody_outside_can_make_a_label(client: TestClient) -> None:
    paths = ["/zzz1", "/graphql/zzz1", "/static/zzz1", "/docs/zzz1", "/livez/zzz1", "/%7Azz1"]
    for path in ("/graphql", "/livez", "/zzz0"):
        client.request("ZZZ0", path)
        client.get(path)
    before = list_labels(client)

    for method in ("ZZZ1", "ZZZ2", "PROPFIND", "zzz1"):
        for path in paths:
            client.request(method, path, headers={"Host": "zzz1"})

    invented = list_labels(client) - before
    assert not [pair for pair in invented if "zzz" in pair[1].lower() or pair[0] == "method"]
    assert {value for name, value in list_labels(client) if name == "method"} <= {
        "GET",
        "HEAD",
        "POST",
        "OPTIONS",
        "other",
    }


def test_no_label_names_a_tenant_a_user_or_a_path(ask: Ask) -> None:
    ask.create("LabelTel", name="Label-Name")

    labels = list_labels(ask.client)

    names = {name for name, _ in labels}
    # The last three have values once somebody in this process has signed in, tried a provider or asked for a config.
    assert (
        {"route", "method", "status", "le"}
        <= names
        <= {"route", "method", "status", "le", "outcome", "verdict", "result"}
    )
    assert not re.search("LabelTel|Label-Name|NeighbourTel|admin", str(labels))
    assert {value for name, value in labels if name == "route"} <= {
        "/graphql", "/livez", "/readyz", "/metrics", "/docs/rules", "/", "/static", "(none)",
        "/setup/{token}", "/provisioning/linphone/{code}", "/provisioning/acrobits/{provider_id}",
        "/sign-in", "/sign-out", "/welcome/{token}", "/password/{token}",
    }  # fmt: skip


def test_no_operation_is_counted_as_running_after_its_end(client: TestClient) -> None:
    client.post("/graphql", json={"query": "{ __typename }"})

    answer = client.get("/metrics", headers=OPERATOR)

    assert "gateway_graphql_operations_running 0.0" in answer.text
