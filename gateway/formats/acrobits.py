"""Acrobits Cloud Softphone's QR codes. The parts are url-encoded, so they carry whatever a login may hold."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

from tenants.accounts import LoginPair

_CODE = re.compile(r"csc:(?:(?P<user>[^:@]+):(?P<password>[^:@]+)@)?(?P<cloud_id>[A-Za-z0-9_-]{1,63})")


def write(cloud_id: str, login: LoginPair | None = None) -> str:
    """`csc:username:password@CODE`, or `csc:CODE`: the app asks its user for what is not inside."""
    if login is None:
        return f"csc:{cloud_id}"
    return f"csc:{quote(login.username, safe='')}:{quote(login.password, safe='')}@{cloud_id}"


def read(payload: str) -> tuple[str, LoginPair | None]:
    """The Cloud ID and the login. Raises ValueError."""
    match = _CODE.fullmatch(payload)
    if match is None:
        raise ValueError
    user, password = match["user"], match["password"]
    login = LoginPair(unquote(user, errors="strict"), unquote(password, errors="strict")) if user else None
    return match["cloud_id"], login
