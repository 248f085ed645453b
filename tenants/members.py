"""People who work on a tenant, and those who were invited to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from tenants.changes import Change
from tenants.text import parse_line

if TYPE_CHECKING:
    from datetime import datetime

    from tenants.access import Role
    from tenants.email import EmailAddress

LONGEST_PERSON_NAME = 60


class MemberStatus(Enum):
    """Whether a member is one already."""

    ACTIVE = "ACTIVE"
    INVITED = "INVITED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A person's role in a tenant, from invitation to removal."""

    id: int
    tenant: int
    version: int
    """Rises with every change of role."""
    name: str
    """The person's; the address while invited."""
    email: EmailAddress
    role: Role
    status: MemberStatus
    invitation_expires_at: datetime | None

    @property
    def words(self) -> str:
        """What the audit log calls them."""
        return f"member {self.email.text}"


def parse_person_name(text: str) -> str:
    """Rule P7: what others see of a person. Raises InvalidValueError REQUIRED, TEXT_TOO_LONG or TEXT_CHARACTERS."""
    return parse_line(text, LONGEST_PERSON_NAME)


def role_change(before: Role | None, after: Role | None) -> Change:
    """What the audit log says of a role: None before there was one, and afterwards."""
    return Change(
        path=("role",),
        label="Role",
        before=before.value if before else None,
        after=after.value if after else None,
    )
