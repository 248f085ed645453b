"""Strawberry with SQL by hand, for a page of the portal: three statements, whatever its length, on the same rows.

The same types and fields as the gateway's own, its caches of parsed and validated documents on.
"""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from enum import Enum
from http.cookies import SimpleCookie
from typing import Any

import asyncpg
import orjson
import strawberry
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.extensions import ParserCache, ValidationCache
from strawberry.types import Info

_SESSION = """
SELECT session.sha256, person.is_platform_admin FROM session JOIN person ON person.id = session.person_id
WHERE session.sha256 = $1 AND session.created_at > $2 AND session.last_used_at > $3
"""
_TENANTS = """
SELECT tenant.id, provider_id, tenant.app, is_suspended, live_revision, name_key, version, name, config
FROM tenant JOIN draft ON draft.tenant_id = tenant.id ORDER BY name_key, tenant.id LIMIT $1
"""
_REVISIONS = """
SELECT revision.id, revision.tenant_id, revision.number, revision.config FROM revision
JOIN tenant ON tenant.id = revision.tenant_id AND tenant.live_revision = revision.number WHERE tenant.id = ANY($1)
"""
_LONGEST, _IDLE = timedelta(hours=12), timedelta(minutes=30)


@strawberry.enum
class AppKind(Enum):
    GENERIC = "GENERIC"
    WHITELABEL = "WHITELABEL"


@strawberry.enum
class TenantStatus(Enum):
    LIVE = "LIVE"
    SUSPENDED = "SUSPENDED"
    UNPUBLISHED = "UNPUBLISHED"


@strawberry.enum
class Placeholder(Enum):
    USER = "user"
    PASSWORD = "pwd"  # noqa: S105 - what stands between two marks


@strawberry.enum
class Method(Enum):
    GET = "GET"
    POST_FORM = "POST_FORM"
    POST_JSON = "POST_JSON"


@strawberry.type
class Branding:
    theme_color: str
    dark_theme_color: str
    is_dark_theme_color_derived: bool


@strawberry.type
class Header:
    name: str
    masked_value: str


@strawberry.type
class ProvisioningSettings:
    is_enabled: bool
    url: str | None
    method: Method
    headers: list[Header]
    username_placeholder: str | None
    password_placeholder: str | None
    sip_domain: str | None
    subdomain: str | None


@strawberry.type
class HelpLink:
    title: str
    url: str
    display_host: str
    placeholders: list[Placeholder]


@strawberry.type
class Help:
    menu_title: str
    contact_email: str | None
    credentials_source: str | None
    links: list[HelpLink]


@strawberry.type
class TenantConfig:
    app: AppKind
    branding: Branding
    provisioning: ProvisioningSettings
    help: Help


@strawberry.type
class Draft:
    document: strawberry.Private[str]
    id: strawberry.ID
    version: int

    @strawberry.field
    def config(self) -> TenantConfig:
        return _config(self.document)


@strawberry.type
class Revision:
    document: strawberry.Private[str]
    id: strawberry.ID
    number: int

    @strawberry.field
    def config(self) -> TenantConfig:
        return _config(self.document)


@strawberry.type
class Tenant:
    id: strawberry.ID
    provider_id: str
    name: str
    app: AppKind
    status: TenantStatus
    draft: Draft
    published: Revision | None


@strawberry.type
class Edge:
    node: Tenant


@strawberry.type
class PageInfo:
    has_next_page: bool
    end_cursor: str | None


@strawberry.type
class Connection:
    edges: list[Edge]
    page_info: PageInfo


@strawberry.type
class Query:
    @strawberry.field
    async def tenants(self, info: Info[Any, None], first: int) -> Connection:
        pool, request = info.context["pool"], info.context["request"]
        await _check_session(pool, request)
        rows = await pool.fetch(_TENANTS, first + 1)
        page = rows[:first]
        live = await pool.fetch(_REVISIONS, [row["id"] for row in page])
        published = {row["tenant_id"]: _revision(row) for row in live}
        return Connection(
            edges=[Edge(node=_tenant(row, published.get(row["id"]))) for row in page],
            page_info=PageInfo(
                has_next_page=len(rows) > first,
                end_cursor=_cursor(page[-1]["name_key"], page[-1]["id"]) if page else None,
            ),
        )


