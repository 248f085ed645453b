"""People, their roles and sessions, tokens of a tenant, app keys."""

from __future__ import annotations

from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

_TENANT = "tenants.TenantRow"
_PERSON = "tenants.PersonRow"
_CASCADE = fields.OnDelete.CASCADE


class Migration(migrations.Migration):
    """New tables; columns that may be empty in old ones."""

    dependencies = [("tenants", "m0004_contents_of_links")]  # noqa: RUF012 - as the library declares it

    operations = [  # noqa: RUF012 - as the library declares it
        operations.CreateModel(
            name="PersonRow",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                ("email", fields.CharField(max_length=254)),
                ("email_key", fields.CharField(max_length=254)),
                ("name", fields.TextField()),
                ("password_hash", fields.TextField()),
                ("is_platform_admin", fields.BooleanField(default=False)),
                ("created_at", fields.DatetimeField()),
            ],
            options={
                "table": "person",
                "app": "tenants",
                "constraints": [UniqueConstraint(fields=("email_key",), name="person_email_key")],
            },
        ),
        operations.CreateModel(
            name="MembershipRow",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                ("tenant", fields.ForeignKeyField(_TENANT, related_name="memberships", on_delete=_CASCADE)),
                ("person", fields.ForeignKeyField(_PERSON, null=True, related_name="memberships", on_delete=_CASCADE)),
                ("email", fields.CharField(max_length=254)),
                ("email_key", fields.CharField(max_length=254)),
                ("name_key", fields.CharField(max_length=400)),
                ("role", fields.CharField(max_length=10)),
                ("version", fields.IntField(default=1)),
                ("token_sha256", fields.BinaryField(null=True)),
                ("invitation_expires_at", fields.DatetimeField(null=True)),
                ("created_at", fields.DatetimeField()),
            ],
            options={
                "table": "membership",
                "app": "tenants",
                "constraints": [
                    UniqueConstraint(fields=("tenant_id", "email_key"), name="membership_email_key"),
                    UniqueConstraint(fields=("tenant_id", "person_id"), name="membership_person"),
                    UniqueConstraint(fields=("token_sha256",), name="membership_token_sha256"),
                    CheckConstraint(check="role IN ('VIEWER', 'EDITOR', 'PUBLISHER', 'OWNER')", name="membership_role"),
                ],
                "indexes": [
                    Index(fields=("person_id",), name="membership_person_id"),
                    Index(fields=("tenant_id", "name_key", "id"), name="membership_tenant_name"),
                ],
            },
        ),
        operations.CreateModel(
            name="OneTimeLinkRow",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                ("kind", fields.CharField(max_length=10)),
                ("token_sha256", fields.BinaryField()),
                (
                    "person",
                    fields.ForeignKeyField(_PERSON, null=True, related_name="one_time_links", on_delete=_CASCADE),
                ),
                ("created_at", fields.DatetimeField()),
                ("expires_at", fields.DatetimeField()),
            ],
            options={
                "table": "one_time_link",
                "app": "tenants",
                "constraints": [
                    UniqueConstraint(fields=("token_sha256",), name="one_time_link_token_sha256"),
                    CheckConstraint(check="kind IN ('ADMIN', 'RESET')", name="one_time_link_kind"),
                ],
                "indexes": [Index(fields=("person_id",), name="one_time_link_person")],
            },
        ),
        operations.CreateModel(
            name="SessionRow",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                ("person", fields.ForeignKeyField(_PERSON, related_name="sessions", on_delete=_CASCADE)),
                ("sha256", fields.BinaryField()),
                ("device", fields.CharField(max_length=80)),
                ("address", fields.CharField(max_length=45)),
                ("created_at", fields.DatetimeField()),
                ("last_used_at", fields.DatetimeField()),
            ],
            options={
                "table": "session",
                "app": "tenants",
                "constraints": [UniqueConstraint(fields=("sha256",), name="session_sha256")],
                "indexes": [Index(fields=("person_id", "last_used_at"), name="session_person_last_used_at")],
            },
        ),
        operations.CreateModel(
            name="AppKeyRow",
            fields=[
                ("id", fields.BigIntField(primary_key=True)),
                ("tenant", fields.ForeignKeyField(_TENANT, related_name="app_keys", on_delete=_CASCADE)),
                ("name", fields.TextField()),
                ("prefix", fields.CharField(max_length=12)),
                ("sha256", fields.BinaryField()),
                ("created_at", fields.DatetimeField()),
                ("created_by", fields.TextField()),
                ("last_used_at", fields.DatetimeField(null=True)),
            ],
            options={
                "table": "app_key",
                "app": "tenants",
                "constraints": [UniqueConstraint(fields=("sha256",), name="app_key_sha256")],
                "indexes": [Index(fields=("tenant_id", "id"), name="app_key_tenant")],
            },
        ),
        operations.AddField("TenantRow", "is_app_key_required", fields.BooleanField(default=False, db_default=False)),
        operations.AddField(
            "AccessTokenRow",
            "tenant",
            fields.ForeignKeyField(_TENANT, null=True, related_name="access_tokens", on_delete=_CASCADE),
        ),
        operations.AddField("AccessTokenRow", "created_by", fields.TextField(null=True)),
        operations.AddField("AccessTokenRow", "expires_at", fields.DatetimeField(null=True)),
        operations.AddField("AccessTokenRow", "last_used_at", fields.DatetimeField(null=True)),
        operations.AddIndex("AccessTokenRow", Index(fields=("tenant_id", "id"), name="access_token_tenant")),
    ]
