"""The call to a provider's server, as SessionTalk documents it, and signed."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

import orjson

from gateway.upstream.client import OutboundRequest
from tenants.model import ProvisioningMethod

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from gateway.upstream.client import Headers
    from tenants.links import HttpsUrl

USER_AGENT = "SessionTalk/6.0.0 (compatible; SoftphoneGateway)"
"""Servers that look at it look for the beginning."""
SIGNATURE_HEADER = "Gateway-Signature"
_STANDARD_HEADERS = (("User-Agent", USER_AGENT), ("Cache-Control", "max-age=0"))


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a provider is asked with."""

    username: str
    password: str
    device_id: str
    reprovision: bool

    def __repr__(self) -> str:
        """Never the login."""
        return "Credentials(…)"


def make_request(
    method: ProvisioningMethod,
    url: HttpsUrl,
    credentials: Credentials,
    *,
    headers: Sequence[tuple[str, str]],
    signing_secrets: Sequence[str],
    now: datetime,
) -> OutboundRequest:
    """The request. `headers` are the tenant's own, none of which is one of ours (G2); the first secret is current."""
    sign = make_signer(signing_secrets, now)
    sent = (*_STANDARD_HEADERS, *headers)
    if method is ProvisioningMethod.GET:
        return OutboundRequest("GET", _with_query(url.text, _form(credentials)), sent, sign=sign)
    if method is ProvisioningMethod.POST_JSON:
        media_type, body = "application/json", _json(credentials)
    else:
        media_type, body = "application/x-www-form-urlencoded", _form(credentials).encode()
    return OutboundRequest("POST", url.text, (*sent, ("Content-Type", media_type)), body, sign)


def make_signer(secrets: Sequence[str], now: datetime) -> Callable[[str, str, bytes], Headers]:
    """Signs a request as it is sent: `t=<unix time>,v1=<hex HMAC-SHA256 of "time.method.url.body">`, a v1 a secret."""
    time = int(now.timestamp())

    def sign(method: str, url: str, body: bytes) -> Headers:
        signed = f"{time}.{method}.{url}.".encode() + body
        digests = [hmac.digest(secret.encode(), signed, "sha256").hex() for secret in secrets]
        return ((SIGNATURE_HEADER, ",".join([f"t={time}", *(f"v1={digest}" for digest in digests)])),)

    return sign


def _form(credentials: Credentials) -> str:
    """Percent-encoded by RFC 3986, which readers of forms understand too: a blank is %20 and never a plus."""
    pairs = {
        "username": credentials.username,
        "password": credentials.password,
        "reprovision": str(credentials.reprovision).lower(),
        "deviceId": credentials.device_id,
    }
    return "&".join(f"{name}={quote(value, safe='')}" for name, value in pairs.items())


def _json(credentials: Credentials) -> bytes:
    return orjson.dumps(
        {
            "username": credentials.username,
            "password": credentials.password,
            "reprovision": credentials.reprovision,
            "deviceId": credentials.device_id,
        }
    )


def _with_query(url: str, query: str) -> str:
    """The path and the query that is there already stay as they are."""
    if "?" not in url:
        return f"{url}?{query}"
    return f"{url}{query}" if url.endswith(("?", "&")) else f"{url}&{query}"
