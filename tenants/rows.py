"""The tables. Only `tenants.store` reads and writes them; see `migrations` for how they come to be."""

from __future__ import annotations

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.models import Model


class TenantRow(Model):
    """A tenant: its names, its state, which revision is live."""

    id = fields.BigIntField(primary_key=True)
    provider_id = fields.CharField(max_length=63)
    provider_key = fields.CharField(max_length=63)
    """The ProviderId in lower case (I2)."""
    name_key = fields.CharField(max_length=400)
    """What the list is sorted by and searched in: the shown name, case folded."""
    app = fields.CharField(max_length=10)
    """The kind shown to staff: of the live config, else of the draft."""
    is_suspended = fields.BooleanField(default=False)
    suspended_reason = fields.TextField(null=True)
    live_revision = fields.IntField(null=True)
    created_at = fields.DatetimeField()

    draft: fields.OneToOneRelation[DraftRow]

    class Meta:
        table = "tenant"
        constraints = [
            UniqueConstraint(fields=("provider_key",), name="tenant_provider_key"),
            CheckConstraint(check="app IN ('GENERIC', 'WHITELABEL')", name="tenant_app"),
            CheckConstraint(check="provider_key = lower(provider_id)", name="tenant_provider_key_is_lower"),
        ]
        indexes = [Index(fields=("name_key", "id"), name="tenant_name_key_id")]


class ProviderIdRow(Model):
    """A ProviderId that is in use, or was published once and is never issued again (I2, I3)."""

    key = fields.CharField(max_length=63, primary_key=True)
    tenant_id: int | None
    tenant: fields.ForeignKeyNullableRelation[TenantRow] = fields.ForeignKeyField(
        "tenants.TenantRow", null=True, related_name="provider_ids", on_delete=fields.SET_NULL
    )
    """Whose it is; null when its tenant is gone."""
    was_published = fields.BooleanField(default=False)

    class Meta:
        table = "provider_id"


class DraftRow(Model):
    """The config being edited, one a tenant."""

    tenant_id: int
    tenant: fields.OneToOneRelation[TenantRow] = fields.OneToOneField(
        "tenants.TenantRow", primary_key=True, related_name="draft", on_delete=fields.CASCADE
    )
    version = fields.IntField()
    name = fields.TextField(null=True)
    config = fields.TextField()
    edited_at = fields.DatetimeField()
    edited_by = fields.TextField()

    class Meta:
        table = "draft"
        constraints = [CheckConstraint(check="version > 0", name="draft_version")]


class RevisionRow(Model):
    """A published config. Inserted once, never updated."""

    id = fields.BigIntField(primary_key=True)
    tenant_id: int
    tenant: fields.ForeignKeyRelation[TenantRow] = fields.ForeignKeyField(
        "tenants.TenantRow", related_name="revisions", on_delete=fields.CASCADE
    )
    number = fields.IntField()
    draft_version = fields.IntField()
    """The draft version it was made from, so that a repeated publish is recognised."""
    name = fields.TextField()
    config = fields.TextField()
    published_at = fields.DatetimeField()
    published_by = fields.TextField()
    note = fields.TextField(null=True)

    class Meta:
        table = "revision"
        constraints = [
            UniqueConstraint(fields=("tenant_id", "number"), name="revision_number"),
            CheckConstraint(check="number > 0", name="revision_number_positive"),
        ]


class AccessTokenRow(Model):
    """A program's bearer token. The token itself is shown once and never stored."""

    id = fields.BigIntField(primary_key=True)
    name = fields.TextField()
    prefix = fields.CharField(max_length=12)
    sha256 = fields.BinaryField()
    role = fields.CharField(max_length=20)
    created_at = fields.DatetimeField()
    revoked_at = fields.DatetimeField(null=True)

    class Meta:
        table = "access_token"
        constraints = [UniqueConstraint(fields=("sha256",), name="access_token_sha256")]
