"""What one would write first: Strawberry's own ASGI application, and Tortoise on SQLite."""

# ruff: noqa: RUF012 - as the manuals of both write it

from enum import Enum
from typing import Annotated

import strawberry
from strawberry.asgi import GraphQL
from tortoise import Tortoise, fields
from tortoise.models import Model

from bench.tenants import links, provider_id


class TenantRow(Model):
    id = fields.IntField(primary_key=True)
    provider_id = fields.CharField(max_length=32, unique=True)
    name = fields.CharField(max_length=64)
    theme_color = fields.CharField(max_length=7)
    dark_theme_color = fields.CharField(max_length=7)
    username_placeholder = fields.CharField(max_length=64)
    password_placeholder = fields.CharField(max_length=64)
    menu_title = fields.CharField(max_length=64)
    contact_email = fields.CharField(max_length=254)
    revision = fields.IntField()
    published_at = fields.CharField(max_length=32)
    links: fields.ReverseRelation["LinkRow"]


class LinkRow(Model):
    id = fields.IntField(primary_key=True)
    tenant: fields.ForeignKeyRelation[TenantRow] = fields.ForeignKeyField("models.TenantRow", related_name="links")
    position = fields.IntField()
    title = fields.CharField(max_length=64)
    url = fields.CharField(max_length=254)

    class Meta:
        ordering = ["position"]


@strawberry.enum
class AppKind(Enum):
    GENERIC = "GENERIC"
    WHITELABEL = "WHITELABEL"


@strawberry.type
class Branding:
    theme_color: str
    dark_theme_color: str


@strawberry.type
class ProvisioningForm:
    username_placeholder: str
    password_placeholder: str


@strawberry.type
class StandardSignIn:
    host: str
    subdomain: str


SignIn = Annotated[ProvisioningForm | StandardSignIn, strawberry.union("SignIn")]


@strawberry.type
class Link:
    title: str
    url: str
    placeholders: list[str]


@strawberry.type
class Help:
    menu_title: str
    contact_email: str
    credentials_source: str
    links: list[Link]


@strawberry.interface
class SoftphoneScreens:
    provider_id: str
    name: str
    branding: Branding
    sign_in: SignIn
    help: Help


@strawberry.type
class SoftphoneConfig(SoftphoneScreens):
    revision: int
    published_at: str


@strawberry.interface
class Refusal:
    message: str


@strawberry.type
class UnknownProvider(Refusal):
    message: str


Config = Annotated[SoftphoneConfig | UnknownProvider, strawberry.union("Config")]


@strawberry.type
class Query:
    @strawberry.field
    async def softphone_config(self, provider_id: str, app: AppKind) -> Config:
        row = await TenantRow.get_or_none(provider_id=provider_id).prefetch_related("links")
        if row is None or app is AppKind.GENERIC:
            return UnknownProvider(message="There is no such provider.")
        return SoftphoneConfig(
            provider_id=row.provider_id,
            name=row.name,
            branding=Branding(theme_color=row.theme_color, dark_theme_color=row.dark_theme_color),
            sign_in=ProvisioningForm(
                username_placeholder=row.username_placeholder, password_placeholder=row.password_placeholder
            ),
            help=Help(
                menu_title=row.menu_title,
                contact_email=row.contact_email,
                credentials_source="PROVISIONING",
                links=[Link(title=link.title, url=link.url, placeholders=["user"]) for link in row.links],
            ),
            revision=row.revision,
            published_at=row.published_at,
        )


async def fill(count: int, database: str) -> None:
    """Make the tables, and a row a tenant and link."""
    await Tortoise.init(db_url=database, modules={"models": ["bench.peers.stock_schema"]})
    await Tortoise.generate_schemas()
    tenants = [
        TenantRow(
            id=number + 1,
            provider_id=provider_id(number),
            name=f"Carrier number {number}",
            theme_color="#0d47a1",
            dark_theme_color="#f06292",
            username_placeholder="Account number",
            password_placeholder="PIN",  # noqa: S106 - a hint in a form
            menu_title="Help and billing",
            contact_email=f"help@carrier-{number:06d}.example",
            revision=1,
            published_at="2026-11-28T00:00:00Z",
        )
        for number in range(count)
    ]
    await TenantRow.bulk_create(tenants, batch_size=500)
    rows = [
        LinkRow(tenant_id=number + 1, position=position, title=title, url=url)
        for number in range(count)
        for position, (title, url) in enumerate(links(number))
    ]
    await LinkRow.bulk_create(rows, batch_size=500)
    await Tortoise.close_connections()


class Served:
    """Strawberry's application; the database is opened where the server's loop runs."""

    def __init__(self, database: str) -> None:
        schema = strawberry.Schema(Query, types=[SoftphoneConfig, UnknownProvider])
        self._app, self._database, self._is_open = GraphQL[None, None](schema), database, False

    async def __call__(self, scope, receive, send) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001 - ASGI's three
        if not self._is_open:
            self._is_open = True
            await Tortoise.init(
                db_url=self._database,
                modules={"models": ["bench.peers.stock_schema"]},
                _enable_global_fallback=True,
            )
        await self._app(scope, receive, send)
