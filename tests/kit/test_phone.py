"""The commands of the kit's README, as a developer types them."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.kit.live import live

if TYPE_CHECKING:
    from pathlib import Path

COMMAND = re.compile(r"^python3 kit/python/phone\.py (sign-in|refresh) ?(\S*)", re.MULTILINE)


@pytest.mark.slow
def test_the_commands_of_the_readme_do_what_it_says(root: Path, tmp_path: Path) -> None:
    commands = COMMAND.findall((root / "kit" / "README.md").read_text("utf-8"))
    script, said = str(root / "kit" / "python" / "phone.py"), []

    with live(tmp_path) as place, place.gateway() as ask:
        for what, login in commands:
            options = ["--gateway", str(ask.client.base_url).rstrip("/"), "--store", str(tmp_path / "phone.json")]
            command = [sys.executable, "-W", "ignore", script, *options, what, *filter(None, [login])]
            done = subprocess.run(command, input="1234\n", capture_output=True, text=True, timeout=30, check=True)
            said.append(done.stdout.replace("Password: ", "").strip())

    down = "The sign-in service of Acme Telecom gave an answer that cannot be used. Your phone stays as it is."
    assert said == [
        "Done. Accounts: 1000",
        "Done. Accounts: 1000",
        f"{down} Accounts: 1000",
        "Done. Accounts: 1000",
        "Done. Accounts: none",
    ]
