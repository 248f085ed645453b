"""Accounts as Linphone's provisioning document (lpconfig).

The app takes a document only from an answer with status 200, and throws away all logins it has before it reads it: so
each document is complete.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING
from urllib.parse import quote
from xml.etree import ElementTree as ET

from gateway.formats.content import CannotCarryError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tenants.accounts import Accounts, SipAccount
    from tenants.model import Provisioning

NAMESPACE = "http://www.linphone.org/xsds/lpconfig.xsd"
MEDIA_TYPE = "application/xml"
# RFC 3261: what may stand in the user part of a SIP address as it is.
_USER = "-_.!~*'()&=+$,;?/"
_NO_XML = re.compile("[\ufffe\uffff]")


def write_config(accounts: Accounts, settings: Provisioning) -> bytes:
    """The document. Raises CannotCarryError when there is no SIP account, or no host that the app could call."""
    if not accounts.sip:
        raise CannotCarryError("Linphone has a place for SIP accounts only, and there is none.")
    root = ET.Element("config", {"xmlns": NAMESPACE})
    for name, entries in _sections(accounts, settings):
        section = ET.SubElement(root, "section", {"name": name})
        for key, value in entries.items():
            ET.SubElement(section, "entry", {"name": key, "overwrite": "true"}).text = value
    document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def _sections(accounts: Accounts, settings: Provisioning) -> Iterator[tuple[str, Mapping[str, str]]]:
    """`transient_provisioning`: the app asks once, where it would else ask at every start."""
    encryption = {"media_encryption": "srtp"} if any(one.srtp for one in accounts.sip) else {}
    yield "misc", {"transient_provisioning": "1"}
    yield "sip", {"default_proxy": "0", **encryption}
    for number, account in enumerate(accounts.sip):
        host = account.register_at(settings.sip_domain, settings.subdomain)[0]
        if host is None:
            raise CannotCarryError("Linphone has to be told which SIP server to call, and the settings name none.")
        if _NO_XML.search(account.username + (account.auth_username or "")):
            raise CannotCarryError("A username holds a character that XML cannot say.")
        domain = host.partition(":")[0]
        yield f"proxy_{number}", _proxy(account, host, domain)
        yield f"auth_info_{number}", _auth_info(account, domain)


def _proxy(account: SipAccount, host: str, domain: str) -> dict[str, str]:
    return {
        "reg_proxy": f"<sip:{host};transport={account.transport.value.lower()}>",
        "reg_identity": f"sip:{quote(account.username, safe=_USER)}@{domain}",
        "reg_sendregister": "1",
    }


def _auth_info(account: SipAccount, realm: str) -> dict[str, str]:
    """A digest in place of the password. It holds for one realm: as in Linphone's own account manager, the domain."""
    user = account.auth_username or account.username
    ha1 = hashlib.md5(f"{user}:{realm}:{account.password}".encode(), usedforsecurity=False).hexdigest()
    own = {"userid": account.auth_username} if account.auth_username else {}
    return {"username": account.username, **own, "domain": realm, "realm": realm, "ha1": ha1, "algorithm": "MD5"}
