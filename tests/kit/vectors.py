"""The golden vectors of the kit, as a live gateway gives them. `python -m tests.kit.vectors` writes them anew."""

from __future__ import annotations

import asyncio
import json
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.mock_provider.call import PATH, Call
from gateway.mock_provider.catalogue import MODES
from gateway.mock_provider.wire import Wire
from tenants.links import fill
from tests.kit.live import KIT, ROOT, Ask, Live, live

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Vector = dict[str, Any]
FOLDER = KIT / "vectors"
DEVICE = "3kQs875391li29"
PASSWORD = "1234"
TOKEN = "x" * 43
"""In place of a real one, which is another each time."""
RETRY_SECONDS = 60
"""In place of what the gateway says, which has a random part."""
_LONGEST_SENT = 1500
_LONGEST_NASTY = 64
_CALLS_OF_ONE_GATEWAY = 19  # of twenty, the breaker takes ten failures for an outage

SHOWN = (
    *(
        "accounts",
        "new-account",
        "all-fields",
        "full-host",
        "with-xmpp",
        "xmpp-only",
        "message",
        "keep",
        "keep-message",
    ),
    *("log-out", "log-out-message", "wrong-password", "unauthorized", "forbidden-message", "not-found"),
    *("always-string-false", "string-true", "string-false-empty", "string-true-empty", "no-lines", "no-lines-false"),
    *("contact-support", "empty-message", "null-message", "empty-texts", "lower-case", "unknown-fields", "bom"),
    *("no-content-type", "wrong-charset", "created", "redirect-drops", "redirect-307", "hang", "html", "500-log-out"),
    *("503", "204", "empty", "truncated", "no-list", "one-invalid", "bad-transport", "update-number", "update-missing"),
    *("update-nonsense", "duplicate-keys", "closes-early", "to-http", "huge-message", "bidi-message", "deep"),
)
"""Every row of the fail-static table, and what providers do most."""


# What the app shows


CONFIGS = {
    "a generic app with external provisioning": ("AcmeInc", "GENERIC"),
    "a ProviderId in another spelling": ("acmeinc", "GENERIC"),
    "a whitelabel app with words of its own": ("BrightTel", "WHITELABEL"),
    "standard sign-in at the provider's SIP domain": ("PlainVoice", "GENERIC"),
    "standard sign-in at the app's own SIP domain": ("Own-Domain", "WHITELABEL"),
    "a ProviderId that nobody has": ("NoSuchTenant", "GENERIC"),
    "a generic app and a whitelabel provider": ("BrightTel", "GENERIC"),
    "a whitelabel app and a generic provider": ("AcmeInc", "WHITELABEL"),
    "a ProviderId that cannot be one": ("Acme Inc:%00", "GENERIC"),
}


def config_vectors(live: Live) -> Iterator[Vector]:
    with live.gateway() as ask:
        for name, (provider_id, app) in CONFIGS.items():
            variables = {"providerId": provider_id, "app": app}
            answer = ask.phone("SoftphoneConfig", variables)
            found = answer["data"]["softphoneConfig"]
            is_shown = found["__typename"] == "SoftphoneConfig"
            phone = {"config": "SHOWN" if is_shown else "KEPT", "shows": None if is_shown else found["message"]}
            yield vector(name, "SoftphoneConfig", variables, answer, phone)


def vector(name: str, document: str, variables: Vector, answer: Vector, phone: Vector, **more: Any) -> Vector:
    request = {"document": f"documents/{document}.graphql", "variables": variables}
    return {"name": name, "request": request, **more, "answer": answer, "phone": phone}


# Signing in


LOGINS: dict[str, Vector] = {
    "the last colon divides": {"generic": {"login": "accounts+10:00:AcmeInc", "password": PASSWORD}},
    "blanks around both parts": {"generic": {"login": "  accounts+1001 : acmeinc ", "password": PASSWORD}},
    "a username with an at sign": {"generic": {"login": "accounts+j@acme.example:AcmeInc", "password": PASSWORD}},
    "no ProviderId": {"generic": {"login": "accounts", "password": PASSWORD}},
    "an empty ProviderId": {"generic": {"login": "accounts:", "password": PASSWORD}},
    "an empty username": {"generic": {"login": ":AcmeInc", "password": PASSWORD}},
    "an empty password": {"generic": {"login": "accounts:AcmeInc", "password": ""}},
    "a ProviderId that nobody has": {"generic": {"login": "accounts:NoSuchTenant", "password": PASSWORD}},
    "a whitelabel provider in the generic app": {"generic": {"login": "accounts:BrightTel", "password": PASSWORD}},
    "a whitelabel username is taken whole": {
        "whitelabel": {"providerId": "BrightTel", "username": "accounts+10:00:AcmeInc", "password": PASSWORD}
    },
    "a provider without external provisioning": {"generic": {"login": "1000:PlainVoice", "password": PASSWORD}},
    "a whitelabel provider without external provisioning": {
        "whitelabel": {"providerId": "Own-Domain", "username": "1000", "password": PASSWORD}
    },
}


