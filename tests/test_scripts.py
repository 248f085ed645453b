"""What the scripts say on a machine that lacks something, in a copy of them that has no environment yet."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

WITHOUT_VENV = f"""#!/bin/sh
case "$2" in *ensurepip*) exit 1 ;; esac
exec "{sys.executable}" "$@"
"""
"""A Python as Debian installs it without its package for venv."""

TOO_OLD = """#!/bin/sh
exit 1
"""
"""A Python that answers no to "is it 3.11 or later?"."""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The scripts and the locks alone, in a folder with a blank in its name."""
    folder = tmp_path / "a checkout"
    shutil.copytree(ROOT / "scripts", folder / "scripts")
    shutil.copytree(ROOT / "requirements", folder / "requirements")
    return folder


@pytest.mark.parametrize("script", ["serve", "test", "check", "prove", "lock", "bench"])
def test_a_missing_venv_module_is_named_in_one_line(checkout: Path, script: str) -> None:
    python = make_python(checkout, WITHOUT_VENV)

    run = run_script(checkout, script, python)

    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert run.stderr == f"{script}: this Python has no venv module: apt-get install python{version}-venv\n"
    assert (run.returncode, run.stdout) == (1, "")


def test_a_python_that_is_too_old_is_named_in_one_line(checkout: Path) -> None:
    python = make_python(checkout, TOO_OLD)

    run = run_script(checkout, "serve", python)

    assert run.stderr == f"serve: PYTHON is {python}, which is not Python 3.11 or later.\n"
    assert (run.returncode, run.stdout) == (1, "")


def test_a_folder_that_only_looks_like_the_environment_is_left_alone(checkout: Path) -> None:
    mine = checkout / ".venv" / "mine.txt"
    mine.parent.mkdir()
    mine.write_text("kept")

    run = run_script(checkout, "serve", Path(sys.executable))

    assert run.stderr == "serve: .venv is no virtual environment of these scripts; move it away.\n"
    assert mine.read_text() == "kept"


def make_python(checkout: Path, text: str) -> Path:
    """A program called python."""
    program = checkout / "python"
    program.write_text(text)
    program.chmod(0o755)
    return program


def run_script(checkout: Path, script: str, python: Path) -> subprocess.CompletedProcess[str]:
    """Run it with that Python, from another folder than its own."""
    return subprocess.run(
        [checkout / "scripts" / script],
        cwd=checkout.parent,
        env={"PATH": "/usr/bin:/bin", "PYTHON": str(python)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
