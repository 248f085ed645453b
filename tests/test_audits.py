"""The public GraphQL-over-HTTP audit suite (npm `graphql-http`) against a real server process."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.node

AUDITS = Path(__file__).parent / "audits"


def test_all_61_audits_of_the_public_suite_are_ok(gateway_url: str) -> None:
    node = shutil.which("node")
    assert node is not None

    run = subprocess.run(
        [node, "audit.mjs", f"{gateway_url}/graphql"],
        cwd=AUDITS,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    results = json.loads(run.stdout)

    assert [result for result in results if result["status"] != "ok"] == []
    assert len(results) == 61
