"""What a softphone does with the gateway (docs/what-an-app-must-do.md): to read, run and translate. No dependencies."""

from __future__ import annotations

import http.client
import json
import os
import random
import re
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal
from urllib import error, parse, request

DOCUMENTS = Path(__file__).parent.parent / "documents"
AT_MOST_EVERY, A_DAY, NO_ANSWER = 15 * 60, 24 * 3600, "There is no answer. Try again later."
Json = dict[str, Any]


@dataclass(repr=False)
class State:
    """Everything that outlives the app's process. It belongs into the device's key store; here it is a file, 0600."""

    device_id: str = field(default_factory=lambda: os.urandom(16).hex())
    provider_id: str | None = None
    config: Json | None = None  # with its ETag, where the gateway gave one
    config_not_before: float = 0.0
    credentials: Json | None = None  # what `provision` is called with
    username: str = ""  # for links: what the user typed, without the ProviderId
    password: str = ""
    is_set_up: bool = False  # whether these credentials have brought accounts: asking again is no first set-up
    accounts_not_before: float = 0.0
    setup_code: str | None = None  # sent and not answered yet: the same device may repeat it for 120 seconds
    sip_accounts: list[Json] = field(default_factory=list)
    xmpp_accounts: list[Json] = field(default_factory=list)


def fill(link: str, username: str, password: str) -> str:
    """A help link with its placeholders filled in, in one pass, each value percent-encoded once (rule L8)."""
    values = {"%user%": username, "%pwd%": password}
    return re.sub("%user%|%pwd%", lambda found: parse.quote(values[found[0]], safe=""), link)


