"""The tables of the change feed, without foreign keys: a deleted tenant is told of. Only `tenants.store` uses them."""

from __future__ import annotations

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint
from tortoise.models import Model


class ChangeCounterRow(Model):
    """One row, locked by each transaction that tells of something, from its last statements until its end."""

    id = fields.IntField(primary_key=True, generated=False)
    number = fields.BigIntField()
    """Of the last change that was committed."""

    class Meta:
        table = "change_counter"
        constraints = [CheckConstraint(check="id = 1", name="change_counter_is_one")]


class ChangeRow(Model):
    """A change. Inserted once, and forgotten when it is old."""

    number = fields.BigIntField(primary_key=True, generated=False)
    tenant = fields.BigIntField()
    """0: the platform."""
    kind = fields.CharField(max_length=20)
    at = fields.DatetimeField()

    class Meta:
        table = "change"