def provision_vectors(live: Live) -> Iterator[Vector]:
    calls: list[tuple[str, Vector, bool, Vector | None]] = [
        (f"{mode}, {when}", {"generic": {"login": f"{mode}:AcmeInc", "password": PASSWORD}}, later, provider(mode))
        for mode in SHOWN
        for when, later in (("first set-up", False), ("later", True))
    ]
    calls += [(name, credentials, False, None) for name, credentials in LOGINS.items()]
    for start in range(0, len(calls), _CALLS_OF_ONE_GATEWAY):
        with live.gateway() as ask:
            for name, credentials, later, does in calls[start : start + _CALLS_OF_ONE_GATEWAY]:
                live.clock.let_a_day_pass()
                yield sign_in(ask, name, credentials, does, reprovision=later)


def sign_in(ask: Ask, name: str, credentials: Vector, does: Vector | None, *, reprovision: bool) -> Vector:
    wanted = {"credentials": credentials, "deviceId": DEVICE, "reprovision": reprovision}
    answer = ask.phone("Provision", {"input": wanted})
    found = answer["data"]["provision"]
    if "retryAfterSeconds" in found:
        assert 1 <= found["retryAfterSeconds"] <= 3600 * 1.5
        found["retryAfterSeconds"] = RETRY_SECONDS
    shows = found["notice"] if found["__typename"] == "Provisioned" else found["message"]
    words = {"REPLACE": "REPLACED", "LOG_OUT": "REMOVED"}
    accounts = "TYPED" if found["__typename"] == "ProvisioningOff" else words.get(found.get("action", ""), "KEPT")
    shown = None if accounts == "TYPED" else shows
    phone = {"accounts": accounts, "shows": shown}
    more = {} if does is None else {"provider": does}
    return vector(name, "Provision", {"input": wanted}, answer, phone, **more)


class Recorder(Wire):
    """Takes down what a mode sends."""

    def __init__(self) -> None:
        self.sent = b""

    async def send(self, data: bytes) -> None:
        self.sent += data

    async def hang(self) -> None:
        """At once."""

    async def close(self) -> None:
        """At once."""


def provider(mode: str) -> Vector:
    """What the mock provider does; its bytes where they are text, and few."""
    recorder, call = Recorder(), Call(mode, PASSWORD, reprovision=False, device_id=DEVICE, host="", target=PATH)

    async def act() -> None:
        await MODES[mode].act(recorder, call)

    asyncio.run(act())
    is_short = len(recorder.sent) <= _LONGEST_SENT and recorder.sent.isascii()
    return {"does": MODES[mode].words, "sends": recorder.sent.decode() if is_short else None}


# Help links


LINKS = (
    "https://acme.example/in?u=%user%&p=%pwd%",
    "https://acme.example/in?a=%20%user%&b=%user%%pwd%#%pwd%",
    "https://acme.example/hours",
)
SECRETS = (
    *(
        "29de?8&a=1#x+%",
        "%user%",
        "%pwd%",
        "%25user%25",
        "%",
        "%%",
        "%2",
        "a b",
        " ",
        "~._-",
        "\u00e9",
        "e\u0301",
        "\U0001f469\u200d\U0001f467",
    ),
    *(
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        "\ud55c\uae00",
        "1000:AcmeInc",
        "j@acme.example",
        "../..",
        "\\",
        '"',
        "'",
        "<script>",
        "\u202e",
    ),
)


def link_vectors(_live: Live) -> Iterator[Vector]:
    nasty = json.loads((ROOT / "tests" / "data" / "strings" / "blns.json").read_text("utf-8"))
    texts = [*SECRETS, *(text for text in nasty if is_password(text) and not text.isalnum())]
    for position, text in enumerate(dict.fromkeys(texts)):
        link = LINKS[position % 2]
        yield {"link": link, "username": "10 00", "password": text, "opens": fill(link, user="10 00", password=text)}
        if position < len(SECRETS):
            yield {
                "link": link,
                "username": text,
                "password": "%user%",
                "opens": fill(link, user=text, password="%user%"),
            }
    yield {"link": LINKS[2], "username": "1000", "password": PASSWORD, "opens": LINKS[2]}


def is_password(text: str) -> bool:
    """Rule P9, and short enough to be read."""
    return 1 <= len(text) <= _LONGEST_NASTY and not re.search(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]", text)


# Setup codes


CREATE = "mutation($input: CreateSetupLinkInput!) { createSetupLink(input: $input) { __typename \
... on SetupLinkCreated { setupCode setupLink { id } } ... on Refusal { message } } }"
REVOKE = "mutation($input: RevokeSetupLinkInput!) { revokeSetupLink(input: $input) { __typename } }"
SIP = {"username": "user1", "password": "29de?8", "transport": "TLS", "authUsername": "629456", "srtp": True}
XMPP = {"jid": "user1@chat.acme.example", "password": "29de?9", "domain": "chat.acme.example"}
ACCOUNTS = {"accounts": {"sipAccounts": [SIP], "xmppAccounts": [XMPP]}}
LOGIN = {"login": {"username": "accounts", "password": PASSWORD}}


