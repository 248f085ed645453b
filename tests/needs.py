"""A pytest plugin: what a marked test needs from the machine, and a plain word about what is not run without it."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

NODE_FOLDERS = ("audits", "clients")
OLDEST_NODE = 18
WITHOUT_PROOFS = "not proof"
"""What pyproject.toml gives to `pytest -m` when the caller gives nothing."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect what cannot run here."""
    absent = {marker for marker, lack in LACKS.items() if lack() is not None}
    left_out = [item for item in items if any(item.get_closest_marker(marker) for marker in absent)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def pytest_configure(config: pytest.Config) -> None:
    """Refuse to leave anything out when GATEWAY_TEST_EVERYTHING is set, as CI does."""
    reasons = not_run_here(config)
    if os.environ.get("GATEWAY_TEST_EVERYTHING") and reasons:
        raise pytest.UsageError(*reasons)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> Generator[None]:
    """Name what was not run, and why, just before the closing line."""
    yield
    for reason in not_run_here(config):
        terminalreporter.write_line(reason)


def not_run_here(config: pytest.Config) -> list[str]:
    """One line for each kind of test that this run leaves out."""
    lacks = {marker: lack() for marker, lack in LACKS.items()}
    lines = [f"not run here: tests marked `{marker}`, because {lack}" for marker, lack in lacks.items() if lack]
    if config.option.markexpr == WITHOUT_PROOFS:
        lines.append("not run here: tests marked `proof`, because they are long; run `scripts/prove`")
    return lines


@cache
def lack_of_node() -> str | None:
    """What keeps tests marked `node` from running, or None."""
    node = shutil.which("node")
    if node is None:
        return "there is no Node.js (apt-get install nodejs npm)"
    version = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=20, check=True).stdout
    if int(version.removeprefix("v").split(".")[0]) < OLDEST_NODE:
        return f"Node.js {version.strip()} is older than {OLDEST_NODE}"
    missing = [name for name in NODE_FOLDERS if not (Path(__file__).parent / name / "node_modules").is_dir()]
    return f"what they run is not installed (npm ci in tests/{missing[0]})" if missing else None


@cache
def lack_of_browser() -> str | None:
    """What keeps tests marked `browser` from running, or None."""
    if find_chromium() is None:
        return "there is no Chromium (apt-get install chromium)"
    if find_spec("playwright") is None:
        return "Playwright is not installed (requirements/browser.txt)"
    return None


def find_chromium() -> str | None:
    """The program that Playwright is to drive: GATEWAY_TEST_CHROMIUM, else the machine's."""
    names = (os.environ.get("GATEWAY_TEST_CHROMIUM"), "chromium", "chromium-browser", "google-chrome")
    return next((path for name in names if name and (path := shutil.which(name))), None)


@cache
def lack_of_zbar() -> str | None:
    """What keeps tests marked `zbar` from running, or None."""
    return None if shutil.which("zbarimg") else "there is no zbarimg (apt-get install zbar-tools)"


@cache
def lack_of_php() -> str | None:
    """What keeps tests marked `php` from running, or None."""
    return None if shutil.which("php") else "there is no PHP (apt-get install php-cli)"


@cache
def lack_of_varnish() -> str | None:
    """What keeps tests marked `varnish` from running, or None."""
    if find_varnish("varnishd") is None or find_varnish("varnishncsa") is None:
        return "there is no Varnish (apt-get install varnish varnish-modules)"
    has_xkey = any(Path("/usr/lib").glob("**/varnish/vmods/libvmod_xkey.so"))
    return None if has_xkey else "Varnish's module xkey is not there (apt-get install varnish-modules)"


def find_varnish(name: str) -> str | None:
    """One of its programs; the server stands where only root looks for commands."""
    return shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")


LACKS: dict[str, Callable[[], str | None]] = {
    "node": lack_of_node,
    "browser": lack_of_browser,
    "zbar": lack_of_zbar,
    "php": lack_of_php,
    "varnish": lack_of_varnish,
}
