"""Plays the vectors to the reference client, as you would play them to your own app; prints what differs."""

from __future__ import annotations

import json
import sys
import tempfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from softphone import Softphone, fill

VECTORS = Path(__file__).parent.parent / "vectors"
BEFORE = {"username": "1999", "password": "from before"}
"""The account that the phone has when it asks."""
Vector = dict[str, Any]


class CannedGateway(ThreadingHTTPServer):
    """Gives one vector's answer, and takes down what it was asked."""

    answer: Vector
    asked: list[Vector]


class Handler(BaseHTTPRequestHandler):
    """A query comes by GET, the rest by POST."""

    server: CannedGateway

    def do_GET(self) -> None:
        """The config."""
        parameters = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        self._reply({"query": parameters["query"], "variables": json.loads(parameters["variables"])})

    def do_POST(self) -> None:
        """All else."""
        self._reply(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def _reply(self, asked: Vector) -> None:
        self.server.asked.append(asked)
        body = json.dumps(self.server.answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


def check_all() -> Iterator[str]:
    """What differs, a line for each."""
    for one in _read("links"):
        if fill(one["link"], one["username"], one["password"]) != one["opens"]:
            yield f"links: {one['opens']}"
    with CannedGateway(("127.0.0.1", 0), Handler) as gateway, tempfile.TemporaryDirectory() as folder:
        threading.Thread(target=gateway.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        for name in ("config", "provision", "setup-codes"):
            for number, one in enumerate(_read(name)):
                if not _is_right(one, gateway, Path(folder) / f"{name}-{number}.json"):
                    yield f"{name}: {one['name']}"
        gateway.shutdown()


def _is_right(one: Vector, gateway: CannedGateway, store: Path) -> bool:
    gateway.answer, gateway.asked = one["answer"], []
    variables, wanted = one["request"]["variables"], one["phone"]
    phone, shows = _ask(f"http://127.0.0.1:{gateway.server_port}", store, variables)
    asked, again = gateway.asked[0], Softphone(phone.gateway, store).state
    document = (VECTORS.parent / one["request"]["document"]).read_text("utf-8")
    if asked != {"query": document, "variables": variables}:
        return False
    if "config" in wanted:
        return (again.config is not None) is (wanted["config"] == "SHOWN")
    (found,) = one["answer"]["data"].values()
    if (again.sip_accounts, again.xmpp_accounts) != _accounts(wanted["accounts"], found, phone.state.password):
        return False
    login = wanted.get("provisionsWith")
    if login is not None:
        return bool({"username": again.username, "password": again.password} == login)
    return bool(wanted["accounts"] == "TYPED" or shows == wanted["shows"])


def _accounts(word: str, found: Vector, password: str) -> tuple[list[Vector], list[Vector]]:
    """What the phone must have."""
    if word == "REPLACED":
        given = found.get("content", found)
        return given["sipAccounts"], given["xmppAccounts"]
    if word == "TYPED":
        return [{"username": found["username"], "password": password, **found["signIn"]}], []
    return ([BEFORE] if word == "KEPT" else []), []


def _ask(url: str, store: Path, variables: Vector) -> tuple[Softphone, str | None]:
    """A phone that has an account, doing what the vector's request says."""
    sent = variables.get("input", variables)
    typed = sent.get("credentials", {}).get("generic") or sent.get("credentials", {}).get("whitelabel") or sent
    is_whitelabel = "whitelabel" in sent.get("credentials", {}) or sent.get("app") == "WHITELABEL"
    phone = Softphone(url, store, "WHITELABEL" if is_whitelabel else "GENERIC", typed.get("providerId"))
    phone.state.sip_accounts, phone.state.device_id = [BEFORE], sent.get("deviceId", "")
    if "setupCode" in sent:
        return phone, phone.redeem(sent["setupCode"])
    if "credentials" not in sent:
        phone.refresh_config()
        return phone, None
    if not sent["reprovision"]:
        return phone, phone.sign_in(typed.get("login") or typed.get("username"), typed["password"])
    phone.state.credentials, phone.state.is_set_up = sent["credentials"], True
    return phone, phone.refresh_accounts()


def _read(name: str) -> list[Vector]:
    vectors: list[Vector] = json.loads((VECTORS / f"{name}.json").read_text("utf-8"))
    return vectors


def main() -> int:
    """0 when the client does everything right."""
    differences = list(check_all())
    print("\n".join(differences) or "All vectors are right.")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
