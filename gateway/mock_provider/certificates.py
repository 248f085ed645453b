"""A certificate authority of the mock provider's own, good certificates, and bad ones."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

import trustme

if TYPE_CHECKING:
    from pathlib import Path

_LONG_AGO = (datetime(2001, 1, 1, tzinfo=UTC), datetime(2002, 1, 1, tzinfo=UTC))
_LONG_AHEAD = (datetime(2035, 1, 1, tzinfo=UTC), datetime(2036, 1, 1, tzinfo=UTC))


class Certificates:
    """What a server shows of itself in a handshake, for one host name and everything below it."""

    def __init__(self, authority: trustme.CA, host: str) -> None:
        self._authority = authority
        self._names = (host, f"*.{host}")

    @classmethod
    def kept_in(cls, folder: Path, host: str) -> Certificates:
        """With the authority that the folder holds; a new one, kept there, when it holds none."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        certificate, key = authority_path(folder), folder / "ca-key.pem"
        if not (certificate.exists() and key.exists()):
            made = trustme.CA(organization_name="Mock provider, for development only")
            key.touch(mode=0o600)
            key.write_bytes(made.private_key_pem.bytes())
            certificate.write_bytes(made.cert_pem.bytes())
        return cls(trustme.CA.from_pem(certificate.read_bytes(), key.read_bytes()), host)

    @cached_property
    def good(self) -> ssl.SSLContext:
        """In order."""
        return _context(self._authority.issue_cert(*self._names))

    @cached_property
    def expired(self) -> ssl.SSLContext:
        """Valid until long ago."""
        return self._within(_LONG_AGO)

    @cached_property
    def not_yet_valid(self) -> ssl.SSLContext:
        """Valid from some day on."""
        return self._within(_LONG_AHEAD)

    @cached_property
    def of_another_host(self) -> ssl.SSLContext:
        """In order, but somebody else's."""
        return _context(self._authority.issue_cert("somebody-else.example"))

    @cached_property
    def of_unknown_authority(self) -> ssl.SSLContext:
        """The right name, by an authority that nobody trusts."""
        return _context(trustme.CA().issue_cert(*self._names))

    def _within(self, when: tuple[datetime, datetime]) -> ssl.SSLContext:
        return _context(self._authority.issue_cert(*self._names, not_before=when[0], not_after=when[1]))


def authority_path(folder: Path) -> Path:
    """The file for GATEWAY_UPSTREAM_CA."""
    return folder / "ca.pem"


def _context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def server_name(hello: bytes) -> str | None:
    """The name that a caller's first bytes ask for; None while they are too few, or ask for none."""
    names: list[str | None] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.sni_callback = lambda _connection, name, _context: names.append(name)
    incoming = ssl.MemoryBIO()
    incoming.write(hello)
    try:
        context.wrap_bio(incoming, ssl.MemoryBIO(), server_side=True).do_handshake()
    except ssl.SSLError:
        return names[0] if names else None
    return None
