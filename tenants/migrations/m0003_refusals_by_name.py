"""Finds the refused attempts of a name and of an address without reading all those of a tenant under attack."""

from __future__ import annotations

from tortoise import migrations
from tortoise.indexes import Index
from tortoise.migrations import operations


class Migration(migrations.Migration):
    """Two indexes."""

    dependencies = [("tenants", "m0002_signing_in")]  # noqa: RUF012 - as the library declares it

    operations = [  # noqa: RUF012 - as the library declares it
        operations.AddIndex(
            "RefusedAttemptRow", Index(fields=("tenant_id", "name_mac", "at"), name="refused_attempt_name_at")
        ),
        operations.AddIndex(
            "RefusedAttemptRow", Index(fields=("tenant_id", "address_mac", "at"), name="refused_attempt_address_at")
        ),
    ]
