"""The tables of the audit log, without foreign keys: entries outlive the tenant. Only `tenants.store` uses them."""

from __future__ import annotations

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import UniqueConstraint
from tortoise.models import Model


class AuditChainRow(Model):
    """The head of a chain: where it goes on, and the key that it is made with."""

    id = fields.BigIntField(primary_key=True, generated=False)
    """The tenant's id, or 0 for the platform."""
    number = fields.IntField(default=0)
    """Of its last entry."""
    hash = fields.BinaryField()
    """Of its last entry, empty before the first."""
    key_id = fields.CharField(max_length=8)
    sealed = fields.BinaryField()

    class Meta:
        table = "audit_chain"
        indexes = [Index(fields=("key_id",), name="audit_chain_key_id")]


class AuditEventRow(Model):
    """One entry. Inserted once. Only personal values are ever blanked, when the tenant is deleted."""

    id = fields.BigIntField(primary_key=True)
    chain = fields.BigIntField()
    number = fields.IntField()
    at = fields.DatetimeField()
    action = fields.CharField(max_length=40)
    actor_kind = fields.CharField(max_length=20)
    actor_id = fields.CharField(max_length=40, null=True)
    request_id = fields.CharField(max_length=64)
    is_on_platform = fields.BooleanField(default=False)
    """Whether the platform's log shows it, too."""
    personal = fields.TextField(null=True)
    """Name of the actor, address, subject, before and after, as JSON. Null once they are blanked."""
    personal_mac = fields.BinaryField()
    hash = fields.BinaryField()
    """HMAC-SHA256 over the hash before and all of the above but `personal`, for which its MAC stands."""

    class Meta:
        table = "audit_event"
        constraints = [UniqueConstraint(fields=("chain", "number"), name="audit_event_chain_number")]
        indexes = [
            Index(fields=("is_on_platform", "id"), name="audit_event_platform"),
            Index(fields=("chain", "id"), name="audit_event_chain_id"),
            Index(fields=("chain", "actor_id", "id"), name="audit_event_chain_actor"),
        ]
