"""The key ring: what encrypts values at rest, each for one place only, and what MACs are keyed with.

Fails closed: a value that does not open is an error, never an empty text.
"""

from __future__ import annotations

import hmac
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tenants.errors import UnreadableSecretError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12  # what AES-GCM is specified for
_MAC_BYTES = 16
_ID_BYTES = 4


@dataclass(frozen=True, slots=True)
class Place:
    """Where an encrypted value stands. It opens there and nowhere else."""

    tenant: int
    table: str
    column: str
    row: int

    def associated_data(self) -> bytes:
        """What is authenticated beside the value."""
        return f"{self.tenant}|{self.table}|{self.column}|{self.row}".encode()


@dataclass(frozen=True, slots=True)
class Sealed:
    """An encrypted value: which key opens it, and nonce and ciphertext in one."""

    key_id: str
    data: bytes


class KeyRing:
    """Master keys: the first encrypts and opens, the others only open. Nothing of them is ever shown."""

    def __init__(self, current: str, others: Sequence[str] = ()) -> None:
        self._masters = {_key_id(master): master.encode() for master in (*others, current)}
        self.current_id = _key_id(current)

    @property
    def key_ids(self) -> frozenset[str]:
        """The ids of all keys that open something."""
        return frozenset(self._masters)

    def seal(self, value: bytes, place: Place) -> Sealed:
        """Encrypt with the current key."""
        nonce = os.urandom(_NONCE_BYTES)
        return Sealed(
            self.current_id, nonce + self._cipher(self.current_id).encrypt(nonce, value, place.associated_data())
        )

    def open(self, sealed: Sealed, place: Place) -> bytes:
        """The value. Raises UnreadableSecretError for an unknown key, another place, or any changed bit."""
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - costs time at start

        if sealed.key_id not in self._masters:
            message = "This value was encrypted with a key that the gateway was not given."
            raise UnreadableSecretError(message)
        nonce, ciphertext = sealed.data[:_NONCE_BYTES], sealed.data[_NONCE_BYTES:]
        try:
            return self._cipher(sealed.key_id).decrypt(nonce, ciphertext, place.associated_data())
        except (InvalidTag, ValueError) as error:
            message = "This value does not open where it stands."
            raise UnreadableSecretError(message) from error

    def mac(self, purpose: str, *parts: str) -> bytes:
        """A keyed digest of 16 bytes: equal parts have equal ones, and without the key nobody can tell which."""
        encoded = [part.encode("utf-8", "surrogatepass") for part in parts]
        message = b"".join(len(part).to_bytes(4, "big") + part for part in encoded)
        return hmac.digest(self.derive(f"mac/{purpose}"), message, "sha256")[:_MAC_BYTES]

    def derive(self, purpose: str) -> bytes:
        """A key of 32 bytes for one purpose, from the current master key."""
        return _derive(self._masters[self.current_id], purpose)

    def _cipher(self, key_id: str) -> AESGCM:
        from cryptography.hazmat.primitives.ciphers import aead  # noqa: PLC0415 - costs time at start

        return aead.AESGCM(_derive(self._masters[key_id], "seal"))

    def __repr__(self) -> str:
        """Never a key."""
        return f"KeyRing({self.current_id}, {len(self._masters)} keys)"


def _key_id(master: str) -> str:
    """Tells keys apart and tells nothing about them."""
    return _derive(master.encode(), "id")[:_ID_BYTES].hex()


def _derive(master: bytes, purpose: str) -> bytes:
    # One block of HKDF-Expand: a master key is random or long, so nothing need be extracted from it first.
    return hmac.digest(master, b"softphone-gateway/" + purpose.encode(), "sha256")
