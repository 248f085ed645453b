from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
import pytest

from tests.servers import RunningProcess, gateway_process

if TYPE_CHECKING:
    from collections.abc import Iterator

QUERY = re.compile(r"curl -s --get \S+/graphql --data-urlencode 'query=(.*?)'\n", re.DOTALL)
BODY = re.compile(r"curl -s \S+/graphql -H 'Content-Type: application/json' -d '(.*?)'\n", re.DOTALL)
LOGIN = re.compile(r"^\| `([^`]+)` \| `(\w+)`(?:, `(\w+)`)? \|", re.MULTILINE)
JSON = {"Content-Type": "application/json"}
ANSWER = re.compile(r"```json\n(\{\n.*?)```", re.DOTALL)


def test_the_first_query_of_the_readme_has_the_answer_of_the_readme(gateway_url: str, root: Path) -> None:
    text = (root / "README.md").read_text("utf-8")
    query, answer = QUERY.search(text), ANSWER.search(text)
    assert query is not None
    assert answer is not None

    found = httpx2.get(f"{gateway_url}/graphql", params={"query": query[1]}).json()

    assert found == json.loads(answer[1])


@pytest.fixture(scope="module")
def trying_out(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningProcess]:
    """A gateway with the mock provider beside it."""
    folder = tmp_path_factory.mktemp("trying")
    database = f"sqlite:///{folder / 'gateway.db'}"
    with gateway_process("serve", "--mock-provider", "0", "--port", "0", "--database", database, env={}) as server:
        yield server


def section(root: Path) -> str:
    text = (root / "README.md").read_text("utf-8")
    return text.split("## Signing a user in\n")[1].split("\n## ")[0]


def test_the_sign_in_of_the_readme_has_the_answer_of_the_readme(trying_out: RunningProcess, root: Path) -> None:
    body, answer = BODY.search(section(root)), ANSWER.search(section(root))
    assert body is not None
    assert answer is not None

    found = httpx2.post(f"{trying_out.ready[0]}/graphql", content=body[1], headers=JSON).json()

    assert found == json.loads(answer[1])


@pytest.mark.parametrize("number", range(4))
def test_each_login_of_the_readme_has_the_outcome_that_stands_beside_it(
    trying_out: RunningProcess, root: Path, number: int
) -> None:
    logins = LOGIN.findall(section(root))
    body = BODY.search(section(root))
    assert len(logins) == 4
    assert body is not None
    login, outcome, action = logins[number]
    sent = json.loads(body[1])
    sent["variables"]["input"]["credentials"]["generic"]["login"] = login

    told = httpx2.post(f"{trying_out.ready[0]}/graphql", json=sent).json()["data"]["provision"]

    assert (told["__typename"], told.get("action", "")) == (outcome, action)


def test_the_sign_ins_of_the_welcome_can_be_pasted_and_end_as_it_says(trying_out: RunningProcess) -> None:
    url, words = trying_out.ready[0], trying_out.output
    mutation = re.search(r"  (mutation \{.*?\} \})\n\n", words, re.DOTALL)
    assert mutation is not None
    logins = re.findall(r'"([\w-]+:MockTel)"', words)

    told = [
        httpx2.post(f"{url}/graphql", json={"query": mutation[1].replace(logins[0], login)}, timeout=15).json()
        for login in logins
    ]

    assert logins == ["accounts:MockTel", "wrong-password:MockTel", "hang:MockTel"]
    assert [one["data"]["provision"]["__typename"] for one in told] == [
        "Provisioned",
        "ProvisioningRefused",
        "ProvisioningUnavailable",
    ]
