"""Sessions of people: started, found by what the cookie holds, listed, ended."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from tortoise.expressions import Q

from tenants.access import Actor, ActorKind, Principal, Role
from tenants.access_rows import SessionRow
from tenants.credentials import Credential, SessionToken, Use, digest
from tenants.people import IDLE, LONGEST, MOST_SESSIONS, Session, to_minute
from tenants.scoping import scoped

if TYPE_CHECKING:
    from datetime import datetime

    from tenants.access import CredentialScope, Origin, PersonScope

# A row for each membership, and one for a person who has none.
_WHOSE = {
    "session": "id",
    "sha256": "sha256",
    "person": "person_id",
    "name": "person__name",
    "email": "person__email",
    "is_platform_admin": "person__is_platform_admin",
    "tenant": "person__memberships__tenant_id",
    "role": "person__memberships__role",
}
_LONGEST_DEVICE = 80
_LONGEST_ADDRESS = 45


@scoped
async def start_session(
    _scope: CredentialScope, person: int, *, address: str, device: str, now: datetime
) -> SessionToken:
    """Inside a transaction: a new session of somebody who proved who they are, by whatever means.

    What is over is forgotten, and so are the sessions that were not used for longest beyond the most that one may have.
    """
    await SessionRow.filter(_is_over(now), person_id=person).delete()
    kept = SessionRow.filter(person_id=person).order_by("-last_used_at", "-id").limit(MOST_SESSIONS - 1)
    ids = await kept.values_list("id", flat=True)
    await SessionRow.filter(person_id=person).exclude(id__in=ids).delete()
    token = SessionToken.random()
    await SessionRow.create(
        person_id=person,
        sha256=digest(token.text),
        device=device[:_LONGEST_DEVICE],
        address=address[:_LONGEST_ADDRESS],
        created_at=now,
        last_used_at=to_minute(now),
    )
    return token


@scoped
async def find_principal_of_session(
    _scope: CredentialScope, token_text: str, origin: Origin, now: datetime
) -> Principal:
    """Whose session it is, with their roles of now; the anonymous principal when it is nobody's or over. One read."""
    wanted = digest(token_text)
    rows = await SessionRow.filter(_is_live(now), sha256=wanted).values(**_WHOSE)
    if not rows or not hmac.compare_digest(bytes(rows[0]["sha256"]), wanted):
        return Principal(origin)
    found = rows[0]
    return Principal(
        origin,
        Actor(ActorKind.PERSON, found["name"], f"person:{found['person']}"),
        {row["tenant"]: Role(row["role"]) for row in rows if row["tenant"] is not None},
        is_platform_admin=bool(found["is_platform_admin"]),
        person=found["person"],
        session=found["session"],
        email=found["email"],
        use=Use(Credential.SESSION, found["session"], origin.address),
    )


@scoped
async def list_sessions(scope: PersonScope, now: datetime) -> list[Session]:
    """One's own, last used first."""
    rows = await SessionRow.filter(_is_live(now), person_id=scope.person).order_by("-last_used_at", "-id")
    return [_session(row) for row in rows]


@scoped
async def find_session(scope: PersonScope, session: int, now: datetime) -> Session | None:
    """One of one's own."""
    row = await SessionRow.filter(_is_live(now), person_id=scope.person, id=session).first()
    return _session(row) if row else None


@scoped
async def delete_session(scope: PersonScope, session: int, now: datetime) -> bool:
    """End one of one's own; whether it was there."""
    return bool(await SessionRow.filter(_is_live(now), person_id=scope.person, id=session).delete())


@scoped
async def delete_sessions(_scope: CredentialScope, person: int, now: datetime, *, keep: int | None = None) -> int:
    """End somebody's sessions, but one of them; how many were not over yet."""
    theirs = SessionRow.filter(person_id=person).exclude(id=keep) if keep else SessionRow.filter(person_id=person)
    ended = await theirs.filter(_is_live(now)).count()
    await theirs.delete()
    return ended


def _is_live(now: datetime) -> Q:
    return Q(created_at__gt=now - LONGEST, last_used_at__gt=now - IDLE)


def _is_over(now: datetime) -> Q:
    return Q(created_at__lte=now - LONGEST) | Q(last_used_at__lte=now - IDLE)


def _session(row: SessionRow) -> Session:
    return Session(
        id=row.id,
        device=row.device,
        address=row.address,
        created_at=row.created_at,
        last_used_at=row.last_used_at,
    )