async def _check_session(pool: Any, request: Request) -> None:  # noqa: ANN401 - the driver has no types
    cookie = SimpleCookie(request.headers.get("cookie", "")).get("__Host-gateway")
    wanted = hashlib.sha256(cookie.value.encode()).digest() if cookie else b""
    now = datetime.now(UTC)
    row = await pool.fetchrow(_SESSION, wanted, now - _LONGEST, now - _IDLE)
    if row is None or not hmac.compare_digest(row["sha256"], wanted) or not row["is_platform_admin"]:
        message = "Nobody is signed in."
        raise PermissionError(message)


def _tenant(row: Any, published: Revision | None) -> Tenant:  # noqa: ANN401 - the driver has no types
    unpublished = row["live_revision"] is None
    status = TenantStatus.UNPUBLISHED if unpublished else TenantStatus.LIVE
    return Tenant(
        id=_id("Tenant", row["id"]),
        provider_id=row["provider_id"],
        name=row["name"] or row["provider_id"],
        app=AppKind(row["app"]),
        status=TenantStatus.SUSPENDED if row["is_suspended"] else status,
        draft=Draft(document=row["config"], id=_id("Draft", row["id"]), version=row["version"]),
        published=published,
    )


def _revision(row: Any) -> Revision:  # noqa: ANN401 - the driver has no types
    return Revision(document=row["config"], id=_id("Revision", row["id"]), number=row["number"])


def _config(document: str) -> TenantConfig:
    stored = orjson.loads(document)
    branding, provisioning, menu = stored["branding"], stored["provisioning"], stored["help"]
    return TenantConfig(
        app=AppKind(stored["app"]),
        branding=Branding(
            theme_color=branding["themeColor"],
            dark_theme_color=branding["shownDarkThemeColor"],
            is_dark_theme_color_derived=branding["darkThemeColor"] is None,
        ),
        provisioning=ProvisioningSettings(
            is_enabled=provisioning["isEnabled"],
            url=provisioning["url"],
            method=Method(provisioning["method"]),
            headers=[Header(name=each["name"], masked_value=each["masked"]) for each in provisioning["headers"]],
            username_placeholder=provisioning["usernamePlaceholder"],
            password_placeholder=provisioning["passwordPlaceholder"],
            sip_domain=provisioning["sipDomain"],
            subdomain=provisioning["subdomain"],
        ),
        help=Help(
            menu_title=menu["menuTitle"],
            contact_email=menu["contactEmail"],
            credentials_source=menu["credentialsSource"],
            links=[_link(each) for each in menu["links"]],
        ),
    )


def _link(stored: dict[str, str]) -> HelpLink:
    host = stored["url"].split("/")[2]
    placeholders = [each for each in Placeholder if f"%{each.value}%" in stored["url"]]
    return HelpLink(title=stored["title"], url=stored["url"], display_host=host, placeholders=placeholders)


def _id(kind: str, number: int) -> strawberry.ID:
    return strawberry.ID(_encode(f"{kind}:{number}".encode()))


def _cursor(*place: str | int) -> str:
    return _encode(orjson.dumps(place))


def _encode(text: bytes) -> str:
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


class Served(GraphQL[Any, None]):
    """Strawberry's application with a pool, which is opened where the server's loop runs."""

    def __init__(self, database: str) -> None:
        super().__init__(strawberry.Schema(Query, extensions=[ParserCache, ValidationCache]))
        self._database = database
        self._pool: Any = None

    # ANN401: the library leaves open what a context is.
    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Any:  # noqa: ANN401
        if self._pool is None:
            self._pool = await asyncpg.create_pool(self._database, min_size=10, max_size=10)
        return {"request": request, "response": response, "pool": self._pool}
