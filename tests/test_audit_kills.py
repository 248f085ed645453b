"""A gateway killed again and again while it changes things: as many entries as changes, and every chain verifies."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import httpx2
import pytest

from tests.operators import SignedIn, sign_up
from tests.proofs import count
from tests.servers import RunningProcess, gateway_process
from tests.tenants.inspection import execute, fetch

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = [pytest.mark.slow, pytest.mark.proof]

ROOT = Path(__file__).parents[1]
KEY = "SECRET-key-for-kills-0123456789-ab"
CHANGES, KILLS = count(full=1_000, ci=40), count(full=50, ci=3)
WRITERS = 4
SOONEST, LATEST = 0.1, 0.8
"""Seconds from the start of the writers to the kill."""
CONTENT = {"accounts": {"sipAccounts": [{"username": "1000", "password": "SECRET-sip", "transport": "TLS"}]}}

VERSION = "query($id: ID!) { node(id: $id) { ... on Tenant { draft { version } } } }"
SAVE = "mutation($input: SaveBrandingInput!) { saveBranding(input: $input) { __typename } }"
RENAME = "mutation($input: RenameTenantInput!) { renameTenant(input: $input) { __typename } }"
PUBLISH = "mutation($input: PublishInput!) { publish(input: $input) { __typename } }"
SUSPEND = "mutation($input: SuspendTenantInput!) { suspendTenant(input: $input) { __typename } }"
RESUME = "mutation($input: ResumeTenantInput!) { resumeTenant(input: $input) { __typename } }"
LINK = """mutation($input: CreateSetupLinkInput!) { createSetupLink(input: $input) { __typename
    ... on SetupLinkCreated { setupLink { id } } } }"""
REVOKE = "mutation($input: RevokeSetupLinkInput!) { revokeSetupLink(input: $input) { __typename } }"

# What stands in the tables of each tenant, and what the log says that was done to it.
STATE = """
SELECT t.id, d.version - 1,
  (SELECT count(*) FROM revision r WHERE r.tenant_id = t.id),
  (SELECT count(*) FROM setup_link l WHERE l.tenant_id = t.id),
  (SELECT count(*) FROM setup_link l WHERE l.tenant_id = t.id AND l.revoked_at IS NOT NULL),
  CASE WHEN t.is_suspended THEN 1 ELSE 0 END