def setup_vectors(live: Live) -> Iterator[Vector]:
    with live.gateway() as ask:
        yield redeem(ask, "accounts", new_code(ask, "AcmeInc", ACCOUNTS))
        yield redeem(ask, "a login", new_code(ask, "AcmeInc", LOGIN))
        whitelabel = {"app": "WHITELABEL", "providerId": "BrightTel"}
        yield redeem(ask, "a login in a whitelabel app", new_code(ask, "BrightTel", LOGIN), **whitelabel)
        yield redeem(ask, "a token alone", new_code(ask, "AcmeInc", ACCOUNTS).partition("token=")[2])
        used = new_code(ask, "AcmeInc", ACCOUNTS)
        yield redeem(ask, "the same phone again, whose answer was lost: first", used)
        yield redeem(ask, "the same phone again, whose answer was lost: second", used)
        yield redeem(ask, "a code that another phone has used", used, deviceId="another-phone")
        yield redeem(ask, "another provider's code", new_code(ask, "AcmeInc", ACCOUNTS), **whitelabel)
        yield redeem(ask, "a code that nobody made", f"scloc:?v=2&token={TOKEN}")
        yield redeem(ask, "a text that is no code", "1000:AcmeInc")
        yield redeem(ask, "no device id", new_code(ask, "AcmeInc", ACCOUNTS), deviceId="")


def new_code(ask: Ask, provider_id: str, content: Vector) -> str:
    made = ask.staff(CREATE, {"input": {"tenantId": tenant_id(ask, provider_id), "content": content}})
    assert made["__typename"] == "SetupLinkCreated", made
    return str(made["setupCode"])


def tenant_id(ask: Ask, provider_id: str) -> str:
    return str(ask.staff("query($p: String!) { tenant(providerId: $p) { id } }", {"p": provider_id})["id"])


def redeem(ask: Ask, name: str, code: str, **fields: Any) -> Vector:
    wanted = {"setupCode": code, "deviceId": DEVICE, "app": "GENERIC", "providerId": None, **fields}
    answer = ask.phone("RedeemSetupLink", {"input": wanted})
    found = answer["data"]["redeemSetupLink"]
    content = found.get("content", {})
    phone = {
        "accounts": "REPLACED" if "sipAccounts" in content else "KEPT",
        "provisionsWith": {key: content[key] for key in ("username", "password")} if "username" in content else None,
        "shows": found.get("message"),
    }
    shown = {**wanted, "setupCode": re.sub(r"[\w-]{43}", TOKEN, code)}
    return vector(name, "RedeemSetupLink", {"input": shown}, answer, phone)


# QR codes


MAKE = "mutation($input: MakeQrCodeInput!) { makeQrCode(input: $input) { __typename \
... on QrCodeMade { qrCode { payload } warnings { code } } ... on FormatCannotCarry { alternatives } \
... on Refusal { message } ... on InvalidInput { problems { code path } } } }"
FORMATS = ("SESSIONTALK", "SESSIONTALK_DESKTOP", "SESSIONTALK_WINDOWS", "ACROBITS", "LINPHONE")
CONTENTS: dict[str, Vector | None] = {
    "the ProviderId alone": None,
    "a login": {"login": {"username": "1000", "password": PASSWORD}},
    "a login with a colon": {"login": {"username": "10:00", "password": PASSWORD}},
    "a login with signs that links change": {"login": {"username": "j@acme.example", "password": "a b&c=d%41+é"}},
    "a SIP account": {"accounts": {"sipAccounts": [{"username": "user1", "password": "29de?8", "transport": "UDP"}]}},
    "accounts": {"accounts": {"sipAccounts": [SIP], "xmppAccounts": [XMPP]}},
    "a setup code": {"setupCode": f"scloc:?v=2&token={TOKEN}"},
}


def qr_vectors(live: Live) -> Iterator[Vector]:
    with live.gateway() as ask:
        for provider_id, app in (("AcmeInc", "GENERIC"), ("BrightTel", "WHITELABEL"), ("PlainVoice", "GENERIC")):
            tenant = tenant_id(ask, provider_id)
            for name, content in CONTENTS.items():
                for form in FORMATS:
                    wanted = {"format": form, "content": content}
                    found = ask.staff(MAKE, {"input": {"tenantId": tenant, **wanted}})
                    answer = json.loads(
                        json.dumps(found).replace(str(ask.client.base_url).rstrip("/"), "https://gateway.example")
                    )
                    yield {"name": name, "providerId": provider_id, "app": app, **wanted, "answer": answer}


MAKERS: dict[str, Callable[[Live], Iterator[Vector]]] = {
    "config": config_vectors,
    "provision": provision_vectors,
    "links": link_vectors,
    "setup-codes": setup_vectors,
    "qr-codes": qr_vectors,
}


def render(name: str, live: Live) -> str:
    """The file's text."""
    return json.dumps(list(MAKERS[name](live)), indent=1) + "\n"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, live(Path(folder)) as place:
        for name in MAKERS:
            (FOLDER / f"{name}.json").write_text(render(name, place), "utf-8", newline="\n")


if __name__ == "__main__":
    main()
