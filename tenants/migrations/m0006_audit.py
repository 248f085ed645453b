"""The audit log: chains and their entries. They outlive what they tell of, so they point to nothing."""

from __future__ import annotations

from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations


class Migration(migrations.Migration):
    """New tables only."""

    dependencies = [("tenants", "m0005_people")]  # noqa: RUF012 - as the library declares it

    operations = [  # noqa: RUF012 - as the library declares it
        operations.CreateModel(
            name="AuditChainRow",
            fields=[
                ("id", fields.BigIntField(primary_key=True, generated=False)),
                ("number", fields.IntField(default=0)),
                ("hash", fields.BinaryField()),
                ("mac", fields.BinaryField()),
                ("key_id", fields.CharField(max_length=8)),
                ("sealed", fields.BinaryField()),
            ],
            options={
                "table": "audit_chain",
                "app": "tenants",
                "indexes": [Index(fields=("key_id",), name="audit_chain_key_id")],
            },
        ),
        operations.CreateModel(
            name="AuditEventRow",
            fields=[
                ("id", fields.BigIntField(primary_key=True, generated=False)),
                ("chain", fields.BigIntField()),
                ("number", fields.IntField()),
                ("at", fields.DatetimeField()),
                ("action", fields.CharField(max_length=40)),
                ("actor_kind", fields.CharField(max_length=20)),
                ("actor_id", fields.CharField(max_length=40, null=True)),
                ("request_id", fields.CharField(max_length=64)),
                ("is_on_platform", fields.BooleanField(default=False)),
                ("personal", fields.TextField(null=True)),
                ("personal_mac", fields.BinaryField()),
                ("hash", fields.BinaryField()),
            ],
            options={
                "table": "audit_event",
                "app": "tenants",
                "indexes": [
                    Index(fields=("chain", "at", "id"), name="audit_event_chain_at"),
                    Index(fields=("chain", "actor_id", "at", "id"), name="audit_event_chain_actor"),
                    Index(fields=("is_on_platform", "at", "id"), name="audit_event_platform_at"),
                    Index(fields=("is_on_platform", "actor_id", "at", "id"), name="audit_event_platform_actor"),
                ],
            },
        ),
    ]
