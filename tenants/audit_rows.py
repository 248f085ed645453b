"""The tables of the audit log, without foreign keys: entries outlive the tenant. Only `tenants.store` uses them."""

from __future__ import annotations

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model


class AuditChainRow(Model):
    """The head of a chain: where it goes on, and the key that it is made with."""

    id = fields.BigIntField(primary_key=True, generated=False)
    """The tenant's id, or 0 for the platform."""
    number = fields.IntField(default=0)
    """Of its last entry."""
    hash = fields.BinaryField()
    """Of its last entry, empty before the first."""
    mac = fields.BinaryField()
    """Of number and hash: both stand in the entries, so without it whoever cuts the end off could set them back."""
    key_id = fields.CharField(max_length=8)
    sealed = fields.BinaryField()

    class Meta:
        table = "audit_chain"
        indexes = [Index(fields=("key_id",), name="audit_chain_key_id")]


class AuditEventRow(Model):
    """One entry. Inserted once. Only personal values are ever blanked, when the tenant is deleted."""

    id = fields.BigIntField(primary_key=True, generated=False)
    """Made of `chain` and `number`: no two entries have one place, and none has another id than its place says."""
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
        indexes = [
            Index(fields=("chain", "at", "id"), name="audit_event_chain_at"),
            Index(fields=("chain", "actor_id", "at", "id"), name="audit_event_chain_actor"),
            Index(fields=("is_on_platform", "at", "id"), name="audit_event_platform_at"),
            Index(fields=("is_on_platform", "actor_id", "at", "id"), name="audit_event_platform_actor"),
        ]
