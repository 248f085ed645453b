"""The scope of the gateway's own work. An import contract says who may ask for it: the command line, later the jobs."""

from __future__ import annotations

from dataclasses import dataclass

from tenants.access import Actor, ActorKind, PlatformScope, TenantScope

_COMMAND_LINE = Actor(ActorKind.COMMAND_LINE, "command line")


@dataclass(frozen=True, slots=True)
class SystemScope:
    """Leave for the gateway's own work; the reason is for the reader of the code."""

    reason: str

    def platform(self) -> PlatformScope:
        """Work across tenants as the command line."""
        return PlatformScope(_COMMAND_LINE)

    def tenant(self, tenant: int) -> TenantScope:
        """Work on one tenant as the command line."""
        return TenantScope(tenant, _COMMAND_LINE)
