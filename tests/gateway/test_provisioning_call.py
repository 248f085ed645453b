"""The call to a provider's server: where the four fields go, which headers, how it is signed."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime
from urllib.parse import parse_qsl, unquote_plus

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.provisioning.answer import Answer
from gateway.provisioning.call import USER_AGENT, Credentials, make_request
from gateway.provisioning.failures import failure_of, unavailable, wished_seconds
from gateway.provisioning.outcomes import (
    AccountsAction,
    Instruction,
    Off,
    Provisioned,
    ProvisioningFailure,
    ProvisioningRefusal,
    Refused,
)
from gateway.provisioning.provisioner import SignIn
from gateway.schema.accounts import SipAccount
from gateway.schema.provisioning import CredentialsInput, GenericCredentialsInput, ProvisionInput
from gateway.upstream.client import Fault, OutboundAnswer, OutboundRequest
from tenants import accounts
from tenants.errors import InvalidValueError
from tenants.headers import parse_header_name
from tenants.identity import ProviderId
from tenants.links import HttpsUrl
from tenants.model import AppKind, Provisioning, ProvisioningMethod

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
URL = "https://pbx.acme.example/provisioning"
LOGIN = Credentials("jbloggs", "SECRET-7578", "3kQs875391li29", reprovision=False)
SECRETS = ("gws_current", "gws_retiring")
GET, POST_JSON, POST_FORM = ProvisioningMethod
TEXT = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=30)


def request_of(
    method: ProvisioningMethod = GET,
    url: str = URL,
    login: Credentials = LOGIN,
    headers: tuple[tuple[str, str], ...] = (),
) -> OutboundRequest:
    return make_request(method, HttpsUrl.parse(url), login, headers=headers, signing_secrets=SECRETS, now=NOW)


@pytest.mark.parametrize(
    ("url", "beginning"),
    [
        (URL, "https://pbx.acme.example/provisioning?username="),
        (f"{URL}/", "https://pbx.acme.example/provisioning/?username="),
        ("https://pbx.acme.example", "https://pbx.acme.example/?username="),
        (f"{URL}?key=a%20b&v=2", "https://pbx.acme.example/provisioning?key=a%20b&v=2&username="),
        (f"{URL}?", "https://pbx.acme.example/provisioning?username="),
        (f"{URL}?a&", "https://pbx.acme.example/provisioning?a&username="),
    ],
)
def test_a_get_adds_four_fields_to_the_url_and_keeps_the_rest_as_typed(url: str, beginning: str) -> None:
    request = request_of(GET, url)

    fields = "jbloggs&password=SECRET-7578&reprovision=false&deviceId=3kQs875391li29"
    is_as_documented = request.url == beginning + fields
    assert (request.method, is_as_documented, request.body) == ("GET", True, b"")


def test_a_field_is_percent_encoded_by_rfc_3986() -> None:
    login = Credentials("10 00+a&b=ü", "29de?8&a=1#x+%", "-._~/", reprovision=True)

    url = request_of(GET, login=login).url

    query = "10%2000%2Ba%26b%3D%C3%BC&password=29de%3F8%26a%3D1%23x%2B%25&reprovision=true&deviceId=-._~%2F"
    is_encoded = url.endswith(f"?username={query}")
    assert is_encoded


def test_a_post_leaves_the_url_alone() -> None:
    json, form = request_of(POST_JSON, f"{URL}?v=2"), request_of(POST_FORM, f"{URL}?v=2")

    assert json.url == form.url == f"{URL}?v=2"
    assert orjson.loads(json.body) == {
        "username": "jbloggs",
        "password": "SECRET-7578",
        "reprovision": False,
        "deviceId": "3kQs875391li29",
    }
    assert form.body == b"username=jbloggs&password=SECRET-7578&reprovision=false&deviceId=3kQs875391li29"
    assert [dict(one.headers)["Content-Type"] for one in (json, form)] == [
        "application/json",
        "application/x-www-form-urlencoded",
    ]


@given(TEXT, TEXT, TEXT, st.booleans())
def test_whatever_the_user_typed_arrives(username: str, password: str, device: str, reprovision: bool) -> None:  # noqa: FBT001 - drawn
    login = Credentials(username, password, device, reprovision)
    expected = [
        ("username", username),
        ("password", password),
        ("reprovision", str(reprovision).lower()),
        ("deviceId", device),
    ]

    query = request_of(GET, login=login).url.partition("?")[2]
    form = request_of(POST_FORM, login=login).body.decode("ascii")
    json = orjson.loads(request_of(POST_JSON, login=login).body)

    read = [parse_qsl(query), parse_qsl(form), [tuple(map(unquote_plus, one.split("="))) for one in form.split("&")]]
    assert read == [expected] * 3
    assert json == {**dict(expected), "reprovision": reprovision}


def test_a_tenants_own_headers_are_sent_beside_ours() -> None:
    plain = dict(request_of().headers)
    own = request_of(headers=(("X-Api-Key", "SECRET-key"),)).headers

    assert plain == {"User-Agent": USER_AGENT, "Cache-Control": "max-age=0"}
    assert USER_AGENT.startswith("SessionTalk/6.0.0")
    assert dict(own) == {**plain, "X-Api-Key": "SECRET-key"}


@pytest.mark.parametrize("method", ProvisioningMethod)
def test_no_header_of_ours_can_be_a_tenants_too(method: ProvisioningMethod) -> None:
    request = request_of(method)
    assert request.sign is not None
    names = [name for name, _ in (*request.headers, *request.sign("GET", request.url, request.body))]

    assert names
    for name in (*names, "Host", "Connection", "Accept-Encoding", "Content-Length"):  # the client's own are the last
        with pytest.raises(InvalidValueError):
            parse_header_name(name)


@pytest.mark.parametrize("method", ProvisioningMethod)
def test_every_call_is_signed_with_each_secret_the_current_one_first(method: ProvisioningMethod) -> None:
    request = request_of(method)
    assert request.sign is not None

    ((name, value),) = request.sign(request.method, request.url, request.body)

    signed = f"{int(NOW.timestamp())}.{request.method}.{request.url}.".encode() + request.body
    digests = [hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in SECRETS]
    assert name == "Gateway-Signature"
    assert value == f"t=1795608000,v1={digests[0]},v1={digests[1]}"


def test_another_url_of_a_redirect_has_another_signature() -> None:
    request = request_of()
    assert request.sign is not None

    here, there = (request.sign("GET", url, b"") for url in (request.url, request.url + "&x=1"))

    assert here != there


def test_no_repr_shows_a_login_or_an_account() -> None:
    sip = accounts.SipAccount(username="SECRET-sip", password="SECRET-pin", transport=accounts.SipTransport.UDP)
    found, settings, acme = accounts.Accounts((sip,)), Provisioning(), ProviderId("AcmeInc")
    sign_in = SignIn(
        provider_id="AcmeInc",
        app=AppKind.GENERIC,
        username="SECRET-user",
        password="SECRET-typed",
        device_id="SECRET-device",
        reprovision=False,
    )
    answer = Answer(accounts=found, message="SECRET-message")

    shown: list[object] = [
        sign_in,
        sign_in.credentials,
        answer,
        request_of(POST_JSON),
        Off(acme, "SECRET-user", settings),
    ]
    shown += [Instruction(AccountsAction.REPLACE, found, "SECRET-notice")]
    shown += [Provisioned(acme, "SECRET-user", AccountsAction.REPLACE, found, "SECRET-notice", settings, "Acme")]
    shown += [Refused("SECRET-message", ProvisioningRefusal.PROVIDER_MESSAGE)]

    typed = GenericCredentialsInput(login="SECRET-user:AcmeInc", password="SECRET-typed")
    shown += [SipAccount.of(sip, None, None), typed]
    shown += [ProvisionInput(credentials=CredentialsInput(generic=typed), device_id="SECRET-device")]

    assert not [one for one in map(repr, shown) if "SECRET" in one]


@pytest.mark.parametrize("fault", Fault)
def test_every_fault_has_a_coarse_word(fault: Fault) -> None:
    expected = {
        Fault.BUSY: ProvisioningFailure.BUSY,
        Fault.REDIRECT: ProvisioningFailure.FAILED,
        Fault.PROTOCOL: ProvisioningFailure.BAD_ANSWER,
        Fault.ENCODING: ProvisioningFailure.BAD_ANSWER,
        Fault.SIZE: ProvisioningFailure.BAD_ANSWER,
    }

    assert failure_of(fault) is expected.get(fault, ProvisioningFailure.UNREACHABLE)


@pytest.mark.parametrize(
    ("status", "header", "seconds"),
    [
        (503, "120", 120),
        (429, " 20 ", 20),
        (503, "0", 0),
        (503, "9" * 60, 999_999_999_999),
        (503, "Wed, 25 Nov 2026 12:02:00 GMT", 120),
        (503, "Wed, 25 Nov 2026 12:02:00", 120),
        (503, "Wed, 25 Nov 2020 12:02:00 GMT", -189_302_280),
        (503, "soon", None),
        (503, "-5", None),
        (503, "²", None),
        (503, "Wed, 99 Nov 2026 12:02:00 GMT", None),
        (503, "Wed, 25 Nov 99999999999999999999 12:02:00 GMT", None),
        (503, "Wed, 25 Nov 2026 12:02:99999999999999999999 GMT", None),
        (503, "Wed, 25 Nov 2026 12:02:00 +9999999999999999", None),
        (503, "", None),
        (500, "120", None),
        (200, "120", None),
    ],
)
def test_the_provider_may_ask_for_patience(status: int, header: str, seconds: int | None) -> None:
    answer = OutboundAnswer(status, {"retry-after": header}, b"")

    assert wished_seconds(answer, NOW) == seconds


@pytest.mark.parametrize(
    ("failure", "wished", "jitter", "seconds"),
    [
        (ProvisioningFailure.UNREACHABLE, None, 0.0, 60),
        (ProvisioningFailure.UNREACHABLE, None, 0.999, 89),
        (ProvisioningFailure.BAD_ANSWER, None, 0.0, 300),
        (ProvisioningFailure.BUSY, None, 0.0, 10),
        (ProvisioningFailure.FAILED, 120, 0.0, 120),
        (ProvisioningFailure.FAILED, 120, 0.5, 150),
        (ProvisioningFailure.FAILED, -5, 0.0, 5),
        (ProvisioningFailure.FAILED, 10**11, 0.0, 3600),
    ],
)
def test_a_phone_is_told_when_to_ask_again(
    failure: ProvisioningFailure, wished: int | None, jitter: float, seconds: int
) -> None:
    refusal = unavailable(failure, "Acme Telecom", jitter=lambda: jitter, wished_seconds=wished)

    assert (refusal.failure, refusal.retry_after_seconds) == (failure, seconds)
    assert refusal.message.startswith("The sign-in service of Acme Telecom ")
