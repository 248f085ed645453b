from __future__ import annotations

import json
import re
from pathlib import Path

import httpx2

QUERY = re.compile(r"curl -s --get \S+/graphql --data-urlencode 'query=(.*?)'\n", re.DOTALL)
ANSWER = re.compile(r"```json\n(\{\n.*?)```", re.DOTALL)


def test_the_first_query_of_the_readme_has_the_answer_of_the_readme(gateway_url: str, root: Path) -> None:
    text = (root / "README.md").read_text("utf-8")
    query, answer = QUERY.search(text), ANSWER.search(text)
    assert query is not None
    assert answer is not None

    found = httpx2.get(f"{gateway_url}/graphql", params={"query": query[1]}).json()

    assert found == json.loads(answer[1])
