"""Accounts of people, which belong to no tenant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tenants.access_rows import PersonRow
from tenants.people import Person
from tenants.scoping import scoped

if TYPE_CHECKING:
    from datetime import datetime

    from tenants.access import CredentialScope, PersonScope
    from tenants.email import EmailAddress
    from tenants.system import SystemScope


@scoped
async def insert_person(
    _scope: CredentialScope,
    *,
    email: EmailAddress,
    name: str,
    password_hash: str,
    is_platform_admin: bool,
    now: datetime,
) -> int:
    """A new account's id. Raises tortoise's IntegrityError when the address has one already."""
    row = await PersonRow.create(
        email=email.text,
        email_key=email.key,
        name=name,
        password_hash=password_hash,
        is_platform_admin=is_platform_admin,
        created_at=now,
    )
    return int(row.id)


@scoped
async def find_person_by_email(_scope: CredentialScope, email: EmailAddress) -> Person | None:
    """Whose account it is, upper and lower case being one."""
    row = await PersonRow.get_or_none(email_key=email.key)
    return _person(row) if row else None


@scoped
async def get_person(scope: PersonScope) -> Person:
    """One's own account. Raises tortoise's DoesNotExist when it was deleted meanwhile."""
    return _person(await PersonRow.get(id=scope.person))


@scoped
async def lock_person(_scope: CredentialScope, person: int) -> Person | None:
    """Inside a transaction: the account as it is now, which nobody else changes until the end; None when it is gone."""
    row = await PersonRow.filter(id=person).select_for_update().first()
    return _person(row) if row else None


@scoped
async def update_password(_scope: CredentialScope, person: int, password_hash: str) -> None:
    """A new password's hash in place of the one before."""
    await PersonRow.filter(id=person).update(password_hash=password_hash)


@scoped
async def make_admin(_scope: CredentialScope, person: int) -> None:
    """Give an account the rights of a platform admin."""
    await PersonRow.filter(id=person).update(is_platform_admin=True)


@scoped
async def find_first_admin(_scope: SystemScope) -> Person | None:
    """The platform admin whose account is the oldest; None while there is none."""
    row = await PersonRow.filter(is_platform_admin=True).order_by("id").first()
    return _person(row) if row else None


def _person(row: PersonRow) -> Person:
    return Person(
        id=row.id,
        email=row.email,
        name=row.name,
        is_platform_admin=row.is_platform_admin,
        password_hash=row.password_hash,
    )
