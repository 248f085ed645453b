"""The file that known-good configs outlive a process in: sealed, replaced whole, shared by all workers of a machine."""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import contextmanager
from struct import Struct
from typing import TYPE_CHECKING
from zlib import crc32

import structlog

from gateway.edge.known_good import Kept, prune
from tenants.errors import UnreadableSecretError
from tenants.keys import Place, Sealed
from tenants.known import WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tenants.keys import KeyRing

_MAGIC = b"softphone-gateway snapshot 2 %08x\n" % crc32(WORDS)
_ID_CHARACTERS = 8
_RECORD = Struct(">HLQQdd")
"""Of a tenant: how long its ProviderId is, how long its document, then the rest; both follow."""
_PLACE = Place(0, "snapshot", "file", 0)
_LARGEST = 64 * 1024 * 1024
_LOCK_SECONDS = 2.0
_LOCK_POLL_SECONDS = 0.02

log = structlog.get_logger("gateway.edge")


class BadSnapshotError(Exception):
    """The file is not what this gateway wrote; the message says how that shows."""


class SnapshotFile:
    """Authenticated encryption tells every changed, missing or added bit, so it is the checksum too.

    Beside it stand a lock, which is never removed, and for moments the file that takes its place.
    """

    def __init__(self, path: Path, keys: KeyRing) -> None:
        self._path, self._keys = path, keys
        self._loaded: tuple[int, int] | None = None
        self._lock, self._part = path.with_name(f"{path.name}.lock"), path.with_name(f"{path.name}.part")

    def load(self) -> dict[str, Kept]:
        """What it holds; nothing, with a line in the log, when it cannot be used."""
        self._loaded = self._identity()
        try:
            return self._read()
        except (OSError, BadSnapshotError) as error:
            reason = str(error) if isinstance(error, BadSnapshotError) else type(error).__name__
            log.warning("the snapshot is not used", file=self._path.name, reason=reason)
            return {}

    def has_changed(self) -> bool:
        """Whether it is another than the one that was loaded or saved last."""
        return self._identity() != self._loaded

    def _identity(self) -> tuple[int, int] | None:
        try:
            status = self._path.stat()
        except OSError:
            return None
        return status.st_ino, status.st_mtime_ns

    def save(self, kept: Mapping[str, Kept], now: float) -> dict[str, Kept]:
        """Put this beside what others have saved: of each tenant, what is known as of later. Raises OSError.

        What the file holds now.
        """
        with self._locked():
            try:
                merged = self._read()
            except BadSnapshotError:
                merged = {}
            for key, one in kept.items():
                if key not in merged or merged[key].as_of <= one.as_of:
                    merged[key] = one
            pruned = prune(merged, now)
            self._replace(self._seal(pruned))
            self._loaded = self._identity()
            return pruned

    def _read(self) -> dict[str, Kept]:
        try:
            with self._path.open("rb") as file:
                data = file.read(_LARGEST + 1)
        except FileNotFoundError:
            return {}
        if not data.startswith(_MAGIC) or len(data) > _LARGEST:
            message = "it is no snapshot of this version"
            raise BadSnapshotError(message)
        head = len(_MAGIC) + _ID_CHARACTERS
        sealed = Sealed(data[len(_MAGIC) : head].decode("ascii", "replace"), data[head:])
        try:
            return _from_bytes(self._keys.open(sealed, _PLACE))
        except UnreadableSecretError as error:
            message = "it is damaged, or sealed with a key that is not given"
            raise BadSnapshotError(message) from error

    def _seal(self, kept: Mapping[str, Kept]) -> bytes:
        sealed = self._keys.seal(_to_bytes(kept), _PLACE)
        return _MAGIC + sealed.key_id.encode() + sealed.data

    def _replace(self, data: bytes) -> None:
        """Whoever is killed in here leaves the old file, or the new one."""
        descriptor = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        self._part.replace(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        descriptor = os.open(self._lock, os.O_RDONLY | os.O_CREAT, 0o600)
        try:
            _wait_for(descriptor)
            yield
        finally:
            os.close(descriptor)  # this unlocks


def _wait_for(descriptor: int) -> None:
    """Raises BlockingIOError when others hold it for too long."""
    deadline = time.monotonic() + _LOCK_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise
            time.sleep(_LOCK_POLL_SECONDS)
        else:
            return


def _to_bytes(kept: Mapping[str, Kept]) -> bytes:
    """Piece after piece, since what is in memory for a moment is not given back soon."""
    data = bytearray()
    for key, one in kept.items():
        name, document = key.encode(), one.document or b""
        data += _RECORD.pack(len(name), len(document), one.tenant, one.revision, one.as_of, one.served)
        data += name
        data += document
    return bytes(data)


def _from_bytes(data: bytes) -> dict[str, Kept]:
    """What this gateway has sealed: it need not be checked again."""
    kept, place = dict[str, Kept](), 0
    while place < len(data):
        name_length, length, tenant, revision, as_of, served = _RECORD.unpack_from(data, place)
        begin = place + _RECORD.size + name_length
        place = begin + length
        kept[data[begin - name_length : begin].decode()] = Kept(
            tenant, data[begin:place] or None, as_of, served, revision
        )
    return kept
