"""`gateway token`: what an operator types, what is printed, what is refused."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.gateway.test_cli import run
from tests.provider_process import import_tenants

if TYPE_CHECKING:
    from pathlib import Path

TOKEN = re.compile(r"gwt_[\w-]{43}\n")
TENANTS = "  - providerId: AcmeInc\n    app: GENERIC\n  - providerId: NeighbourTel\n    app: GENERIC\n"
CREATE = ("token", "create", "--role")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a database with two tenants lies under its usual name."""
    folder = tmp_path_factory.mktemp("tokens")
    import_tenants(TENANTS, {"GATEWAY_DATABASE_URL": f"sqlite:///{folder / 'gateway.db'}"}, folder)
    return folder


def test_a_tenants_token_is_made_listed_and_revoked(folder: Path) -> None:
    made = run(*CREATE, "editor", "--tenant", "acmeinc", "--days", "30", "--name", "robot", cwd=folder)
    admin = run(*CREATE, "platform-admin", "--name", "root", cwd=folder)
    listed = run("token", "list", cwd=folder)
    number = listed.stdout.splitlines()[1].split()[0]
    revoked = run("token", "revoke", number, cwd=folder)
    again = run("token", "revoke", number, cwd=folder)
    left = run("token", "list", cwd=folder)

    assert TOKEN.fullmatch(made.stdout)
    first, second = listed.stdout.splitlines()
    assert "platform-admin, without end, never used: root" in first
    assert re.fullmatch(rf"{number}  {made.stdout[:8]}…  editor of AcmeInc, until [\dT:-]+Z, never used: robot", second)
    assert (revoked.returncode, revoked.stdout) == (0, "Revoked.\n")
    assert (again.returncode, again.stderr) == (1, "gateway: There is no token with this id that works.\n")
    assert left.stdout.splitlines() == [first]
    assert not [text for text in (made.stdout[8:], admin.stdout[8:]) if text.strip() in listed.stdout]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("owner",), 2, "A token with the role owner needs --tenant PROVIDER_ID."),
        (("owner", "--tenant", "NoSuchTenant"), 1, "There is no tenant by this ProviderId."),
        (("owner", "--tenant", "AcmeInc", "--days", "0"), 2, "--days: "),
        (("owner", "--tenant", "AcmeInc", "--days", "367"), 2, "--days: "),
        (("owner", "--tenant", "AcmeInc", "--name", " "), 2, "--name: Something must stand here."),
        (("platform-admin", "--name", " "), 2, "--name: Something must stand here."),
        (("platform-admin", "--tenant", "AcmeInc"), 2, "A platform admin's token is for no one tenant"),
        (("platform-admin", "--days", "30"), 2, "A platform admin's token works until it is revoked"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(
    folder: Path, arguments: tuple[str, ...], code: int, message: str
) -> None:
    done = run(*CREATE, *arguments, cwd=folder)

    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.startswith(f"gateway: {message}")
    assert done.stderr.count("\n") == 1
