"""Whether the audit log is as it was written: each chain from its first entry to its head."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from tenants.audit import LARGEST_CHAIN, LARGEST_NUMBER, AuditAction, event_id, head_mac, personal_mac
from tenants.errors import UnreadableSecretError
from tenants.store import audit_chains as store
from tenants.store.audit import chain_place

if TYPE_CHECKING:
    from tenants.keys import KeyRing
    from tenants.store.audit_chains import Head, StoredEntry
    from tenants.system import SystemScope

_AT_ONCE = 200
_ATTEMPTS = 5
"""Of a chain that is written to meanwhile."""


class FaultKind(Enum):
    """What is wrong with a chain; a member's value is what it means."""

    CHANGED = "was changed, or stands where it was not written"
    MISSING = "is missing"
    BLANKED = "was blanked, and the tenant was not deleted"
    NOT_AS_KEPT = "is not the one of which the head was kept"
    HEAD_CHANGED = "the head was changed"
    CUT_OFF = "the head says that there were more entries"
    TOO_LONG = "there are entries beyond the head"
    NO_HEAD = "the head is missing"
    NO_CHAIN = "there is no entry, though there must be"
    BEGUN_ANEW = "was not written when the tenant was made, though it must have been"
    KEY = "its key does not open"


@dataclass(frozen=True, slots=True)
class Fault:
    """The first thing that is wrong with a chain."""

    kind: FaultKind
    number: int | None = None
    """Of the first bad entry; None where it is none of them."""


@dataclass(frozen=True, slots=True)
class KeptHead:
    """Where a chain stood once, by a copy that was kept where nobody who can change the database could change it."""

    number: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of checking a chain."""

    chain: int
    head: KeptHead
    """Where it stands now; number 0 where it has none."""
    fault: Fault | None
    """None: every entry is as it was written."""
    began_with_creation: bool
    """Whether it was begun when its tenant was made: the tenant is not older than the log."""


class _FaultError(Exception):
    def __init__(self, kind: FaultKind, number: int | None = None) -> None:
        super().__init__(kind.value)
        self.fault = Fault(kind, number)


async def verify_chain(scope: SystemScope, keys: KeyRing, chain: int, kept: KeptHead | None = None) -> Verdict:
    """Check one chain in bounded memory, also while it is written to. Raises UnavailableError."""
    for _ in range(_ATTEMPTS - 1):
        head = await _find_head(scope, chain)
        verdict = await _Check(scope, keys, chain, head, kept).run()
        # A deletion that comes in between blanks entries that were still to be read: look again.
        if verdict.fault is None or await _find_head(scope, chain) == head:
            return verdict
    return await _Check(scope, keys, chain, await _find_head(scope, chain), kept).run()


async def _find_head(scope: SystemScope, chain: int) -> Head | None:
    return await store.find_head(scope, chain) if 0 <= chain <= LARGEST_CHAIN else None


class _Check:
    """One pass over one chain."""

    def __init__(self, scope: SystemScope, keys: KeyRing, chain: int, head: Head | None, kept: KeptHead | None) -> None:
        self._scope, self._keys, self._chain, self._head, self._kept = scope, keys, chain, head, kept
        self._number, self._hash, self._first_blank = 0, b"", 0
        self._began_with_creation = False

    async def run(self) -> Verdict:
        """What came of it."""
        fault: Fault | None = None
        try:
            await self._run()
        except _FaultError as error:
            fault = error.fault
        stands = KeptHead(self._head.number, self._head.hash) if self._head else KeptHead(0, b"")
        return Verdict(self._chain, stands, fault, self._began_with_creation)

    async def _run(self) -> None:
        if self._head is None:
            raise _FaultError(FaultKind.NO_HEAD)
        if not 0 <= self._head.number <= LARGEST_NUMBER:
            raise _FaultError(FaultKind.HEAD_CHANGED)
        key = self._open_key(self._head)
        self._check_head(self._head, key)
        await self._check_entries(self._head, key)
        if self._number < self._head.number:
            raise _FaultError(FaultKind.CUT_OFF, self._number + 1)
        if not _equal(self._hash, self._head.hash):
            raise _FaultError(FaultKind.HEAD_CHANGED)
        await self._check_end()
        if self._first_blank:
            raise _FaultError(FaultKind.BLANKED, self._first_blank)
        if self._kept is not None and self._kept.number > self._number:
            raise _FaultError(FaultKind.CUT_OFF, self._number + 1)

    def _open_key(self, head: Head) -> bytes:
        try:
            return self._keys.open(head.key, chain_place(self._chain))
        except UnreadableSecretError as error:
            raise _FaultError(FaultKind.KEY) from error

    def _check_head(self, head: Head, key: bytes) -> None:
        if not _equal(head.mac, head_mac(self._chain, head.number, head.hash, key)):
            raise _FaultError(FaultKind.HEAD_CHANGED)

    async def _check_end(self) -> None:
        """What is shown as the chain's stands in its places; the pass before has seen those up to the head.

        Entries that are written meanwhile have a head; it is read after the last of them, so it is never behind.
        """
        ends = await store.find_ends(self._scope, self._chain)
        head = await _find_head(self._scope, self._chain)
        if head is None or not 0 <= head.number <= LARGEST_NUMBER:
            raise _FaultError(FaultKind.HEAD_CHANGED)
        places = (event_id(self._chain, 1), event_id(self._chain, head.number))
        if ends is not None and (ends[0] < places[0] or ends[1] > places[1]):
            raise _FaultError(FaultKind.TOO_LONG, self._number + 1)

    async def _check_entries(self, head: Head, key: bytes) -> None:
        after: int | None = None
        while page := await store.list_entries(
            self._scope, self._chain, up_to=head.number, after=after, first=_AT_ONCE
        ):
            for stored in page:
                if stored is None:
                    raise _FaultError(FaultKind.CHANGED, self._number + 1)
                self._check_entry(stored, key)
                after = stored.id

    def _check_entry(self, stored: StoredEntry, key: bytes) -> None:
        entry, number = stored.entry, self._number + 1
        if (entry.number, stored.id) != (number, event_id(self._chain, number)):
            is_gap = entry.number > number and stored.id == event_id(self._chain, min(entry.number, LARGEST_NUMBER))
            raise _FaultError(FaultKind.MISSING if is_gap else FaultKind.CHANGED, number)
        if not _equal(stored.hash, entry.hash_after(self._hash, key)):
            raise _FaultError(FaultKind.CHANGED, number)
        self._check_personal(stored, key)
        if self._kept is not None and self._kept.number == number and not _equal(self._kept.hash, stored.hash):
            raise _FaultError(FaultKind.NOT_AS_KEPT, number)
        self._began_with_creation |= number == 1 and entry.action == AuditAction.TENANT_CREATED.name
        self._number, self._hash = number, stored.hash

    def _check_personal(self, stored: StoredEntry, key: bytes) -> None:
        """What a deletion blanks lies before it in the chain; what the platform keeps is never blanked."""
        entry = stored.entry
        if entry.action == AuditAction.TENANT_DELETED.name:
            self._first_blank = 0
        if stored.personal is not None:
            if not _equal(entry.personal_mac, personal_mac(stored.personal, key, self._chain, entry.number)):
                raise _FaultError(FaultKind.CHANGED, entry.number)
        elif entry.is_on_platform:
            raise _FaultError(FaultKind.BLANKED, entry.number)
        else:
            self._first_blank = self._first_blank or entry.number


def _equal(one: bytes, other: bytes) -> bool:
    return hmac.compare_digest(one, other)
