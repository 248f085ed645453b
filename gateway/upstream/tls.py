"""The secure connection: verified always, and its refusals in words that a provider can act on."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import anyio
from anyio.streams.tls import TLSAttribute, TLSStream

from gateway.upstream.client import Fault, OutboundError

if TYPE_CHECKING:
    from gateway.upstream.stream import SocketStream

# By the code of OpenSSL's verification (X509_V_ERR_*).
_VERIFICATIONS = {
    9: ("The certificate is not valid yet.", "Check the clock of the server that issued it."),
    10: ("The certificate has expired.", "Renew the certificate, and see to it that it renews itself."),
    18: (
        "The certificate is self-signed, so nothing proves whose it is.",
        "Use a certificate of a public authority; Let's Encrypt gives them away.",
    ),
    19: (
        "The certificate comes from an authority of your own that phones and gateways do not know.",
        "Use a certificate of a public authority; Let's Encrypt gives them away.",
    ),
    20: (
        "The certificate does not lead to an authority that is known.",
        "Most often the intermediate certificate is missing: let the server send the full chain.",
    ),
    62: (
        "The certificate is for another host than the one in the URL.",
        "Use a certificate that names the host of the URL, or the URL that the certificate names.",
    ),
}
_VERIFICATIONS[21] = _VERIFICATIONS[20]
_UNVERIFIED = ("The certificate was not accepted.", "Test the server with an SSL checker, and correct what it shows.")
_NO_TLS = (
    "What listens on this port does not speak TLS.",
    "Turn https on at this port, or correct the port in the URL.",
)
_OLD_TLS = ("The server offers only outdated versions of TLS.", "Turn TLS 1.2 or 1.3 on.")
_BROKEN_OFF = (
    "The server broke the TLS handshake off: no cipher in common, or it wants a certificate of the caller.",
    "Turn TLS 1.3, or ECDHE ciphers of TLS 1.2, on, and client certificates off for this path.",
)
_CLIENT_CERTIFICATE = (
    "The server wants a certificate of the caller, and the gateway has none.",
    "Turn client certificates off for this path; the gateway signs its calls, which you can check instead.",
)
_HUNG_UP = (
    "The server closed the connection during the TLS handshake.",
    "Look for the call in the error log of your web server; often no certificate is set up for this host.",
)
_BROKEN = (
    "The secure connection could not be made.",
    "Test the server with an SSL checker, and correct what it shows.",
)
# By the reason of OpenSSL's error, each a part of its name.
_REASONS = {
    "WRONG_VERSION_NUMBER": _NO_TLS,
    "HTTP_REQUEST": _NO_TLS,
    "PACKET_LENGTH_TOO_LONG": _NO_TLS,
    "RECORD_LAYER_FAILURE": _NO_TLS,
    "UNSUPPORTED_PROTOCOL": _OLD_TLS,
    "PROTOCOL_VERSION": _OLD_TLS,
    "HANDSHAKE_FAILURE": _BROKEN_OFF,
    "CERTIFICATE_REQUIRED": _CLIENT_CERTIFICATE,
    "BAD_CERTIFICATE": _CLIENT_CERTIFICATE,
    "UNRECOGNIZED_NAME": (
        "The server has no certificate for the host in the URL.",
        "Set up the host, with its certificate, at your web server.",
    ),
}


async def secure(raw: SocketStream, context: ssl.SSLContext, host: str) -> TLSStream:
    """A secure connection to the host by that name. Raises OutboundError, TLS."""
    try:
        return await TLSStream.wrap(
            raw, ssl_context=context, hostname=host, standard_compatible=False, server_side=False
        )
    except ssl.SSLError as error:
        raise refusal(error) from None
    except (OSError, anyio.EndOfStream, anyio.BrokenResourceError):
        raise OutboundError(Fault.TLS, *_HUNG_UP) from None


def refusal(error: ssl.SSLError) -> OutboundError:
    """In words; the library's own could hold what the server sent."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return OutboundError(Fault.TLS, *_VERIFICATIONS.get(error.verify_code, _UNVERIFIED))
    reason = error.reason or ""
    words = next((words for part, words in _REASONS.items() if part in reason), _BROKEN)
    return OutboundError(Fault.TLS, *words)


def described(stream: TLSStream) -> tuple[str, datetime]:
    """The version spoken, and when the server's own certificate ends."""
    seen = stream.extra_attributes
    certificate = seen[TLSAttribute.peer_certificate]()
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(certificate["notAfter"]), UTC)
    return seen[TLSAttribute.tls_version](), ends
