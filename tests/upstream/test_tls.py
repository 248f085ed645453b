"""TLS is verified always; what is wrong with it is said in words."""

from __future__ import annotations

import socket
import ssl
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import trustme

from gateway.upstream.client import Fault, OutboundError
from gateway.upstream.trust import make_context
from tests.upstream.conftest import Client, context_of
from tests.upstream.raw_server import HOST, OK, RawServer, answering

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Serve = Callable[..., RawServer]

pytestmark = pytest.mark.anyio


async def refusal(client: Client, server: RawServer) -> OutboundError:
    """How a call ends."""
    with pytest.raises(OutboundError) as caught:
        await client.get(server.url())
    return caught.value


async def test_an_expired_certificate_is_refused(client: Client, serve: Serve, authority: trustme.CA) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    server = serve(answering(OK), context_of(authority.issue_cert(HOST, not_after=yesterday)))

    error = await refusal(client, server)

    assert (error.fault, "expired" in error.message) == (Fault.TLS, True)
    assert server.heads == []


async def test_a_certificate_of_tomorrow_is_refused(client: Client, serve: Serve, authority: trustme.CA) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    server = serve(answering(OK), context_of(authority.issue_cert(HOST, not_before=tomorrow)))

    error = await refusal(client, server)

    assert (error.fault, "not valid yet" in error.message) == (Fault.TLS, True)


async def test_a_certificate_for_another_host_is_refused(client: Client, serve: Serve, authority: trustme.CA) -> None:
    server = serve(answering(OK), context_of(authority.issue_cert("other.acme.example", "127.0.0.1")))

    error = await refusal(client, server)

    assert (error.fault, "another host" in error.message) == (Fault.TLS, True)
    assert server.heads == []


async def test_an_unknown_authority_is_refused(client: Client, serve: Serve) -> None:
    server = serve(answering(OK), context_of(trustme.CA().issue_cert(HOST)))

    error = await refusal(client, server)

    assert error.fault is Fault.TLS
    assert server.heads == []


async def test_a_missing_intermediate_certificate_is_named_as_the_likely_cause(
    client: Client, serve: Serve, authority: trustme.CA, tmp_path: Path
) -> None:
    leaf = authority.create_child_ca().issue_cert(HOST)
    (tmp_path / "leaf.pem").write_bytes(leaf.cert_chain_pems[0].bytes())
    (tmp_path / "key.pem").write_bytes(leaf.private_key_pem.bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "leaf.pem", tmp_path / "key.pem")

    error = await refusal(client, serve(answering(OK), context))

    assert "full chain" in error.advice


async def test_a_whole_chain_is_believed(client: Client, serve: Serve, authority: trustme.CA) -> None:
    server = serve(answering(OK), context_of(authority.create_child_ca().issue_cert(HOST)))

    assert (await client.get(server.url())).status == 200


async def test_plain_http_on_the_port_is_named(client: Client, serve: Serve) -> None:
    def script(connection: socket.socket, server: RawServer) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

    error = await refusal(client, serve(script, None))

    assert (error.fault, "does not speak TLS" in error.message) == (Fault.TLS, True)


async def test_hanging_up_in_the_handshake_is_named(client: Client, serve: Serve) -> None:
    error = await refusal(client, serve(lambda connection, server: connection.recv(65536), None))

    assert (error.fault, "during the TLS handshake" in error.message) == (Fault.TLS, True)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
async def test_tls_before_1_2_is_refused(client: Client, serve: Serve, authority: trustme.CA) -> None:
    context = context_of(authority.issue_cert(HOST))
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")

    error = await refusal(client, serve(answering(OK), context))

    assert (error.fault, "outdated" in error.message) == (Fault.TLS, True)


async def test_tls_1_2_is_good(client: Client, serve: Serve, authority: trustme.CA) -> None:
    context = context_of(authority.issue_cert(HOST))
    context.maximum_version = ssl.TLSVersion.TLSv1_2

    assert (await client.get(serve(answering(OK), context).url())).status == 200


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_a_server_that_wants_our_certificate_is_named(
    client: Client, serve: Serve, authority: trustme.CA, version: ssl.TLSVersion
) -> None:
    context = context_of(authority.issue_cert(HOST))
    context.maximum_version = version
    context.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(context)

    error = await refusal(client, serve(answering(OK), context))

    assert (error.fault, "certificate of the caller" in error.message) == (Fault.TLS, True)


async def test_a_hostile_choice_of_key_exchange_is_not_offered() -> None:
    names = [str(cipher["name"]) for cipher in make_context(None).get_ciphers()]

    assert names
    assert all(name.startswith(("TLS_", "ECDHE-")) for name in names)


async def test_the_secrets_of_connections_are_written_nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))

    context = make_context(None)

    assert [context.keylog_filename, context.check_hostname, context.verify_mode] == [None, True, ssl.CERT_REQUIRED]
    assert context.get_ca_certs()
