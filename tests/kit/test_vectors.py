"""The golden vectors are what a live gateway answers, and the reference client does with them what it must."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from check_vectors import check_all

from tests.fail_static import EXPECTED
from tests.kit.live import Live, live
from tests.kit.vectors import FOLDER, MAKERS, SHOWN, render

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with live(tmp_path_factory.mktemp("vectors")) as place:
        yield place


@pytest.mark.slow
@pytest.mark.parametrize("name", MAKERS)
def test_the_vectors_are_what_a_live_gateway_answers(place: Live, name: str) -> None:
    kept = (FOLDER / f"{name}.json").read_text("utf-8")

    assert render(name, place) == kept, "stale; `.venv/bin/python -m tests.kit.vectors` writes them anew"


def test_every_file_of_vectors_is_made_here_and_explained(root: Path) -> None:
    files = {path.stem for path in FOLDER.glob("*.json")}
    explained = (FOLDER / "README.md").read_text("utf-8")

    assert files == set(MAKERS)
    assert all(f"`{name}.json`" in explained for name in files)


def test_the_vectors_hold_every_outcome_of_the_fail_static_table() -> None:
    vectors = json.loads((FOLDER / "provision.json").read_text("utf-8"))
    by_name = {one["name"]: one["answer"]["data"]["provision"] for one in vectors}
    words = {
        name: next(found[key] for key in ("action", "refusal", "failure", "__typename") if key in found)
        for name, found in by_name.items()
    }

    assert {mode: words[f"{mode}, first set-up"] for mode in SHOWN} == {mode: EXPECTED[mode].first for mode in SHOWN}
    assert {mode: words[f"{mode}, later"] for mode in SHOWN} == {mode: EXPECTED[mode].later for mode in SHOWN}
    assert {(one.first, one.later) for one in EXPECTED.values()} == {
        (EXPECTED[mode].first, EXPECTED[mode].later) for mode in SHOWN
    }


def test_the_reference_client_does_what_the_vectors_say() -> None:
    assert list(check_all()) == []


def test_a_developer_runs_the_vectors_with_nothing_but_python(root: Path, tmp_path: Path) -> None:
    script = str(root / "kit" / "python" / "check_vectors.py")
    without_packages = [sys.executable, "-S", "-E", "-s", script]

    done = subprocess.run(without_packages, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)

    assert (done.stdout, done.returncode) == ("All vectors are right.\n", 0)
