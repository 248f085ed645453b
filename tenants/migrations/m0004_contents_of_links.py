"""Finds the setup links that still have a content without reading all those of a tenant."""

from __future__ import annotations

from tortoise import migrations
from tortoise.indexes import Index
from tortoise.migrations import operations


class Migration(migrations.Migration):
    """One index."""

    dependencies = [("tenants", "m0003_refusals_by_name")]  # noqa: RUF012 - as the library declares it

    operations = [  # noqa: RUF012 - as the library declares it
        operations.AddIndex("SetupLinkRow", Index(fields=("tenant_id", "key_id"), name="setup_link_tenant_key_id")),
    ]
