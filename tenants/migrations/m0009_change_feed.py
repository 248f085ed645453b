"""The change feed: a counter whose row makes the order of numbers the order of commits, and the last changes."""

from __future__ import annotations

from tortoise import fields, migrations
from tortoise.migrations import operations
from tortoise.migrations.constraints import CheckConstraint

from tenants.schema import RunOnPostgres

_IS_FEED = "(SELECT current_setting('app.scope', true)) = 'feed'"
_ALL = f"TO public USING ({_IS_FEED}) WITH CHECK ({_IS_FEED})"


class Migration(migrations.Migration):
    """New tables, which the feed's own kind of scope may use, as it may read which ProviderId a tenant has."""

    dependencies = [("tenants", "m0008_row_security")]  # noqa: RUF012 - as the library declares it

    operations = [  # noqa: RUF012 - as the library declares it
        operations.CreateModel(
            name="ChangeCounterRow",
            fields=[
                ("id", fields.IntField(primary_key=True, generated=False)),
                ("number", fields.BigIntField()),
            ],
            options={
                "table": "change_counter",
                "app": "tenants",
                "constraints": [CheckConstraint(check="id = 1", name="change_counter_is_one")],
            },
        ),
        operations.CreateModel(
            name="ChangeRow",
            fields=[
                ("number", fields.BigIntField(primary_key=True, generated=False)),
                ("tenant", fields.BigIntField()),
                ("kind", fields.CharField(max_length=20)),
                ("at", fields.DatetimeField()),
            ],
            options={"table": "change", "app": "tenants"},
        ),
        operations.RunSQL("INSERT INTO change_counter (id, number) VALUES (1, 0)", reverse_sql=operations.RunSQL.noop),
        RunOnPostgres("ALTER TABLE change_counter ENABLE ROW LEVEL SECURITY"),
        RunOnPostgres("ALTER TABLE change ENABLE ROW LEVEL SECURITY"),
        RunOnPostgres(f"CREATE POLICY change_counter_1 ON change_counter FOR ALL {_ALL}"),
        RunOnPostgres(f"CREATE POLICY change_1 ON change FOR ALL {_ALL}"),
        RunOnPostgres(f"CREATE POLICY tenant_9 ON tenant FOR SELECT USING ({_IS_FEED})"),
    ]
