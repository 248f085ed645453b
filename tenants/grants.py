"""What the two roles of a deployment on PostgreSQL may do, as SQL for the owner of the tables to run."""

from __future__ import annotations

import re

_ALL = "SELECT, INSERT, UPDATE, DELETE"

SERVING: dict[str, str] = {
    "tenant": _ALL,
    "provider_id": _ALL,
    "draft": "SELECT, INSERT, UPDATE",
    "revision": "SELECT, INSERT",
    "secret": _ALL,
    "setup_link": _ALL,
    "refused_attempt": "SELECT, INSERT, DELETE",
    "proven_device": "SELECT, INSERT, DELETE",
    "person": "SELECT, INSERT, UPDATE",
    "membership": _ALL,
    "one_time_link": _ALL,
    "session": _ALL,
    "access_token": _ALL,
    "app_key": _ALL,
    "audit_chain": "SELECT, INSERT, UPDATE",
    "audit_event": "SELECT, INSERT, UPDATE (personal)",
    "change_counter": "SELECT, UPDATE",
    "change": "SELECT, INSERT, DELETE",
    "tortoise_migrations": "SELECT",
}
"""Of the role that answers. What is deleted with its tenant is deleted by the owner's foreign keys."""

SYSTEM: dict[str, str] = {
    **dict.fromkeys(SERVING, "SELECT"),
    "secret": "SELECT, UPDATE",
    "setup_link": "SELECT, UPDATE",
    "audit_chain": "SELECT, UPDATE",
    "access_token": "SELECT, INSERT, UPDATE",
}
"""Of the role that the gateway's own work is done as: rotation of keys, export, platform admins' tokens."""

WITHOUT_POLICIES = {"tortoise_migrations"}
_ROLE = re.compile(r"[a-z_][a-z0-9_]{0,62}")

_MAKE = """DO $$ BEGIN
  IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '{role}') THEN CREATE ROLE {role} {options}; END IF;
END $$;"""
_LATER = """DO $$ BEGIN
  EXECUTE format(
    'ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA public GRANT USAGE ON SEQUENCES TO {serving}, {system}',
    (SELECT tableowner FROM pg_tables WHERE schemaname = 'public' AND tablename = 'tenant'));
END $$;"""
_JOIN = """DO $$ BEGIN
  IF current_setting('server_version_num')::int >= 160000 THEN
    EXECUTE 'GRANT {system} TO {serving} WITH INHERIT FALSE, SET TRUE';
  ELSE
    ALTER ROLE {serving} NOINHERIT;
    GRANT {system} TO {serving};
  END IF;
END $$;"""


def wanted(grants: dict[str, str]) -> frozenset[str]:
    """What a role is given of tables, each thing in the words of SQL: `INSERT on secret`."""
    return frozenset(f"{verb} on {table}" for table, verbs in grants.items() for verb in verbs.split(", "))


def statements(serving: str, system: str) -> list[str]:
    """All of it, each statement with its semicolon; running them again changes nothing.

    Raises ValueError for a name that would need quotes, or for one role in both places.
    """
    if serving == system or not all(map(_ROLE.fullmatch, (serving, system))):
        message = "Two roles of PostgreSQL are needed, named in lower-case letters, digits and _."
        raise ValueError(message)
    return [
        _MAKE.format(role=serving, options="LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOINHERIT"),
        _MAKE.format(role=system, options="NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE"),
        _JOIN.format(serving=serving, system=system),
        f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {serving}, {system};",
        f"GRANT USAGE ON SCHEMA public TO {serving}, {system};",
        f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {serving}, {system};",
        _LATER.format(serving=serving, system=system),
        *(f"GRANT {verbs} ON {table} TO {serving};" for table, verbs in SERVING.items()),
        *(f"GRANT {verbs} ON {table} TO {system};" for table, verbs in SYSTEM.items()),
        *(one for table in SERVING if table not in WITHOUT_POLICIES for one in _policy(table, system)),
    ]


def _policy(table: str, system: str) -> tuple[str, str]:
    return (
        f"DROP POLICY IF EXISTS {table}_system ON {table};",
        f"CREATE POLICY {table}_system ON {table} TO {system} USING (true) WITH CHECK (true);",
    )
