"""Secrets of a config, setup links, refused attempts, devices that have signed in."""

from __future__ import annotations

from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

_TENANT = "tenants.TenantRow"


class Migration(migrations.Migration):
    """New tables only."""

    dependencies = [("tenants", "m0001_initial")]  # noqa: RUF012 - as the library declares it

    operations = [  # noqa: RUF012 - as the library declares it
        operations.CreateModel(
            name="SecretRow",
            fields=[
                ("id", fields.BigIntField(primary_key=True, generated=False)),
                ("tenant", fields.ForeignKeyField(_TENANT, related_name="secrets", on_delete=fields.OnDelete.CASCADE)),
                ("kind", fields.CharField(max_length=10)),
                ("key_id", fields.CharField(max_length=8)),
                ("sealed", fields.BinaryField()),
                ("created_at", fields.DatetimeField()),
                ("is_published", fields.BooleanField(default=False)),
                ("retires_at", fields.DatetimeField(null=True)),
            ],
            options={
                "table": "secret",
                "app": "tenants",
                "constraints": [CheckConstraint(check="kind IN ('HEADER', 'SIGNING')", name="secret_kind")],
                "indexes": [Index(fields=("tenant_id", "kind"), name="secret_tenant_kind")],
            },
        ),
        operations.CreateModel(
            name="SetupLinkRow",
            fields=[
                ("id", fields.BigIntField(primary_key=True, generated=False)),
                (
                    "tenant",
                    fields.ForeignKeyField(_TENANT, related_name="setup_links", on_delete=fields.OnDelete.CASCADE),
                ),
                ("token_sha256", fields.BinaryField()),
                ("carries", fields.CharField(max_length=10)),
                ("note", fields.TextField(null=True)),
                ("can_move", fields.BooleanField(default=False)),
                ("key_id", fields.CharField(max_length=8)),
                ("sealed", fields.BinaryField()),
                ("created_at", fields.DatetimeField()),
                ("created_by", fields.TextField()),
                ("expires_at", fields.DatetimeField()),
                ("redeemed_at", fields.DatetimeField(null=True)),
                ("device_sha256", fields.BinaryField(null=True)),
                ("revoked_at", fields.DatetimeField(null=True)),
            ],
            options={
                "table": "setup_link",
                "app": "tenants",
                "constraints": [
                    UniqueConstraint(fields=("token_sha256",), name="setup_link_token_sha256"),
                    CheckConstraint(check="carries IN ('ACCOUNTS', 'LOGIN')", name="setup_link_carries"),
                ],
                "indexes": [Index(fields=("tenant_id", "created_at", "id"), name="setup_link_tenant_created_at")],
            },
        ),
        operations.CreateModel(
            name="RefusedAttemptRow",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                (
                    "tenant",
                    fields.ForeignKeyField(
                        _TENANT, null=True, related_name="refused_attempts", on_delete=fields.OnDelete.CASCADE
                    ),
                ),
                ("name_mac", fields.BinaryField(null=True)),
                ("address_mac", fields.BinaryField()),
                ("at", fields.DatetimeField()),
            ],
            options={
                "table": "refused_attempt",
                "app": "tenants",
                "indexes": [Index(fields=("tenant_id", "at"), name="refused_attempt_tenant_at")],
            },
        ),
        operations.CreateModel(
            name="ProvenDeviceRow",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                (
                    "tenant",
                    fields.ForeignKeyField(_TENANT, related_name="proven_devices", on_delete=fields.OnDelete.CASCADE),
                ),
                ("mac", fields.BinaryField()),
                ("proved_at", fields.DatetimeField()),
            ],
            options={
                "table": "proven_device",
                "app": "tenants",
                "constraints": [UniqueConstraint(fields=("tenant_id", "mac"), name="proven_device_mac")],
            },
        ),
    ]
