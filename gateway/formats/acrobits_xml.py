"""What Acrobits' softphones, and MicroSIP, read when they are provisioned."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

from tenants.accounts import SipTransport

if TYPE_CHECKING:
    from tenants.accounts import SipAccount

INTERVAL_SECONDS = 3600
"""How often a running app asks again; it also does so at its start."""
# `tls` alone would make the app write `sips:` addresses, which servers seldom want.
_TRANSPORTS = {SipTransport.UDP: "udp", SipTransport.TCP: "tcp", SipTransport.TLS: "tls+sip:"}
# XML 1.0, production 2: there is no way to write any other character, not even as a reference.
_NO_CHARACTER = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class NotInXmlError(ValueError):
    """XML has no way to write a character of this account."""


def write_account(title: str, account: SipAccount, host: str) -> bytes:
    """`<account>` with all that the app needs; without a title it would drop the account. Raises NotInXmlError."""
    fields = {
        "title": _NO_CHARACTER.sub("", title) or host,
        "username": account.username,
        "password": account.password,
        "host": host,
        "transport": _TRANSPORTS[account.transport],
    }
    if account.auth_username is not None:
        fields["authUsername"] = account.auth_username
    if any(map(_NO_CHARACTER.search, fields.values())):
        raise NotInXmlError
    return _write("account", {**fields, "extProvInterval": str(INTERVAL_SECONDS)})


def write_error(message: str) -> bytes:
    """`<error><message>`, which the app shows."""
    return _write("error", {"message": _NO_CHARACTER.sub("", message)})


def _write(name: str, fields: dict[str, str]) -> bytes:
    root = ET.Element(name)
    for field, text in fields.items():
        ET.SubElement(root, field).text = text
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written
