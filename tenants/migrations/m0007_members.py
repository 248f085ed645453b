"""Who changed a member's role last, and which sign-up links a first start made."""

from __future__ import annotations

from datetime import UTC, datetime

from tortoise import fields, migrations
from tortoise.migrations import operations

_BEFORE = datetime(2026, 11, 28, tzinfo=UTC)
_GATEWAY = '{"kind":"GATEWAY","name":"gateway","id":null}'


class Migration(migrations.Migration):
    """Columns with defaults; there were no members yet."""

    dependencies = [("tenants", "m0006_audit")]  # noqa: RUF012 - as the library declares it

    operations = [  # noqa: RUF012 - as the library declares it
        operations.AddField("MembershipRow", "changed_at", fields.DatetimeField(db_default=_BEFORE)),
        operations.AddField("MembershipRow", "changed_by", fields.TextField(db_default=_GATEWAY)),
        operations.AddField("OneTimeLinkRow", "is_of_start", fields.BooleanField(default=False, db_default=False)),
        operations.AddField("OneTimeLinkRow", "is_of_demo", fields.BooleanField(default=False, db_default=False)),
    ]
