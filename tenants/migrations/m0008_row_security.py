"""Row level security of PostgreSQL: the second line behind the filters of the store.

Enabled and not forced: whoever owns the tables is not held by it. A statement sees and changes the rows of the
tenants that its scope is about (`app.tenants`), of the person (`app.person`), or what its kind of scope (`app.scope`)
has need of without a tenant. What no policy admits is not there.
"""

from __future__ import annotations

from tortoise import migrations

from tenants.schema import RunOnPostgres

_KIND = "(SELECT current_setting('app.scope', true))"
_TENANTS = "((SELECT string_to_array(NULLIF(current_setting('app.tenants', true), ''), ','))::bigint[])"
_PERSON = "(SELECT NULLIF(current_setting('app.person', true), '')::bigint)"


def _kind(*kinds: str) -> str:
    return f"{_KIND} IN ({', '.join(repr(kind) for kind in kinds)})"


def _own(*kinds: str, column: str = "tenant_id") -> str:
    return f"{_kind(*kinds)} AND {column} = ANY({_TENANTS})"


_LIVE = "live_revision IS NOT NULL AND NOT is_suspended"
_IS_LIVE = "EXISTS (SELECT 1 FROM tenant t WHERE t.id = tenant_id AND t.live_revision = number AND NOT t.is_suspended)"
_IS_INVITING = "EXISTS (SELECT 1 FROM membership m WHERE m.tenant_id = draft.tenant_id AND m.token_sha256 IS NOT NULL)"
_IS_MEMBER = f"EXISTS (SELECT 1 FROM membership m WHERE m.person_id = person.id AND m.tenant_id = ANY({_TENANTS}))"  # noqa: S608 - of ours

# By table: who may what. SELECT ... FOR UPDATE needs UPDATE; a cascade runs as the owner and needs nothing.
_POLICIES: dict[str, list[tuple[str, str]]] = {
    "tenant": [
        ("ALL", _own("tenant", column="id")),
        ("SELECT", _kind("platform", "credential")),
        ("INSERT", _kind("platform")),
        ("SELECT", f"{_kind('public')} AND {_LIVE}"),
    ],
    "provider_id": [
        ("ALL", _own("tenant")),
        ("SELECT", _kind("tenant", "platform")),  # whether a name is taken, whoever took it
        ("INSERT", _kind("platform")),
    ],
    "draft": [
        ("ALL", _own("tenant")),
        ("SELECT", _kind("platform")),
        ("SELECT", f"{_kind('credential')} AND {_IS_INVITING}"),
    ],
    "revision": [
        ("SELECT", _own("tenant")),
        ("INSERT", _own("tenant")),
        ("SELECT", _kind("platform")),
        ("SELECT", f"{_kind('public', 'sign-in')} AND {_IS_LIVE}"),
    ],
    "secret": [("ALL", _own("tenant")), ("SELECT", _own("sign-in"))],
    "setup_link": [
        ("ALL", _own("tenant")),
        ("SELECT", _kind("platform", "credential")),
        ("UPDATE", _kind("credential")),
    ],
    "refused_attempt": [("ALL", _own("sign-in")), ("ALL", f"{_kind('credential')} AND tenant_id IS NULL")],
    "proven_device": [("ALL", _own("sign-in"))],
    "membership": [
        ("ALL", _own("tenant")),
        ("SELECT", _kind("platform", "credential")),
        ("SELECT", f"{_kind('person')} AND person_id = {_PERSON}"),
    ],
    "access_token": [
        ("ALL", _own("tenant")),
        ("SELECT", _kind("platform", "credential")),
        ("UPDATE", _kind("credential")),
    ],
    "app_key": [
        ("ALL", _own("tenant")),
        ("SELECT", _kind("platform", "credential", "public")),
        ("UPDATE", _kind("credential")),
    ],
    "audit_chain": [("ALL", _own("trail", column="id"))],
    "audit_event": [
        ("SELECT", _own("trail", "tenant", column="chain")),
        ("INSERT", _own("trail", column="chain")),
        ("UPDATE", _own("tenant", column="chain")),  # blanks personal values when the tenant is deleted
        ("SELECT", f"{_kind('platform')} AND (is_on_platform OR chain = 0)"),
    ],
    "person": [
        ("SELECT", _kind("platform", "credential")),
        ("UPDATE", _kind("platform", "credential")),
        ("INSERT", _kind("credential")),
        ("ALL", f"{_kind('person')} AND id = {_PERSON}"),
        ("SELECT", f"{_kind('tenant')} AND {_IS_MEMBER}"),
    ],
    "session": [("ALL", _kind("credential")), ("ALL", f"{_kind('person')} AND person_id = {_PERSON}")],
    "one_time_link": [("ALL", _kind("credential", "platform"))],
}


def _statements() -> list[str]:
    enabled = [f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY" for table in _POLICIES]
    return enabled + [
        f"CREATE POLICY {table}_{number} ON {table} FOR {command} {_clauses(command, condition)}"
        for table, policies in _POLICIES.items()
        for number, (command, condition) in enumerate(policies, 1)
    ]


def _clauses(command: str, condition: str) -> str:
    using, check = f"USING ({condition})", f"WITH CHECK ({condition})"
    return {"INSERT": check, "SELECT": using, "DELETE": using}.get(command, f"{using} {check}")


class Migration(migrations.Migration):
    """No table changes, and SQLite has nothing of the kind."""

    dependencies = [("tenants", "m0007_members")]  # noqa: RUF012 - as the library declares it

    operations = [RunOnPostgres(statement) for statement in _statements()]  # noqa: RUF012 - as the library declares it
