"""`gateway audit verify`: whether the audit log is as it was written."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.command import add_command, connected
from gateway.environment import ensure_key, key_ring
from tenants.access import PLATFORM_CHAIN
from tenants.actions.verification import Fault, FaultKind, KeptHead, Verdict, verify_chain
from tenants.store.audit_chains import list_chains
from tenants.store.tenants import find_tenant, list_all
from tenants.system import SystemScope

if TYPE_CHECKING:
    import argparse
    from collections.abc import AsyncIterator, Mapping

    from gateway.settings import Settings
    from tenants.keys import KeyRing

_VERIFY = SystemScope("verify the audit log")
_HEAD = re.compile(r"([0-9]{1,9}) ([0-9]{1,9}) ([0-9a-f]{64}|-)")
_BY_ID = "id:"


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The commands about the audit log."""
    audit = commands.add_parser("audit", help="the audit log").add_subparsers(required=True, metavar="COMMAND")
    verifying = add_command(audit, "verify", "check that the audit log is as it was written", _verify)
    verifying.add_argument("--tenant", metavar="PROVIDER_ID", help="only this one; a deleted one by its id, as in id:7")
    verifying.add_argument("--heads", action="store_true", help="print the heads of the chains, to be kept elsewhere")
    verifying.add_argument("--against", metavar="FILE", type=Path, help="compare with heads that were kept")


def _verify(asked: argparse.Namespace, settings: Settings, _overrides: dict[str, str]) -> int:
    keys = key_ring(ensure_key(settings))
    return connected(
        settings,
        lambda: verify(keys, tenant=asked.tenant, is_heads=asked.heads, against=asked.against),
        is_new_welcome=False,
    )


async def verify(keys: KeyRing, *, tenant: str | None, is_heads: bool, against: Path | None) -> int:
    """A line a chain, or its head. 0 when all that was asked about is as it was written, else 1. Raises ValueError."""
    kept = _read_heads(against) if against else {}
    names = {PLATFORM_CHAIN: "platform", **{one.id: one.provider_id.text for one in await list_all(_VERIFY)}}
    only = None if tenant is None else await _find_chain(tenant, keys)
    is_bad = False
    async for verdict in _verdicts(keys, only, kept, names):
        is_bad |= verdict.fault is not None
        _print(verdict, names.get(verdict.chain, f"deleted tenant {_BY_ID}{verdict.chain}"), is_heads=is_heads)
    return 1 if is_bad else 0


async def _verdicts(
    keys: KeyRing, only: int | None, kept: Mapping[int, KeptHead], names: Mapping[int, str]
) -> AsyncIterator[Verdict]:
    if only is not None:
        yield await verify_chain(_VERIFY, keys, only, kept.get(only))
        return
    there = await list_chains(_VERIFY)
    oldest: int | None = None
    for chain in there:
        verdict = await verify_chain(_VERIFY, keys, chain, kept.get(chain))
        if oldest is None and verdict.began_with_creation:
            oldest = chain
        # One that was removed as a whole goes on anew with the next change: by the gateway's own hand, so it verifies.
        if verdict.fault is None and oldest is not None and not verdict.began_with_creation:
            verdict = replace(verdict, fault=Fault(FaultKind.BEGUN_ANEW, 1))
        yield verdict
    for chain in sorted({*kept, *names} - set(there)):
        # A tenant that is older than the log has no chain before its next change; ids rise, so others are younger.
        if chain in kept or (oldest is not None and chain > oldest):
            yield Verdict(chain, KeptHead(0, b""), Fault(FaultKind.NO_CHAIN), began_with_creation=False)


async def _find_chain(tenant: str, keys: KeyRing) -> int:
    """By ProviderId, or by the id that a deleted one is listed with. Raises ValueError."""
    number = tenant.removeprefix(_BY_ID)
    if number != tenant and re.fullmatch("[0-9]{1,9}", number):
        return int(number)
    found = await find_tenant(_VERIFY.platform(keys), tenant)
    if found is None:
        message = f"There is no tenant by that ProviderId. A deleted one is named by its id: {_BY_ID}7."
        raise ValueError(message)
    return found.id


def _print(verdict: Verdict, name: str, *, is_heads: bool) -> None:
    if verdict.fault is not None:
        where = f"entry {verdict.fault.number}" if verdict.fault.number is not None else "the chain"
        print(f"gateway: {name}: {where}: {verdict.fault.kind.value}.", file=sys.stderr)
    elif is_heads:
        print(verdict.chain, verdict.head.number, verdict.head.hash.hex() or "-")
    else:
        entries = "entry" if verdict.head.number == 1 else "entries"
        print(f"{name}: {verdict.head.number} {entries}, as written")


def _read_heads(path: Path) -> dict[int, KeptHead]:
    """What `--heads` printed. Raises ValueError."""
    try:
        lines = path.read_text("ascii").splitlines()
    except (OSError, UnicodeDecodeError):
        message = f"{path} cannot be read."
        raise ValueError(message) from None
    matches = [_HEAD.fullmatch(line) for line in lines]
    if not all(matches):
        message = f"{path} holds something else than `gateway audit verify --heads` prints."
        raise ValueError(message)
    return {int(match[1]): KeptHead(int(match[2]), bytes.fromhex(match[3].strip("-"))) for match in matches if match}
