"""Whose certificates are believed. Nothing turns verification off."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# Forward secrecy on curves only: a hostile server chooses the group of a finite-field exchange, at our expense.
_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AES:!aNULL:!eNULL:!SHA1"


def make_context(ca_file: Path | None) -> ssl.SSLContext:
    """The system's authorities, certifi's, and those of a file; names checked, TLS 1.2 or later."""
    import certifi  # noqa: PLC0415 - only needed here

    # Not `ssl.create_default_context`, which writes the secrets of connections where SSLKEYLOGFILE says.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_CIPHERS)
    context.load_default_certs()
    context.load_verify_locations(certifi.where())
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    return context
