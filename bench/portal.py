"""A page of the portal on PostgreSQL, beside Strawberry with SQL by hand on the same rows."""

from __future__ import annotations

import json
import re
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from bench import load, servers, staff
from bench.load import BadAnswerError
from bench.measuring import Case, by_wrk, measure, say
from bench.postgres import find_binaries, postgres
from bench.report import Line

if TYPE_CHECKING:
    from pathlib import Path

    from bench.postgres import Postgres

_TENANTS = 60
_PAGE = 50
_CONNECTIONS = 8
"""Fewer than phones: an answer is a hundred times as long."""
_CONFIG = """app
  branding { themeColor darkThemeColor isDarkThemeColorDerived }
  provisioning {
    isEnabled url method headers { name maskedValue } usernamePlaceholder passwordPlaceholder sipDomain subdomain
  }
  help { menuTitle contactEmail credentialsSource links { title url displayHost placeholders } }"""
QUERY = f"""query TenantListWithConfigs($first: Int!) {{ tenants(first: $first) {{
  edges {{ node {{
    id providerId name app status
    draft {{ id version config {{ {_CONFIG} }} }}
    published {{ id number config {{ {_CONFIG} }} }}
  }} }}
  pageInfo {{ hasNextPage endCursor }}
}} }}"""
_READS_ROWS = re.compile(r"\s*SELECT\b.*\bFROM\b", re.IGNORECASE | re.DOTALL)


def measure_portal(folder: Path, rounds: int, seconds: float) -> list[Line] | None:
    """None without PostgreSQL. Raises BadAnswerError when the two do not answer the same."""
    binaries = find_binaries()
    if binaries is None:
        return None
    folder.mkdir()
    with ExitStack() as stack:
        server = stack.enter_context(postgres(binaries))
        settings = {"GATEWAY_DATABASE_URL": server.url}
        say(f"making {_TENANTS} tenants on PostgreSQL")
        servers.prepare_gateway(_TENANTS, folder, settings)
        port, _pid = stack.enter_context(servers.gateway(folder, "portal", settings))
        request = staff.post(QUERY, {"first": _PAGE}, staff.sign_in(port, folder, settings))
        by_hand = stack.enter_context(servers.strawberry_by_hand(server.url, folder))
        _check_same(_page(port, request), _page(by_hand, request))
        selects = _count_selects(server, port, request)
        file = folder / "request"
        load.write_requests(file, [request])
        unit = Case(
            name="Strawberry with SQL by hand, the same page", run=by_wrk(by_hand, file, connections=_CONNECTIONS)
        )
        name = f"portal: page of {_PAGE} tenants, draft and published config, signed in, PostgreSQL"
        ours = Case(name=name, run=by_wrk(port, file, connections=_CONNECTIONS), must=1, aim=2)
        unit_row, row = measure(unit, [ours], rounds, seconds)
    return [
        unit_row.line("by hand"),
        row.line("by hand"),
        Line(name="statements of that page that read rows", value=selects, of="SELECTs", must=3, is_most=True),
    ]


def _page(port: int, request: bytes) -> dict[str, Any]:
    body = load.ask(port, request)[2]
    told: dict[str, Any] = json.loads(body)
    edges = ((told.get("data") or {}).get("tenants") or {}).get("edges")
    if told.get("errors") or len(edges or ()) != _PAGE:
        raise BadAnswerError(f"A page of the portal is answered {body[:500]!r}")
    return told


def _check_same(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    if ours != theirs:
        places = zip(ours["data"]["tenants"]["edges"], theirs["data"]["tenants"]["edges"], strict=True)
        differing = next((pair for pair in places if pair[0] != pair[1]), (ours, theirs))
        raise BadAnswerError(f"The portal's page differs: {str(differing)[:4000]}")


def _count_selects(server: Postgres, port: int, request: bytes) -> int:
    """As the server has logged them: those of the page's own session, once nothing of it is new."""
    _page(port, request)
    time.sleep(2)  # what is written beside the requests, or read because of them, is through
    with server.logging() as logged:
        _page(port, request)
    return sum(1 for statement in logged if _READS_ROWS.match(statement) and "change_counter" not in statement)
