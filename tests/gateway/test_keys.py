"""`gateway keys list`, `gateway keys rotate` and what a start says about keys, as processes on real databases."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
import pytest
from tortoise.connection import get_connections

from tenants import database
from tenants.access import TenantScope
from tenants.actions.create import create_tenant
from tenants.actions.signing import rotate_signing_secret
from tenants.binding import CONNECTION
from tenants.database import transaction
from tenants.keys import KeyRing
from tenants.model import AppKind, ProvisioningHeader
from tenants.rows import SecretRow
from tenants.store import drafts, secrets, tenants
from tenants.system import SystemScope
from tests.databases import looking_at_rows
from tests.operators import EMAIL, SignedIn, run_gateway, sign_up
from tests.servers import gateway, gateway_process

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 25, tzinfo=UTC)
FIRST, SECOND = (f"SECRET-key-{word}-0123456789-abcdefgh" for word in ("one", "two"))
OLD, NEW = KeyRing(FIRST), KeyRing(SECOND)
SYSTEM = SystemScope("a test")


def keys(command: str, url: str, current: str, *others: str) -> subprocess.CompletedProcess[str]:
    return gateway(
        "keys", command, "--database", url, GATEWAY_SECRET_KEY=current, GATEWAY_OLD_SECRET_KEYS=",".join(others)
    )


def run_on(url: str, work: Coroutine[Any, Any, Any]) -> Any:
    """Something done to the database between two processes."""

    async def connected() -> Any:
        await database.connect(url)
        try:
            with looking_at_rows():
                return await work
        finally:
            await database.disconnect()

    return asyncio.run(connected())


async def fill() -> TenantScope:
    """A tenant with two headers and a signing secret under the old key, beside one of the derived kind."""
    system = SYSTEM.platform(OLD)
    made = await create_tenant(system, provider_id="AcmeInc", name=None, app=AppKind.GENERIC, now=NOW)
    scope = system.created(made.id)
    async with transaction():
        for value in ("SECRET-1", "SECRET-2"):
            await secrets.insert_header(scope, OLD, value, NOW)
    await rotate_signing_secret(scope, OLD, NOW)
    return scope


@pytest.fixture
def filled_url(database_url: str) -> str:
    """Four values and the key of a chain, all under the old key."""
    run_on(database_url, fill())
    return database_url


def table(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


def test_the_keys_are_listed_by_id_with_what_they_encrypt(filled_url: str) -> None:
    before = keys("list", filled_url, SECOND, FIRST)
    missing = keys("list", filled_url, SECOND)
    rotated = keys("rotate", filled_url, SECOND, FIRST)
    after = keys("list", filled_url, SECOND, FIRST)

    head, none, all_of_it = ["key", "secret", "setup_link", "audit_chain"], ["0", "0", "0"], ["4", "0", "1"]
    new, old = NEW.current_id, OLD.current_id
    assert table(before.stdout) == [head, [new, *none, "current"], [old, *all_of_it, "opens"]]
    assert table(missing.stdout) == [head, [new, *none, "current"], [old, *all_of_it, "missing"]]
    assert table(after.stdout) == [head, [new, *all_of_it, "current"], [old, *none, "opens"]]
    assert (rotated.returncode, rotated.stderr) == (0, "")
    assert rotated.stdout == f"Encrypted with the key {NEW.current_id}: 5 value(s).\n"
    assert "SECRET" not in "".join(run.stdout + run.stderr for run in (before, missing, rotated, after))


def test_a_value_that_does_not_open_is_reported_and_the_exit_code_says_so(filled_url: str) -> None:
    async def break_one() -> SecretRow:
        row = await SecretRow.filter(kind="HEADER").first()
        assert row is not None
        async with transaction():
            await SecretRow.filter(id=row.id).update(sealed=b"SECRET that nothing opens")
        return row

    row = run_on(filled_url, break_one())

    run = keys("rotate", filled_url, SECOND, FIRST)

    assert run.returncode == 1
    assert run.stdout == f"Encrypted with the key {NEW.current_id}: 4 value(s).\n"
    assert run.stderr == f"gateway: secret {row.id} of tenant {row.tenant_id} does not open.\n"


def test_without_the_old_key_nothing_is_rotated_and_nothing_is_lost(filled_url: str) -> None:
    wrong = keys("rotate", filled_url, SECOND)
    right = keys("rotate", filled_url, SECOND, FIRST)

    assert (wrong.returncode, wrong.stderr.count("does not open")) == (1, 5)
    assert (right.returncode, right.stdout) == (0, f"Encrypted with the key {NEW.current_id}: 5 value(s).\n")


@pytest.mark.parametrize("profile", ["production", "development"])
def test_a_start_without_a_key_that_stored_values_need_is_refused_in_one_line(filled_url: str, profile: str) -> None:
    run = gateway("serve", "--port", "0", "--profile", profile, "--database", filled_url, GATEWAY_SECRET_KEY=SECOND)

    assert (run.returncode, run.stdout) == (1, "")
    assert len(run.stderr.splitlines()) == 1
    assert f"{OLD.current_id} (5 value(s)). Give it in GATEWAY_OLD_SECRET_KEYS" in run.stderr
    assert ("gateway.key" in run.stderr) == (profile == "development")
    assert "SECRET-" not in run.stderr


def test_who_has_set_a_key_beside_a_key_file_is_not_sent_to_the_file_that_nobody_reads(filled_url: str) -> None:
    run = gateway("serve", "--port", "0", "--database", filled_url, GATEWAY_SECRET_KEY=SECOND)

    assert "GATEWAY_OLD_SECRET_KEYS or, if GATEWAY_SECRET_KEY is not set, as a further line of" in run.stderr


@pytest.mark.parametrize("command", ["list", "rotate"])
def test_a_database_that_a_typo_names_gets_no_key(tmp_path: Path, command: str) -> None:
    run = gateway("keys", command, "--database", f"sqlite:///{tmp_path}/typo/gateway.db")

    assert (run.returncode, run.stdout) == (1, "")
    assert "does not exist" in run.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_start_with_the_old_key_beside_the_new_one_serves_in_every_process(filled_url: str) -> None:
    env = {"GATEWAY_SECRET_KEY": SECOND, "GATEWAY_OLD_SECRET_KEYS": FIRST, "GATEWAY_PROFILE": "production"}
    with gateway_process("serve", "--port", "0", "--workers", "2", "--database", filled_url, env=env) as server:
        answers = [httpx2.get(f"{server.ready[0]}/readyz", timeout=60, trust_env=False).status_code for _ in range(4)]

    assert answers == [200] * 4


def test_a_gateway_that_saves_headers_all_the_while_is_not_disturbed(filled_url: str) -> None:
    async def headers() -> list[ProvisioningHeader]:
        (tenant,) = await tenants.list_all(SYSTEM)
        return [*(await drafts.get_draft(SYSTEM.tenant(tenant.id, OLD))).config.provisioning.headers]

    async def opened(stored: list[ProvisioningHeader]) -> list[tuple[str, str]]:
        (tenant,) = await tenants.list_all(SYSTEM)
        return await secrets.open_headers(SYSTEM.tenant(tenant.id, OLD), NEW, stored)

    env = {"GATEWAY_SECRET_KEY": SECOND, "GATEWAY_OLD_SECRET_KEYS": FIRST}
    with gateway_process("serve", "--port", "0", "--database", filled_url, env=env) as server:
        admin = sign_up(server)
        admin.join(run_gateway("people", "invite", EMAIL, "--tenant", "AcmeInc", database=filled_url, **env))
        rotating = [start_rotation(filled_url) for _ in range(2)]
        answers = [save_header(admin, version) for version in range(1, 16)]
        codes = [process.wait(60) for process in rotating]

    assert answers == ["DraftSaved"] * 15
    assert codes == [0] * 2
    assert run_on(filled_url, opened(run_on(filled_url, headers()))) == [("X-Key", "SECRET-15")]
    assert table(keys("list", filled_url, SECOND, FIRST).stdout)[1] == [NEW.current_id, "3", "0", "2", "current"]


def start_rotation(url: str) -> subprocess.Popen[bytes]:
    env = {**os.environ, "GATEWAY_SECRET_KEY": SECOND, "GATEWAY_OLD_SECRET_KEYS": FIRST}
    command = [sys.executable, "-m", "gateway", "keys", "rotate", "--database", url]
    return subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL)


def save_header(admin: SignedIn, version: int) -> str:
    """Another value each time; what the answer is."""
    tenant = admin.ask('{ tenant(providerId: "AcmeInc") { id } }')["id"]
    save = "mutation($input: SaveProvisioningInput!) { saveProvisioning(input: $input) { __typename } }"
    header = {"name": "X-Key", "value": f"SECRET-{version}"}
    sent = {"tenantId": tenant, "expectedVersion": version, "provisioning": {"headers": [header]}}
    return str(admin.ask(save, {"input": sent})["__typename"])


def test_the_key_file_of_development_may_hold_an_older_key_in_its_second_line(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'gateway.db'}"
    file = tmp_path / "gateway.key"
    file.write_text(f"{FIRST}\n")
    asyncio.run(database.migrate(url))
    run_on(url, fill())
    file.write_text(f"{SECOND}\n\n{FIRST}\n")

    listed = gateway("keys", "list", "--database", url)
    rotated = gateway("keys", "rotate", "--database", url)
    file.write_text(f"{SECOND}\n")
    with gateway_process("serve", "--port", "0", "--database", url, env={}) as server:
        answer = httpx2.get(f"{server.ready[0]}/readyz", timeout=60, trust_env=False)

    assert [line[0] for line in table(listed.stdout)[1:]] == [NEW.current_id, OLD.current_id]
    assert (rotated.returncode, rotated.stderr) == (0, "")
    assert answer.status_code == 200


def test_values_of_a_key_that_is_lost_for_good_are_deleted_by_hand_as_the_documentation_says(
    filled_url: str,
) -> None:
    text = (ROOT / "docs" / "operating.md").read_text("utf-8")
    statements = re.findall(r"^(DELETE FROM .* key_id = ')KEY('.*;)$", text, re.MULTILINE)

    async def forget() -> None:
        async with transaction():
            for before, after in statements:
                await get_connections().get(CONNECTION).execute_query(f"{before}{OLD.current_id}{after}")

    run_on(filled_url, forget())
    env = {"GATEWAY_SECRET_KEY": SECOND}
    with gateway_process("serve", "--port", "0", "--database", filled_url, env=env) as server:
        answer = httpx2.get(f"{server.ready[0]}/readyz", timeout=60, trust_env=False)

    assert len(statements) == 4
    assert answer.status_code == 200
