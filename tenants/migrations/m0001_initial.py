"""Tenants, drafts, revisions, ProviderIds in use or retired, access tokens."""

from __future__ import annotations

from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

from tenants.schema import RunOnPostgres

_TENANT = "tenants.TenantRow"


class Migration(migrations.Migration):
    """From nothing."""

    initial = True

    operations = [  # noqa: RUF012 - as the library declares it
        operations.CreateModel(
            name="TenantRow",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                ("provider_id", fields.CharField(max_length=63)),
                ("provider_key", fields.CharField(max_length=63)),
                ("name_key", fields.CharField(max_length=400)),
                ("app", fields.CharField(max_length=10)),
                ("is_suspended", fields.BooleanField(default=False)),
                ("suspended_reason", fields.TextField(null=True)),
                ("live_revision", fields.IntField(null=True)),
                ("created_at", fields.DatetimeField()),
            ],
            options={
                "table": "tenant",
                "app": "tenants",
                "constraints": [
                    UniqueConstraint(fields=("provider_key",), name="tenant_provider_key"),
                    CheckConstraint(check="app IN ('GENERIC', 'WHITELABEL')", name="tenant_app"),
                    CheckConstraint(check="provider_key = lower(provider_id)", name="tenant_provider_key_is_lower"),
                ],
                "indexes": [Index(fields=("name_key", "id"), name="tenant_name_key_id")],
            },
        ),
        operations.CreateModel(
            name="ProviderIdRow",
            fields=[
                ("key", fields.CharField(max_length=63, primary_key=True)),
                (
                    "tenant",
                    fields.ForeignKeyField(
                        _TENANT, null=True, related_name="provider_ids", on_delete=fields.OnDelete.SET_NULL
                    ),
                ),
                ("was_published", fields.BooleanField(default=False)),
            ],
            options={"table": "provider_id", "app": "tenants"},
        ),
        operations.CreateModel(
            name="DraftRow",
            fields=[
                (
                    "tenant",
                    fields.OneToOneField(
                        _TENANT, primary_key=True, related_name="draft", on_delete=fields.OnDelete.CASCADE
                    ),
                ),
                ("version", fields.IntField()),
                ("name", fields.TextField(null=True)),
                ("config", fields.TextField()),
                ("edited_at", fields.DatetimeField()),
                ("edited_by", fields.TextField()),
            ],
            options={
                "table": "draft",
                "app": "tenants",
                "constraints": [CheckConstraint(check="version > 0", name="draft_version")],
            },
        ),
        operations.CreateModel(
            name="RevisionRow",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                (
                    "tenant",
                    fields.ForeignKeyField(_TENANT, related_name="revisions", on_delete=fields.OnDelete.CASCADE),
                ),
                ("number", fields.IntField()),
                ("draft_version", fields.IntField()),
                ("name", fields.TextField()),
                ("config", fields.TextField()),
                ("published_at", fields.DatetimeField()),
                ("published_by", fields.TextField()),
                ("note", fields.TextField(null=True)),
            ],
            options={
                "table": "revision",
                "app": "tenants",
                "constraints": [
                    UniqueConstraint(fields=("tenant_id", "number"), name="revision_number"),
                    CheckConstraint(check="number > 0", name="revision_number_positive"),
                ],
            },
        ),
        operations.CreateModel(
            name="AccessTokenRow",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                ("name", fields.TextField()),
                ("prefix", fields.CharField(max_length=12)),
                ("sha256", fields.BinaryField()),
                ("role", fields.CharField(max_length=20)),
                ("created_at", fields.DatetimeField()),
                ("revoked_at", fields.DatetimeField(null=True)),
            ],
            options={
                "table": "access_token",
                "app": "tenants",
                "constraints": [UniqueConstraint(fields=("sha256",), name="access_token_sha256")],
            },
        ),
        # Byte order, as in SQLite, whatever language the server speaks: pages of a list must not depend on it.
        RunOnPostgres('ALTER TABLE tenant ALTER COLUMN provider_id TYPE VARCHAR(63) COLLATE "C"'),
        RunOnPostgres('ALTER TABLE tenant ALTER COLUMN provider_key TYPE VARCHAR(63) COLLATE "C"'),
        RunOnPostgres('ALTER TABLE tenant ALTER COLUMN name_key TYPE VARCHAR(400) COLLATE "C"'),
        RunOnPostgres('ALTER TABLE provider_id ALTER COLUMN "key" TYPE VARCHAR(63) COLLATE "C"'),
    ]
