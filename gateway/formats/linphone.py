"""Linphone's QR codes: the address that the app is provisioned from, good for one phone."""

from __future__ import annotations

import re

from tenants.setup_links import SetupToken

PATH = "/provisioning/linphone/"
_ADDRESS = re.compile(rf"https?://[^\s?#]+?{PATH}(?P<token>[A-Za-z0-9_-]{{43}})")


def write(base_url: str, token: SetupToken) -> str:
    """Where the phone fetches its accounts, once."""
    return f"{base_url}{PATH}{token.text}"


def read(payload: str) -> SetupToken:
    """The token. Raises ValueError."""
    match = _ADDRESS.fullmatch(payload)
    if match is None:
        raise ValueError
    return SetupToken(match["token"])
