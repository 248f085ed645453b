"""A gateway that stores answers and one that does not are asked the same, whatever happens to tenants meanwhile.

Whoever stores is asked in both lanes: as an application, and over a connection to the server that has it loaded.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import shutil
from collections import deque
from dataclasses import replace
from http.client import HTTPConnection
from ipaddress import ip_network
from itertools import count as counting
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
from hypothesis import settings as how_to_search
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from starlette.testclient import TestClient
from uvicorn import Config
from uvicorn.server import ServerState

from gateway.app import create_app
from gateway.http.fast_lane import FastLaneProtocol
from gateway.limits import Limits
from gateway.settings import Secret, Settings
from tests.api.documents import (
    CHANGE_APP_KIND,
    DELETE,
    ISSUE_APP_KEY,
    PUBLISH,
    RENAME,
    REQUIRE_APP_KEY,
    RESUME,
    REVOKE_APP_KEY,
    SAVE_BRANDING,
    SAVE_HELP,
    SCREENS,
    SUSPEND,
)
from tests.conftest import Ask
from tests.proofs import count

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import httpx2

    from tests.databases import PostgresServer

SMALL = "query($providerId: String!, $app: AppKind!) { softphoneConfig(providerId: $providerId, app: $app) {"
TWO_TENANTS = f"""{SMALL} ... on SoftphoneConfig {{ revision }} }}
b: softphoneConfig(providerId: "BrightTel", app: GENERIC) {{ __typename }} }}"""
PERHAPS = """query($providerId: String!, $app: AppKind!, $no: Boolean = true) {
softphoneConfig(providerId: $providerId, app: $app) @skip(if: $no) { __typename } }"""
TWO_OPERATIONS = SMALL.replace("query", "query A") + " __typename } } query B { __typename }"
USUAL = (
    SCREENS,
    f"{SMALL} __typename ... on SoftphoneConfig {{ revision name }} }} }}",
    f"{SMALL} ... on SoftphoneConfig {{ n: name }} ...R }} t: __typename }} fragment R on Refusal {{ message }}",
)
DOCUMENTS = (
    *USUAL,
    TWO_TENANTS,
    PERHAPS,
    TWO_OPERATIONS,
    f"{SMALL} __typename }} viewer {{ name }} }}",
    f"{SMALL} __typename @skip(if: true) }} }}",
    f"{SMALL} __typenam }} }}",
    "{ __typename }",
    "{",
    "",
)
ACCEPTS = (None, "*/*", "application/json", "application/graphql-response+json", "text/html, */*", "image/png", "")
CODINGS = (None, "", "gzip", "br, gzip", "gzip;q=0", "identity, gzip;q=0.1", "*")
MORE = (
    ("Authorization", "Bearer nonsense"),
    ("Cookie", "__Host-gateway=" + "A" * 43),
    ("Origin", "https://elsewhere.example"),
    ("Content-Encoding", "gzip"),
    ("Content-Type", "text/plain"),
    ("Content-Type", "application/json; charset=utf-8"),
    ("Accept", "image/png"),
    ("Accept-Encoding", "identity"),
    ("X-App-Key", "gwa_" + "B" * 43),
)
"""What somebody may send besides, also a second time."""
LINKS = [{"title": f"Page {number}", "url": f"https://help.example/{'page' * 20}/{number}"} for number in range(3)]
"""Of a config that is worth its coding."""
KNOWN_AFTER = 3
"""So often it is asked again, until bytes that come again are known by themselves, and then by them."""
TENANTS = ("AcmeInc", "BrightTel")
provider_ids = st.sampled_from((*TENANTS, "acmeinc", "RenamedInc", "NoSuchTenant", "no such tenant", "", 1, None))
variables = st.fixed_dictionaries(
    {}, optional={"providerId": provider_ids, "app": st.sampled_from(("WHITELABEL", "GENERIC", "GENERI"))}
) | st.sampled_from((None, {"providerId": "AcmeInc", "app": "WHITELABEL", "no": False}, {"app": 1e308, "x": 10**30}))
usual = st.fixed_dictionaries(
    {"providerId": st.sampled_from(TENANTS), "app": st.sampled_from(("WHITELABEL", "WHITELABEL", "GENERIC"))}
)
_addresses = counting(1)
Seen = tuple[int, dict[str, str], bytes]


class Wire:
    """A connection to a server in the event loop of the application."""

    def __init__(self, client: TestClient) -> None:
        assert client.portal is not None
        self._portal = client.portal
        self._server = self._portal.call(_listen, client.app)
        self._connection = HTTPConnection(*self._server.sockets[0].getsockname())

    def close(self) -> None:
        self._connection.close()
        self._portal.call(self._server.close)

    def ask(self, method: str, asked: dict[str, Any], head: Sequence[tuple[str, str]]) -> Seen:
        """In the same bytes for the same arguments."""
        is_post = method == "POST"
        body = json.dumps(asked).encode() if is_post else None
        self._connection.putrequest(
            method, "/graphql" if is_post else f"/graphql?{urlencode(in_query(asked))}", skip_accept_encoding=True
        )
        if body is not None:
            typed = [] if any(name == "Content-Type" for name, _ in head) else [("Content-Type", "application/json")]
            head = [*head, *typed, ("Content-Length", str(len(body)))]
        for name, value in head:
            self._connection.putheader(name, value)
        self._connection.endheaders(body)
        answer = self._connection.getresponse()
        headers = {name.lower(): value for name, value in answer.getheaders() if name.lower() != "date"}
        content = answer.read()
        is_zipped = content and headers.get("content-encoding") == "gzip"
        return answer.status, without_id(headers), gzip.decompress(content) if is_zipped else content


async def _listen(app: Any) -> asyncio.Server:
    options: dict[str, Any] = {"ws": "none", "log_config": None, "access_log": False, "server_header": False}
    config = Config(app, http=FastLaneProtocol, timeout_keep_alive=600, proxy_headers=False, **options)
    config.load()
    state = ServerState()
    assert config.loaded_app is app
    return await asyncio.get_running_loop().create_server(
        lambda: FastLaneProtocol(config=config, server_state=state, app_state={}), "127.0.0.1", 0
    )


def in_query(asked: dict[str, Any]) -> dict[str, str]:
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in asked.items()}


def without_id(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name != "x-request-id"}


class SameAnswers(RuleBasedStateMachine):
    """One database, two gateways."""

    new_url: Callable[[], str]
    """Of a database with nothing in it."""

    def __init__(self) -> None:
        super().__init__()
        self.settings = Settings(
            database_url=self.new_url(),
            secret_key=Secret("a key for tests, 32 characters long"),
            trusted_proxies=(ip_network("127.0.0.0/8"),),
        )
        self.storing = TestClient(create_app(self.settings), client=("127.0.0.1", 1))
        self.storing.__enter__()
        # Within the process of the other, whose connection to the database it uses; and with a schema of its own, or it
        # would know the documents that the other has read.
        apart = replace(self.settings, cache_bytes=0, limits=Limits(aliases=16))
        self.other = TestClient(create_app(apart), client=("127.0.0.1", 1))
        self.other.portal = self.storing.portal
        self.wire = Wire(self.storing)
        self.ways: deque[Callable[..., Seen]] = deque([self.seen_by_application, self.wire.ask])
        self.ask = Ask(self.storing)
        self.tenants: dict[str, str] = {}
        self.keys: list[Any] = []
        self.asked: deque[Any] = deque(maxlen=12)
        """What was asked lately, and is asked again whenever something was done."""
        self.etags = ['"x"', "*", 'W/"x", *', ""]

    def teardown(self) -> None:
        self.other.portal = None
        self.wire.close()
        self.storing.__exit__(None, None, None)

    @initialize()
    def live(self) -> None:
        for name in TENANTS:
            self.tenants[name] = self.ask.create(name, "WHITELABEL")
            self.changed(SAVE_HELP, name, {"help": {"links": LINKS}}, is_versioned=True)
            self.ask.publish(self.tenants[name])
            answer = self.compare(SCREENS, {"providerId": name, "app": "WHITELABEL"}, "GET", None, "gzip", None, None)
            assert answer[1]["content-encoding"] == "gzip"

    @rule(
        document=st.sampled_from(DOCUMENTS),
        sent=variables | usual,
        accept=st.sampled_from(ACCEPTS),
        coding=st.sampled_from(CODINGS),
        method=st.sampled_from(("GET", "POST", "HEAD")),
        data=st.data(),
    )
    def ask_anything(
        self, document: str, sent: Any, accept: str | None, coding: str | None, method: str, data: st.DataObject
    ) -> None:
        key = data.draw(st.sampled_from([None, "gwa_" + "A" * 43, *(one["secret"] for one in self.keys)]), "key")
        condition = data.draw(st.none() | st.sampled_from(self.etags), "If-None-Match")
        name = data.draw(st.sampled_from((None, None, "A", "SoftphoneConfig")), "operationName")
        self.compare(document, sent, method, accept, coding, key, condition, name=name)

    @rule(sent=usual, document=st.sampled_from(USUAL), method=st.sampled_from(("GET", "POST")), data=st.data())
    def ask_in_every_way(self, sent: Any, document: str, method: str, data: st.DataObject) -> None:
        """The same by whoever may or may not be let in, in each form: the likeliest to be mixed up."""
        condition = data.draw(st.none() | st.sampled_from(self.etags), "If-None-Match")
        for key in (*(one["secret"] for one in self.keys[-3:]), None):
            for accept, coding in ((None, "gzip"), (None, None), ("application/graphql-response+json", "gzip")):
                self.compare(document, sent, method, accept, coding, key, condition)
        self.compare(document, sent, method, None, None, None, condition, name="Another")
        shown = self.compare(document, sent, method, None, "gzip", None, None)
        self.compare(document, sent, method, None, "gzip", None, shown[1].get("etag"))

    @rule(sent=usual, data=st.data())
    def ask_in_several_documents(self, sent: Any, data: st.DataObject) -> None:
        """Of what is known of a tenant, by each who is let in or not: one of them read it, the others need not."""
        keys = [None, "gwa_" + "A" * 43, *(one["secret"] for one in self.keys[-3:])]
        for key in data.draw(st.permutations(keys), "keys")[:3]:
            for document in USUAL:
                self.compare(document, sent, "GET", None, "gzip", key, None)

    @rule(
        sent=usual,
        document=st.sampled_from(USUAL),
        method=st.sampled_from(("GET", "POST")),
        more=st.lists(st.sampled_from(MORE), min_size=1, max_size=3),
    )
    def ask_with_more(self, sent: Any, document: str, method: str, more: list[tuple[str, str]]) -> None:
        """What is stored, by somebody for whom it may not be."""
        for one in ([], *([one] for one in more), more):
            self.compare(document, sent, method, None, None, None, None, more=one)

    @rule(name=st.sampled_from(TENANTS))
    def demand_a_new_key(self, name: str) -> None:
        """And ask by each of them, and without one, what they alone may be told."""
        self.issue_key(name)
        self.require_key(name, is_required=True)
        for key in (*(one["secret"] for one in self.keys[-3:]), None):
            self.compare(SCREENS, {"providerId": name, "app": "WHITELABEL"}, "GET", None, "gzip", key, None)

    def compare(
        self,
        document: str,
        sent: Any,
        method: str,
        *headers: str | None,
        name: str | None = None,
        more: Sequence[tuple[str, str]] = (),
    ) -> Seen:
        names = ("Accept", "Accept-Encoding", "X-App-Key", "If-None-Match")
        head = [pair for pair in zip(names, headers, strict=True) if pair[1] is not None] + [*more]
        asked = {"query": document, "variables": sent, "operationName": name}
        asked = {name: value for name, value in asked.items() if value is not None}
        number = next(_addresses)
        sent = method, asked, [*head, ("X-Forwarded-For", f"10.0.{number % 65_536 // 256}.{number % 256}")]
        self.asked.append(sent)
        expected = self.check(*sent)
        assert self.seen_by_application(*sent) == expected
        for _ in range(KNOWN_AFTER):
            assert self.wire.ask(*sent) == expected
        etag = expected[1].get("etag")
        if etag and etag not in self.etags:
            self.etags += [etag, f'"y", W/{etag}']
        return expected

    def check(self, method: str, asked: dict[str, Any], head: list[tuple[str, str]]) -> Seen:
        expected = self.seen_by(self.other, method, asked, head)
        self.ways.rotate()  # whoever comes first may be shown what is over, and the other what was made anew
        for ask in self.ways:
            assert ask(method, asked, head) == expected
        return expected

    def seen_by_application(self, *sent: Any) -> Seen:
        return self.seen_by(self.storing, *sent)

    def seen_by(self, client: TestClient, method: str, asked: dict[str, Any], head: list[tuple[str, str]]) -> Seen:
        for unsaid in ("accept", "accept-encoding"):
            client.headers.pop(unsaid, None)
        options: dict[str, Any] = {"json": asked} if method == "POST" else {"params": in_query(asked)}
        answer: httpx2.Response = client.request(method, "/graphql", headers=head, **options)
        return answer.status_code, without_id(answer.headers), answer.content

    # What happens meanwhile. Refusals are as good as successes.

    def do(self, document: str, change: dict[str, Any]) -> Any:
        done = self.ask.raw(document, change).get("data")
        for sent in self.asked:
            self.check(*sent)
        return done

    def changed(self, document: str, name: str, change: dict[str, Any], *, is_versioned: bool = False) -> None:
        if name in self.tenants:
            version = {"expectedVersion": self.ask.version(self.tenants[name])} if is_versioned else {}
            self.do(document, {"input": {"tenantId": self.tenants[name], **version, **change}})

    @rule(name=st.sampled_from(TENANTS), color=st.sampled_from(("#111111", "#222222")), again=st.booleans())
    def publish(self, name: str, color: str, again: bool) -> None:  # noqa: FBT001 - drawn
        if not again:
            self.changed(SAVE_BRANDING, name, {"branding": {"themeColor": color}}, is_versioned=True)
        self.changed(PUBLISH, name, {}, is_versioned=True)

    @rule(name=st.sampled_from(TENANTS), title=st.sampled_from(("Help", "Billing")))
    def save_only(self, name: str, title: str) -> None:
        self.changed(SAVE_HELP, name, {"help": {"menuTitle": title}}, is_versioned=True)

    @rule(name=st.sampled_from(TENANTS))
    def suspend(self, name: str) -> None:
        self.changed(SUSPEND, name, {"reason": "unpaid"})

    @rule(name=st.sampled_from(TENANTS))
    def resume(self, name: str) -> None:
        self.changed(RESUME, name, {})

    @rule(name=st.sampled_from(TENANTS), app=st.sampled_from(("GENERIC", "WHITELABEL")), is_live=st.booleans())
    def change_kind(self, name: str, app: str, is_live: bool) -> None:  # noqa: FBT001 - drawn
        self.changed(CHANGE_APP_KIND, name, {"app": app}, is_versioned=True)
        if is_live:
            self.changed(PUBLISH, name, {}, is_versioned=True)

    @rule(name=st.sampled_from(TENANTS))
    def rename(self, name: str) -> None:
        self.changed(RENAME, name, {"name": "Another name", "providerId": "RenamedInc"}, is_versioned=True)

    @rule(name=st.sampled_from(TENANTS))
    def issue_key(self, name: str) -> None:
        if name in self.tenants:
            issued = self.do(ISSUE_APP_KEY, {"input": {"tenantId": self.tenants[name], "name": "iOS"}})
            self.keys += [issued["issueAppKey"]] if "secret" in (issued or {}).get("issueAppKey", {}) else []

    @rule(data=st.data())
    def revoke_key(self, data: st.DataObject) -> None:
        if self.keys:
            revoked = data.draw(st.sampled_from(self.keys), "key")
            self.do(REVOKE_APP_KEY, {"id": revoked["appKey"]["id"]})

    @rule(name=st.sampled_from(TENANTS), is_required=st.booleans())
    def require_key(self, name: str, is_required: bool) -> None:  # noqa: FBT001 - drawn
        if name in self.tenants:
            self.do(REQUIRE_APP_KEY, {"id": self.tenants[name], "isRequired": is_required})

    @rule(name=st.sampled_from(TENANTS), sure=st.integers(0, 3))
    def delete(self, name: str, sure: int) -> None:
        """Seldom, since a ProviderId that was published is never given out again."""
        if sure == 3:
            self.changed(DELETE, name, {"confirmProviderId": name})
            self.tenants.pop(name, None)


@pytest.mark.proof
def test_same_answers(migrated_sqlite: Path, tmp_path: Path) -> None:
    number = counting()

    search(lambda: f"sqlite:///{shutil.copy(migrated_sqlite, tmp_path / f'{next(number)}.db')}")


@pytest.mark.proof
def test_same_answers_on_postgresql(postgres_server: PostgresServer, migrated_postgres: str) -> None:
    made = list[str]()

    def new_url() -> str:
        made.append(postgres_server.make(migrated_postgres))
        return made[-1]

    try:
        search(new_url)
    finally:
        for url in made:
            postgres_server.drop(url)


def search(new_url: Callable[[], str]) -> None:
    machine = type("Machine", (SameAnswers,), {"new_url": staticmethod(new_url)})

    run_state_machine_as_test(
        machine,
        settings=how_to_search(max_examples=count(full=60, ci=8), stateful_step_count=count(full=50, ci=30)),
    )
