"""The tables of tenants. Only `tenants.store` reads and writes them; see `migrations` for how they come to be."""

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
    is_app_key_required = fields.BooleanField(default=False, db_default=False)
    """Means nothing while the live config is generic."""

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


class SecretRow(Model):
    """A header's value, or the key that signs calls. Changed by rotation of the master key only."""

    id = fields.BigIntField(primary_key=True, generated=False)
    """Random, chosen here: it is part of what is authenticated with the value."""
    tenant_id: int
    tenant: fields.ForeignKeyRelation[TenantRow] = fields.ForeignKeyField(
        "tenants.TenantRow", related_name="secrets", on_delete=fields.CASCADE
    )
    kind = fields.CharField(max_length=10)
    key_id = fields.CharField(max_length=8)
    sealed = fields.BinaryField()
    created_at = fields.DatetimeField()
    is_published = fields.BooleanField(default=False)
    """Whether a revision names it: then it stays as long as the tenant."""
    retires_at = fields.DatetimeField(null=True)
    """Until when a replaced signing secret signs beside the new one."""

    class Meta:
        table = "secret"
        constraints = [CheckConstraint(check="kind IN ('HEADER', 'SIGNING')", name="secret_kind")]
        indexes = [Index(fields=("tenant_id", "kind"), name="secret_tenant_kind")]


class SetupLinkRow(Model):
    """A one-time link that sets a phone up. The token itself is shown once and never stored."""

    id = fields.BigIntField(primary_key=True, generated=False)
    """Random, chosen here: it is part of what is authenticated with the content."""
    tenant_id: int
    tenant: fields.ForeignKeyRelation[TenantRow] = fields.ForeignKeyField(
        "tenants.TenantRow", related_name="setup_links", on_delete=fields.CASCADE
    )
    token_sha256 = fields.BinaryField()
    carries = fields.CharField(max_length=10)
    note = fields.TextField(null=True)
    can_move = fields.BooleanField(default=False)
    key_id = fields.CharField(max_length=8)
    """Empty, as the content is, once no phone can get it any more."""
    sealed = fields.BinaryField()
    created_at = fields.DatetimeField()
    created_by = fields.TextField()
    expires_at = fields.DatetimeField()
    redeemed_at = fields.DatetimeField(null=True)
    """When a phone redeemed it last."""
    device_sha256 = fields.BinaryField(null=True)
    """Which one: a digest of token and device id."""
    revoked_at = fields.DatetimeField(null=True)

    class Meta:
        table = "setup_link"
        constraints = [
            UniqueConstraint(fields=("token_sha256",), name="setup_link_token_sha256"),
            CheckConstraint(check="carries IN ('ACCOUNTS', 'LOGIN')", name="setup_link_carries"),
        ]
        indexes = [
            Index(fields=("tenant_id", "created_at", "id"), name="setup_link_tenant_created_at"),
            Index(fields=("tenant_id", "key_id"), name="setup_link_tenant_key_id"),
        ]


class RefusedAttemptRow(Model):
    """A sign-in or setup code that was refused, told by keyed digests only, and counted over a window."""

    id = fields.BigIntField(primary_key=True)
    tenant_id: int | None
    tenant: fields.ForeignKeyNullableRelation[TenantRow] = fields.ForeignKeyField(
        "tenants.TenantRow", null=True, related_name="refused_attempts", on_delete=fields.CASCADE
    )
    """Null for a setup code, which names no tenant until it opens."""
    name_mac = fields.BinaryField(null=True)
    """Of username and address."""
    address_mac = fields.BinaryField()
    at = fields.DatetimeField()

    class Meta:
        table = "refused_attempt"
        indexes = [
            Index(fields=("tenant_id", "at"), name="refused_attempt_tenant_at"),
            Index(fields=("tenant_id", "name_mac", "at"), name="refused_attempt_name_at"),
            Index(fields=("tenant_id", "address_mac", "at"), name="refused_attempt_address_at"),
        ]


class ProvenDeviceRow(Model):
    """An installation that signed a user in once: other people's failures do not hold it up."""

    id = fields.BigIntField(primary_key=True)
    tenant_id: int
    tenant: fields.ForeignKeyRelation[TenantRow] = fields.ForeignKeyField(
        "tenants.TenantRow", related_name="proven_devices", on_delete=fields.CASCADE
    )
    mac = fields.BinaryField()
    """Of username and device id."""
    proved_at = fields.DatetimeField()

    class Meta:
        table = "proven_device"
        constraints = [UniqueConstraint(fields=("tenant_id", "mac"), name="proven_device_mac")]
