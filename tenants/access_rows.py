"""The tables of people, of their sessions, of keys of programs and apps. Only `tenants.store` uses them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.models import Model

if TYPE_CHECKING:
    from tenants.rows import TenantRow


class PersonRow(Model):
    """Somebody who can sign in. Belongs to no tenant."""

    id = fields.BigIntField(primary_key=True)
    email = fields.CharField(max_length=254)
    """As they gave it, by rule H1."""
    email_key = fields.CharField(max_length=254)
    """The same, case folded: what an account is found by."""
    name = fields.TextField()
    password_hash = fields.TextField()
    """Argon2id, with its parameters."""
    is_platform_admin = fields.BooleanField(default=False)
    created_at = fields.DatetimeField()

    class Meta:
        table = "person"
        constraints = [UniqueConstraint(fields=("email_key",), name="person_email_key")]


class MembershipRow(Model):
    """A person's role in a tenant, from invitation to removal. Without a person it is an invitation."""

    id = fields.BigIntField(primary_key=True)
    tenant_id: int
    tenant: fields.ForeignKeyRelation[TenantRow] = fields.ForeignKeyField(
        "tenants.TenantRow", related_name="memberships", on_delete=fields.CASCADE
    )
    person_id: int | None
    person: fields.ForeignKeyNullableRelation[PersonRow] = fields.ForeignKeyField(
        "tenants.PersonRow", null=True, related_name="memberships", on_delete=fields.CASCADE
    )
    email = fields.CharField(max_length=254)
    """Whom the invitation was for."""
    email_key = fields.CharField(max_length=254)
    name_key = fields.CharField(max_length=400)
    """What the list is sorted by: the name, or the address while invited, case folded."""
    role = fields.CharField(max_length=10)
    version = fields.IntField(default=1)
    token_sha256 = fields.BinaryField(null=True)
    """Of the open invitation's link."""
    invitation_expires_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()
    changed_at = fields.DatetimeField(db_default=datetime(2026, 11, 28, tzinfo=UTC))
    changed_by = fields.TextField(db_default='{"kind":"GATEWAY","name":"gateway","id":null}')
    """Who gave this role, and when: what somebody is told who read an older version."""

    class Meta:
        table = "membership"
        constraints = [
            UniqueConstraint(fields=("tenant_id", "email_key"), name="membership_email_key"),
            UniqueConstraint(fields=("tenant_id", "person_id"), name="membership_person"),
            UniqueConstraint(fields=("token_sha256",), name="membership_token_sha256"),
            CheckConstraint(check="role IN ('VIEWER', 'EDITOR', 'PUBLISHER', 'OWNER')", name="membership_role"),
        ]
        indexes = [
            Index(fields=("person_id",), name="membership_person_id"),
            Index(fields=("tenant_id", "name_key", "id"), name="membership_tenant_name"),
        ]


class OneTimeLinkRow(Model):
    """A link by which a platform admin signs up or a person sets a new password. Used up by being deleted."""

    id = fields.BigIntField(primary_key=True)
    kind = fields.CharField(max_length=10)
    token_sha256 = fields.BinaryField()
    person_id: int | None
    person: fields.ForeignKeyNullableRelation[PersonRow] = fields.ForeignKeyField(
        "tenants.PersonRow", null=True, related_name="one_time_links", on_delete=fields.CASCADE
    )
    """Whose password, null for a new platform admin."""
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    is_of_start = fields.BooleanField(default=False, db_default=False)
    """Whether it was printed at a start without any platform admin: useless once there is one."""
    is_of_demo = fields.BooleanField(default=False, db_default=False)
    """Whether tenants that nobody is a member of go to whoever signs up."""

    class Meta:
        table = "one_time_link"
        constraints = [
            UniqueConstraint(fields=("token_sha256",), name="one_time_link_token_sha256"),
            CheckConstraint(check="kind IN ('ADMIN', 'RESET')", name="one_time_link_kind"),
        ]
        indexes = [Index(fields=("person_id",), name="one_time_link_person")]


class SessionRow(Model):
    """A browser in which somebody is signed in. Ended by being deleted."""

    id = fields.BigIntField(primary_key=True)
    person_id: int
    person: fields.ForeignKeyRelation[PersonRow] = fields.ForeignKeyField(
        "tenants.PersonRow", related_name="sessions", on_delete=fields.CASCADE
    )
    sha256 = fields.BinaryField()
    """Of what the cookie holds."""
    device = fields.CharField(max_length=80)
    """Browser and system, in words."""
    address = fields.CharField(max_length=45)
    created_at = fields.DatetimeField()
    last_used_at = fields.DatetimeField()
    """To the minute."""

    class Meta:
        table = "session"
        constraints = [UniqueConstraint(fields=("sha256",), name="session_sha256")]
        indexes = [Index(fields=("person_id", "last_used_at"), name="session_person_last_used_at")]


class AccessTokenRow(Model):
    """A program's bearer token. The token itself is shown once and never stored."""

    id = fields.BigIntField(primary_key=True)
    name = fields.TextField()
    prefix = fields.CharField(max_length=12)
    sha256 = fields.BinaryField()
    role = fields.CharField(max_length=20)
    """A role in the tenant, or `platform-admin` without one."""
    created_at = fields.DatetimeField()
    revoked_at = fields.DatetimeField(null=True)
    tenant_id: int | None
    tenant: fields.ForeignKeyNullableRelation[TenantRow] = fields.ForeignKeyField(
        "tenants.TenantRow", null=True, related_name="access_tokens", on_delete=fields.CASCADE
    )
    created_by = fields.TextField(null=True)
    """Null for those of before there were people: the command line's."""
    expires_at = fields.DatetimeField(null=True)
    """Null for a platform admin's of the command line."""
    last_used_at = fields.DatetimeField(null=True)
    """To the minute."""

    class Meta:
        table = "access_token"
        constraints = [UniqueConstraint(fields=("sha256",), name="access_token_sha256")]
        indexes = [Index(fields=("tenant_id", "id"), name="access_token_tenant")]


class AppKeyRow(Model):
    """A key that a whitelabel app sends. Shown once and never stored. Deleted when it is revoked."""

    id = fields.BigIntField(primary_key=True)
    tenant_id: int
    tenant: fields.ForeignKeyRelation[TenantRow] = fields.ForeignKeyField(
        "tenants.TenantRow", related_name="app_keys", on_delete=fields.CASCADE
    )
    name = fields.TextField()
    prefix = fields.CharField(max_length=12)
    sha256 = fields.BinaryField()
    created_at = fields.DatetimeField()
    created_by = fields.TextField()
    last_used_at = fields.DatetimeField(null=True)
    """To the hour."""

    class Meta:
        table = "app_key"
        constraints = [UniqueConstraint(fields=("sha256",), name="app_key_sha256")]
        indexes = [Index(fields=("tenant_id", "id"), name="app_key_tenant")]
