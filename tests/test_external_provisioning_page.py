"""The page for providers: its code works, and its figures are those of the code."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from gateway.provisioning.answer import MOST_ANSWERED_ACCOUNTS, read
from gateway.provisioning.call import USER_AGENT, make_signer
from tenants.attempts import ADDRESS, NAME, TENANT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

URL = "https://pbx.acme.example/p/?v=2&username=1000"
BODY = b'{"username": "1000"}'
Check = tuple[str, str, str, str, bytes]


@pytest.fixture(scope="module")
def page(root: Path) -> str:
    return (root / "docs" / "external-provisioning.md").read_text("utf-8")


def block(page: str, language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)
    return str(found)


def header(*secrets: str, age: int = 0) -> str:
    when = datetime.fromtimestamp(time.time() - age, UTC)
    ((_, value),) = make_signer(secrets, when)("POST", URL, BODY)
    return value


def checks() -> dict[str, tuple[Check, bool]]:
    """Calls by name, and whether each is the gateway's."""
    good = header("gws_new", "gws_old")
    return {
        "the current secret": (("gws_new", good, "POST", URL, BODY), True),
        "the one that retires": (("gws_old", good, "POST", URL, BODY), True),
        "another secret": (("gws_none", good, "POST", URL, BODY), False),
        "another method": (("gws_new", good, "GET", URL, BODY), False),
        "another URL": (("gws_new", good, "POST", f"{URL}1", BODY), False),
        "another body": (("gws_new", good, "POST", URL, BODY + b" "), False),
        "an old one": (("gws_new", header("gws_new", age=400), "POST", URL, BODY), False),
        "no header": (("gws_new", "", "POST", URL, BODY), False),
        "nonsense": (("gws_new", "t=now,v1=é,,=", "POST", URL, BODY), False),
        "no time": (("gws_new", good.partition(",")[2], "POST", URL, BODY), False),
    }


@pytest.mark.parametrize("name", checks())
def test_the_check_in_python_tells_the_gateway_from_others(page: str, name: str) -> None:
    scope: dict[str, Any] = {}
    exec(block(page, "python"), scope)  # noqa: S102 - what a provider would paste
    is_from_gateway: Callable[..., bool] = scope["is_from_gateway"]
    arguments, expected = checks()[name]

    assert is_from_gateway(*arguments) is expected


@pytest.mark.php
@pytest.mark.parametrize("name", checks())
def test_the_check_in_php_tells_the_gateway_from_others(page: str, name: str) -> None:
    (secret, sent, method, url, body), expected = checks()[name]
    arguments = json.dumps([secret, sent, method, url, body.decode()])
    code = f"{block(page, 'php')} echo json_encode(is_from_gateway(...json_decode($argv[1])));"

    done = subprocess.run(
        [str(shutil.which("php")), "-r", code, arguments], capture_output=True, text=True, timeout=20, check=True
    )

    assert json.loads(done.stdout) is expected


def test_the_example_of_an_answer_is_as_documented(page: str) -> None:
    answer = read(block(page, "json").encode())

    assert answer.is_sound
    assert answer.deviations == ()
    assert answer.accounts is not None
    assert len(answer.accounts) == 1


def test_the_figures_of_the_page_are_those_of_the_code(page: str) -> None:
    assert f"User-Agent: {USER_AGENT}\n" in page
    assert f"up to {MOST_ANSWERED_ACCOUNTS} with" in page
    assert (NAME.refusals, NAME.window.seconds) == (5, 900)
    assert (ADDRESS.refusals, ADDRESS.window.seconds) == (20, 60)
    assert (TENANT.refusals, TENANT.window.seconds) == (10, 1)
