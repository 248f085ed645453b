"""The scopes of the gateway's own work. An import contract says who may ask for them: the command line, the jobs."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from tenants.access import Actor, ActorKind, Origin, PlatformScope, TenantScope

if TYPE_CHECKING:
    from tenants.keys import KeyRing

_COMMAND_LINE = Actor(ActorKind.COMMAND_LINE, "command line")


@dataclass(frozen=True, slots=True)
class SystemScope:
    """Leave for the gateway's own work; the reason is for the reader of the code."""

    reason: str

    def platform(self, keys: KeyRing) -> PlatformScope:
        """Work across all tenants as the command line."""
        return PlatformScope(_COMMAND_LINE, _origin(keys), None)

    def tenant(self, tenant: int, keys: KeyRing) -> TenantScope:
        """Work on one tenant as the command line."""
        return TenantScope(tenant, _COMMAND_LINE, _origin(keys))


@dataclass(frozen=True, slots=True)
class FeedScope:
    """Leave to tell what changed, whose tenant it was, and to read it."""


FEED = FeedScope()


def _origin(keys: KeyRing) -> Origin:
    return Origin(keys, request_id=_run_id())


@cache
def _run_id() -> str:
    """All that one run of a command does has one id, as all that one request does has."""
    return secrets.token_hex(8)
