"""`gateway check`: each thing that can be wrong is told with its cure, and fails the command."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gateway.context import utc_now
from gateway.deployment import Finding, Verdict, check_files, check_stored
from gateway.settings import Profile, Secret, Settings
from tenants import database
from tenants.access import CREDENTIALS
from tenants.actions.create import create_tenant
from tenants.audit import AuditAction
from tenants.database import transaction
from tenants.email import EmailAddress
from tenants.keys import KeyRing
from tenants.model import AppKind
from tenants.store import audit, people, secrets
from tests import make
from tests.served import ServedDatabase

if TYPE_CHECKING:
    from collections.abc import Iterator


ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
KEY = "SECRET-key-of-the-check-0123456789"
PUBLIC = "https://gateway.example"
PRODUCTION = Settings(profile=Profile.PRODUCTION, secret_key=Secret(KEY), public_url=PUBLIC)


def check(url: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gateway", "check", "--database", url],
        cwd=ROOT / "docs",
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "GATEWAY_SECRET_KEY": KEY, **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


async def look(settings: Settings, *, keys: KeyRing = make.KEYS, now: datetime | None = None) -> dict[str, Finding]:
    """By thing, what is said of the database that is connected."""
    return {finding.thing: finding for finding in await check_stored(settings, keys, now or utc_now())}


@contextmanager
def taken(lock: Path) -> Iterator[None]:
    """As another process holds it that writes and does not end."""
    descriptor = os.open(lock, os.O_RDONLY | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def test_a_sound_database_in_development_fails_nothing_and_is_told_in_one_screen(database_url: str) -> None:
    if database_url.startswith("sqlite"):
        Path(database_url.removeprefix("sqlite:///")).chmod(0o600)

    done = check(database_url)

    assert (done.returncode, done.stderr) == (0, "")
    assert "FAIL" not in done.stdout
    assert {line.split()[1] for line in done.stdout.splitlines()} >= {"schema", "clock", "keys", "writing", "people"}
    assert len(done.stdout.splitlines()) < 20
    assert max(map(len, done.stdout.splitlines())) < 200


def test_a_database_that_is_not_up_to_date_is_told_to_be_migrated(empty_database_url: str) -> None:
    done = check(empty_database_url)

    assert done.returncode == 1
    assert "FAIL  schema" in done.stdout
    assert "run gateway migrate" in done.stdout


def test_a_check_of_a_file_that_is_not_there_makes_none(tmp_path: Path) -> None:
    done = check(f"sqlite:///{tmp_path / 'typo.db'}")

    assert done.returncode == 1
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_cannot_be_reached_is_told_without_its_password() -> None:
    done = check("postgresql://gateway:SECRET-word@127.0.0.1:9/gateway")

    assert done.returncode == 1
    assert "FAIL  database" in done.stdout
    assert "SECRET" not in done.stdout + done.stderr


def test_a_check_without_any_key_makes_none(sqlite_url: str) -> None:
    done = check(sqlite_url, GATEWAY_SECRET_KEY="")

    assert done.returncode == 1
    assert "FAIL  keys" in done.stdout
    assert not Path(sqlite_url.removeprefix("sqlite:///")).with_name("gateway.key").exists()


def test_files_that_others_can_read_are_named(tmp_path: Path) -> None:
    for name in ("gateway.db", "gateway.key"):
        (tmp_path / name).touch(mode=0o600)
    settings = Settings(database_url=f"sqlite:///{tmp_path / 'gateway.db'}")

    sound = check_files(settings)
    (tmp_path / "gateway.key").chmod(0o640)
    read_by_others = check_files(settings)

    assert [finding.verdict for finding in sound] == [Verdict.OK]
    assert [finding.verdict for finding in read_by_others] == [Verdict.FAIL]
    assert "gateway.key" in read_by_others[0].words


@pytest.mark.anyio
async def test_values_that_no_key_opens_are_told(connected: str) -> None:
    tenant = await create_tenant(
        make.ADMIN.authorize_platform(), provider_id="AcmeInc", name=None, app=AppKind.GENERIC, now=NOW
    )
    async with transaction():
        await secrets.insert_header(make.ADMIN.authorize_platform().created(tenant.id), make.KEYS, "SECRET-1", NOW)

    right, wrong = await look(Settings()), await look(Settings(), keys=KeyRing(KEY))

    assert right["keys"].verdict is Verdict.OK
    assert wrong["keys"].verdict is Verdict.FAIL
    assert make.KEYS.current_id in wrong["keys"].words


@pytest.mark.anyio
async def test_a_clock_that_is_behind_what_was_written_is_told(connected: str) -> None:
    trail = make.ADMIN.authorize_platform().trail
    written = utc_now() + timedelta(minutes=5)
    async with transaction():
        await audit.record(trail, AuditAction.SIGNED_IN, "person jane@acme.example", now=written)

    behind, right = await look(Settings()), await look(Settings(), now=written)

    assert behind["clock"].verdict is Verdict.FAIL
    assert f"{written:%H:%M:%S}" in behind["clock"].words
    assert right["clock"].verdict is (Verdict.OK if connected.startswith("sqlite") else Verdict.FAIL)


@pytest.mark.anyio
async def test_a_clock_that_is_not_the_servers_is_told(connected_postgres: str) -> None:
    ahead = await look(Settings(), now=utc_now() + timedelta(seconds=30))
    right = await look(Settings())

    assert ahead["clock"].verdict is Verdict.FAIL
    assert right["clock"].verdict is Verdict.OK


@pytest.mark.anyio
async def test_a_database_that_takes_no_writes_is_told(connected_sqlite: str) -> None:
    path = Path(connected_sqlite.removeprefix("sqlite:///"))
    lock = path.with_name(f"{path.name}.lock")

    with taken(lock):
        held = await look(Settings())
    free = await look(Settings())

    assert held["writing"].verdict is Verdict.FAIL
    assert free["writing"].verdict is Verdict.OK


@pytest.mark.anyio
async def test_that_nobody_is_platform_admin_is_told_until_somebody_is(connected: str) -> None:
    before = await look(Settings())
    async with transaction():
        await people.insert_person(
            CREDENTIALS,
            email=EmailAddress.parse("jane@acme.example"),
            name="Jane",
            password_hash="$none",
            is_platform_admin=True,
            now=NOW,
        )
    after = await look(Settings())

    assert before["people"].verdict is Verdict.NOTE
    assert after["people"].verdict is Verdict.OK


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("settings", "verdict"),
    [
        (PRODUCTION, Verdict.OK),
        (replace(PRODUCTION, public_url=None), Verdict.FAIL),
        (replace(PRODUCTION, public_url="http://gateway.example"), Verdict.FAIL),
    ],
    ids=["https", "none", "http"],
)
async def test_production_needs_an_address_at_which_browsers_keep_a_session(
    connected_sqlite: str, settings: Settings, verdict: Verdict
) -> None:
    assert (await look(settings))["address"].verdict is verdict


@pytest.mark.anyio
async def test_whoever_passes_policies_by_is_a_note_in_development_and_fails_in_production(
    connected_postgres: str,
) -> None:
    development, production = await look(Settings()), await look(PRODUCTION)

    assert development["isolation"].verdict is Verdict.NOTE
    assert production["isolation"].verdict is Verdict.FAIL
    assert "gateway grants" in production["isolation"].words


async def findings_of(served: ServedDatabase, system_role: str | None) -> dict[str, Finding]:
    """As the role that serves."""
    await database.connect(served.url, system_role=system_role)
    try:
        return await look(Settings(system_role=system_role))
    finally:
        await database.disconnect()


@pytest.mark.anyio
async def test_what_gateway_grants_prints_makes_a_sound_deployment(served: ServedDatabase) -> None:
    found = await findings_of(served, served.system_role)

    assert found["isolation"].verdict is Verdict.OK
    assert "serving_" in found["isolation"].words
    assert all(one.verdict is not Verdict.FAIL for one in found.values())


@pytest.mark.anyio
@pytest.mark.parametrize("system_role", [None, "no_such_role", "gateway"])
async def test_a_role_for_the_gateway_s_own_work_that_is_not_to_be_had_is_told(
    served: ServedDatabase, system_role: str | None
) -> None:
    found = await findings_of(served, system_role)

    assert found["isolation"].verdict is Verdict.FAIL
    assert "SYSTEM_ROLE" in found["isolation"].words or "gateway grants" in found["isolation"].words