FROM tenant t JOIN draft d ON d.tenant_id = t.id ORDER BY t.id
"""
LOG = "SELECT chain, action, request_id FROM audit_event ORDER BY chain, number"


@dataclass(slots=True)
class Done:
    """What all writers together were told, and were not."""

    acknowledged: list[str] = field(default_factory=list)
    """Ids of the requests whose answer says that something was changed."""
    unanswered: int = 0
    links: list[str] = field(default_factory=list)


class Writer:
    """Changes things of a tenant at random, until nobody answers any more."""

    def __init__(self, admin: SignedIn, tenants: list[str], done: Done, chance: random.Random) -> None:
        self._client = httpx2.Client(base_url=admin.url, headers=admin.headers, timeout=20, trust_env=False)
        self._tenants, self._done, self._chance = tenants, done, chance

    def run(self) -> None:
        with self._client, suppress(httpx2.TransportError):
            while True:
                self._change(self._chance.choice(self._tenants))

    def _change(self, tenant: str) -> None:
        change: Callable[[str], None] = self._chance.choice(
            [self._save, self._save, self._rename, self._publish, self._link, self._revoke, self._suspend, self._resume]
        )
        change(tenant)

    def _save(self, tenant: str) -> None:
        color = f"#{self._chance.randrange(2**24):06x}"
        self._send(SAVE, {**self._versioned(tenant), "branding": {"themeColor": color}}, "DraftSaved")

    def _rename(self, tenant: str) -> None:
        name = f"Name {self._chance.randrange(10**6)}"
        self._send(RENAME, {**self._versioned(tenant), "name": name}, "TenantRenamed")

    def _publish(self, tenant: str) -> None:
        self._send(PUBLISH, self._versioned(tenant), "ConfigPublished")

    def _link(self, tenant: str) -> None:
        made = self._send(LINK, {"tenantId": tenant, "content": CONTENT}, "SetupLinkCreated")
        if made["__typename"] == "SetupLinkCreated":
            self._done.links.append(made["setupLink"]["id"])

    def _revoke(self, _tenant: str) -> None:
        if self._done.links:
            self._send(REVOKE, {"setupLinkId": self._chance.choice(self._done.links)})

    def _suspend(self, tenant: str) -> None:
        self._send(SUSPEND, {"tenantId": tenant, "reason": "unpaid"})

    def _resume(self, tenant: str) -> None:
        self._send(RESUME, {"tenantId": tenant})

    def _versioned(self, tenant: str) -> dict[str, Any]:
        sent = {"query": VERSION, "variables": {"id": tenant}}
        found = self._client.post("/graphql", json=sent).json()["data"]["node"]
        return {"tenantId": tenant, "expectedVersion": found["draft"]["version"]}

    def _send(self, document: str, sent: dict[str, Any], success: str | None = None) -> Any:
        """The root field; a success that is certainly a change is noted by the id of its request."""
        try:
            answer = self._client.post("/graphql", json={"query": document, "variables": {"input": sent}})
        except httpx2.TransportError:
            self._done.unanswered += 1
            raise
        body = answer.json()
        assert "errors" not in body, body["errors"]
        (told,) = body["data"].values()
        if told["__typename"] == success:
            self._done.acknowledged.append(answer.headers["x-request-id"])
        return told


def gateway(url: str) -> Any:
    return gateway_process("serve", "--port", "0", "--database", url, env={"GATEWAY_SECRET_KEY": KEY})


def write_and_kill(server: RunningProcess, admin: SignedIn, tenants: list[str], done: Done, seed: int) -> None:
    """All writers at once, and the end at any moment."""
    chance = random.Random(seed)  # noqa: S311 - moments and colours, no secrets
    here = replace(admin, url=str(server.ready[0]))
    writers = [Writer(here, tenants, done, random.Random(chance.random())) for _ in range(WRITERS)]  # noqa: S311 - as above
    with ThreadPoolExecutor(WRITERS) as pool:
        writing = [pool.submit(writer.run) for writer in writers]
        time.sleep(chance.uniform(SOONEST, LATEST))
        os.killpg(server.pid, signal.SIGKILL)
    assert server.popen.wait(10) == -signal.SIGKILL
    assert [one.result() for one in writing] == [None] * WRITERS


def ask_database(url: str, query: str) -> list[tuple[Any, ...]]:
    async def ask() -> list[tuple[Any, ...]]:
        return await fetch(url, query)

    return anyio.run(ask)


def changes_in_state(url: str) -> int:
    """By what stands in the tables, whatever was answered: versions, links made, links revoked."""
    return sum(versions + links + revoked for _, versions, _, links, revoked, _ in ask_database(url, STATE))


def check_log(url: str, done: Done) -> int:
    """What the log says of each tenant is what stands in the tables; how many entries that are."""
    entries = ask_database(url, LOG)
    by_chain: dict[int, Counter[str]] = {}
    for chain, action, _ in entries:
        by_chain.setdefault(chain, Counter())[action] += 1
    explained = 0
    for tenant, versions, revisions, links, revoked, is_suspended in ask_database(url, STATE):
        told = by_chain[tenant]
        assert told["DRAFT_SAVED"] + told["TENANT_RENAMED"] + told["CONFIG_PUBLISHED"] == versions
        assert told["CONFIG_PUBLISHED"] == revisions
        assert told["SETUP_LINK_CREATED"] == links
        assert told["SETUP_LINK_REVOKED"] == revoked
        assert told["TENANT_SUSPENDED"] - told["TENANT_RESUMED"] == is_suspended
        assert told["TENANT_CREATED"] == 1
        explained += versions + links + revoked
    by_request = Counter(request for _, _, request in entries)
    assert [by_request[request] for request in done.acknowledged] == [1] * len(done.acknowledged)
    return explained


def verify(url: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gateway", "audit", "verify", "--database", url],
        cwd=ROOT,
        env={**os.environ, "GATEWAY_SECRET_KEY": KEY},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_audit_kills(database_url: str) -> None:
    with gateway(database_url) as server:
        admin = sign_up(server)
        tenants = [admin.create_tenant(name) for name in ("AcmeInc", "BrightTel", "NeighbourTel")]

    done, kills = Done(), 0
    while kills < KILLS or changes_in_state(database_url) < CHANGES:
        with gateway(database_url) as server:
            write_and_kill(server, admin, tenants, done, seed=kills)
        kills += 1

    explained = check_log(database_url, done)
    whole = verify(database_url)
    (place,) = ask_database(database_url, "SELECT min(id) FROM audit_event WHERE action = 'CONFIG_PUBLISHED'")[0]
    anyio.run(execute, database_url, f"UPDATE audit_event SET action = 'DRAFT_SAVED' WHERE id = {place}")
    edited = verify(database_url)

    assert explained == changes_in_state(database_url) >= CHANGES
    assert (whole.returncode, whole.stderr) == (0, "")
    assert len(re.findall(r": \d+ entr(?:y|ies), as written$", whole.stdout, re.MULTILINE)) == 4
    assert edited.returncode == 1
    assert re.search(rf"entry {place % 10**9}: was changed", edited.stderr)
    sys.stdout.write(
        f"{kills} kills; {explained} changes of versions and links in the tables and as many entries of them; "
        f"{len(done.acknowledged)} of them acknowledged, each once in the log; {done.unanswered} requests unanswered\n"
        f"{whole.stdout}after one entry was edited: {edited.stderr}"
    )