@dataclass
class Softphone:
    """Everything known is in `state` at once; `refresh` belongs into the background, and no call beside another."""

    gateway: str
    store: Path
    app: Literal["GENERIC", "WHITELABEL"] = "GENERIC"
    provider_id: str | None = None  # compiled in; whitelabel apps only
    app_key: str = field(default="", repr=False)  # likewise, where the provider demands one
    clock: Callable[[], float] = time.time
    chance: Callable[[], float] = random.random

    def __post_init__(self) -> None:
        kept = json.loads(self.store.read_text("utf-8")) if self.store.exists() else {"provider_id": self.provider_id}
        self.state = State(**kept)

    def refresh(self) -> str | None:
        """At each start and on return to the foreground, in the background. Whatever fails, what is there stays."""
        if self.state.setup_code:
            self.redeem(self.state.setup_code)
        self.refresh_config()
        return self.refresh_accounts()

    def refresh_config(self) -> None:
        """At most once in 15 minutes, with jitter, and not before the gateway wants to be asked again."""
        if self.state.provider_id and self._is_due(self.state.config_not_before):
            self.state.config_not_before = self.clock() + AT_MOST_EVERY * (1 + self.chance())
            self._ask("SoftphoneConfig", {"providerId": self.state.provider_id, "app": self.app}, self._take_config)

    def refresh_accounts(self) -> str | None:
        """Ask whether anything is new, unless the gateway wanted to be left alone for a while."""
        if self.state.credentials is None or not self._is_due(self.state.accounts_not_before):
            return None
        return self._provision(self.state.credentials, self.state.password, reprovision=self.state.is_set_up)

    def sign_in(self, login: str, password: str) -> str | None:
        """What the user typed, untouched; a sentence to show. Only what works takes the place of what was there."""
        return self._provision(self._credentials(login, self.provider_id, password), password, reprovision=False)

    def redeem(self, code: str) -> str | None:
        """A scanned or pasted setup code. It works once: written down before, and what it brings right after."""
        self.state.setup_code = code
        self._save()
        wanted = {"setupCode": code, "deviceId": self.state.device_id, "app": self.app, "providerId": self.provider_id}
        return self._ask("RedeemSetupLink", {"input": wanted}, self._take_setup) or self.refresh_accounts()

    def open_link(self, position: int) -> str:
        """The address for the user's browser, made at the moment of the tap and kept nowhere."""
        state, menu = self.state, (self.state.config or {})["help"]
        active = (state.sip_accounts or [{"username": "", "password": ""}])[0]
        chosen = active if menu["credentialsSource"] == "SIP_ACCOUNT" else asdict(state)
        return fill(menu["links"][position]["url"], chosen["username"], chosen["password"])

    def _is_due(self, not_before: float) -> bool:
        return not 0 < not_before - self.clock() <= A_DAY  # no wait is longer: the clock was wrong then, or is now

    def _credentials(self, login: str, provider_id: str | None, password: str) -> Json:
        if self.app == "GENERIC":
            return {"generic": {"login": login, "password": password}}
        return {"whitelabel": {"providerId": provider_id, "username": login, "password": password}}

    def _take_config(self, found: Json, wait: float) -> str | None:
        state = self.state
        state.config_not_before = max(state.config_not_before, self.clock() + wait)
        if found.get("signIn", {}).get("__typename") in {"StandardSignIn", "ProvisioningForm"}:  # later ones: keep
            state.config = found if found["revision"] >= (state.config or found)["revision"] else state.config
        return found.get("message")

    def _take_setup(self, found: Json, _wait: float) -> str | None:
        kind, state = found.get("__typename"), self.state
        if kind in {"SetupLinkRedeemed", "SetupLinkUnusable", "InvalidInput"}:
            state.setup_code = None
        if kind != "SetupLinkRedeemed":
            return str(found.get("message", NO_ANSWER))
        provider_id, content = found["providerId"], found["content"]
        self._move_to(provider_id)
        state.credentials, state.username, state.password, state.is_set_up = None, "", "", False
        if content["__typename"] == "SetupAccounts":
            state.sip_accounts, state.xmpp_accounts = content["sipAccounts"], content["xmppAccounts"]
        else:  # the accounts that are there stay until the login has brought others
            state.username, state.password, state.accounts_not_before = content["username"], content["password"], 0.0
            login = state.username if self.app == "WHITELABEL" else f"{state.username}:{provider_id}"
            state.credentials = self._credentials(login, provider_id, state.password)
        return None

    def _provision(self, credentials: Json, password: str, *, reprovision: bool) -> str | None:
        def take(found: Json, wait: float) -> str | None:
            kind, state = found.get("action", found.get("__typename")), self.state
            is_own = kind == "ProvisioningOff" and not reprovision  # what was typed is the account
            if kind == "REPLACE" or is_own:
                own = {"username": found["username"], "password": password, **found.get("signIn", {})}
                state.sip_accounts = [own] if is_own else found["sipAccounts"]
                state.xmpp_accounts = [] if is_own else found["xmppAccounts"]
                self._move_to(found["providerId"])
                state.setup_code = state.setup_code if credentials is state.credentials else None  # typed since
                state.credentials, state.username, state.password = credentials, found["username"], password
                state.is_set_up, state.accounts_not_before = not is_own, 0.0
            elif kind == "LOG_OUT" and reprovision:
                state.sip_accounts, state.xmpp_accounts, state.credentials = [], [], None
                state.username, state.password, state.is_set_up = "", "", False
            elif kind != "KEEP":
                state.accounts_not_before = self.clock() + wait
                return str(found.get("message", NO_ANSWER))
            return found.get("notice")

        wanted = {"credentials": credentials, "deviceId": self.state.device_id, "reprovision": reprovision}
        return self._ask("Provision", {"input": wanted}, take)

    def _move_to(self, provider_id: str) -> None:
        """Another provider's config is asked for at once."""
        if (self.state.provider_id or "").lower() != provider_id.lower():
            self.state.config, self.state.config_not_before = None, 0.0
        self.state.provider_id = provider_id

    def _ask(self, name: str, variables: Json, take: Callable[[Json, float], str | None]) -> str | None:
        """What an answer brings is taken whole. One that cannot be had, or not be read, changes nothing."""
        before = replace(self.state)
        try:
            message = take(*self._send(name, variables))
        except (OSError, ValueError, LookupError, TypeError, AttributeError, http.client.HTTPException):
            self.state, message = before, NO_ANSWER
        self._save()
        return message

    def _send(self, name: str, sent: Json) -> tuple[Json, float]:
        """The one root field, empty when the gateway refuses, and the seconds to wait before asking again."""
        query, url = (DOCUMENTS / f"{name}.graphql").read_text("utf-8"), f"{self.gateway}/graphql"
        body, key = {"query": query, "variables": sent}, {"X-App-Key": self.app_key} if self.app_key else {}
        asked = request.Request(url, json.dumps(body).encode(), {**key, "Content-Type": "application/json"})  # noqa: S310 - its own gateway
        if query.startswith("query"):
            etag = (self.state.config or {}).get("etag")
            url += "?" + parse.urlencode({**body, "variables": json.dumps(sent)})
            asked = request.Request(url, headers=key | ({"If-None-Match": etag} if etag else {}))  # noqa: S310 - as above
        try:
            answer = request.urlopen(asked, timeout=10)  # noqa: S310 - as above
        except error.HTTPError as refusal:
            answer = refusal
        with answer:
            after = answer.headers["Retry-After"] or ""
            wait = min(int(after), A_DAY) if re.fullmatch("[0-9]{1,9}", after) else 0
            if answer.status != http.client.OK:
                return {}, wait
            read = json.loads(answer.read())
            (found,) = {} if "errors" in read else read["data"].values()  # unpacking nothing raises ValueError
            return {**found, "etag": answer.headers["ETag"]}, max(wait, found.get("retryAfterSeconds") or 0)

    def _save(self) -> None:
        """Whole or not at all, wherever the process is killed."""
        draft = self.store.with_name(f"{self.store.name}.new")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            json.dump(asdict(self.state), file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.store)
