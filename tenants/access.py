"""Who asks, what they may do, and the scopes that let a query run. Access fails closed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from tenants.errors import ForbiddenError, UnauthenticatedError


class Permission(Enum):
    """One thing that can be allowed."""

    READ_CONFIG = "READ_CONFIG"
    EDIT_DRAFT = "EDIT_DRAFT"
    PUBLISH = "PUBLISH"
    MANAGE_SETUP_LINKS = "MANAGE_SETUP_LINKS"
    MANAGE_WEBHOOK = "MANAGE_WEBHOOK"
    RENAME_TENANT = "RENAME_TENANT"
    DELETE_TENANT = "DELETE_TENANT"
    CREATE_TENANT = "CREATE_TENANT"
    SUSPEND_TENANT = "SUSPEND_TENANT"


class Role(Enum):
    """What a credential stands for."""

    PLATFORM_ADMIN = "platform-admin"


# What a role may do in every tenant, and outside any one tenant.
TENANT_GRANTS: dict[Role, frozenset[Permission]] = {
    Role.PLATFORM_ADMIN: frozenset(Permission) - {Permission.CREATE_TENANT},
}
PLATFORM_GRANTS: dict[Role, frozenset[Permission]] = {
    Role.PLATFORM_ADMIN: frozenset({Permission.CREATE_TENANT, Permission.SUSPEND_TENANT}),
}


class ActorKind(Enum):
    """What kind of actor did something."""

    TOKEN = "TOKEN"  # noqa: S105 - a word of the schema
    COMMAND_LINE = "COMMAND_LINE"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did something, as they were called at that moment."""

    kind: ActorKind
    name: str
    actor_id: str | None = None


@dataclass(frozen=True, slots=True)
class TenantScope:
    """Leave to work on one tenant; `authorize` hands it out, and the command line's own scope."""

    tenant: int
    actor: Actor


@dataclass(frozen=True, slots=True)
class PlatformScope:
    """Leave to work across tenants: list, find, create."""

    actor: Actor

    def created(self, tenant: int) -> TenantScope:
        """Leave to finish a tenant that this scope has just made."""
        return TenantScope(tenant, self.actor)


@dataclass(frozen=True, slots=True)
class SignInScope:
    """Leave to ask one tenant's provider on behalf of a user: to read the secrets of its config, to count attempts."""

    tenant: int


@dataclass(frozen=True, slots=True)
class PublicScope:
    """Leave to read what is published, and nothing else."""

    def signing_in(self, tenant: int) -> SignInScope:
        """Leave to sign a user in at a tenant that was found to be published."""
        return SignInScope(tenant)


@dataclass(frozen=True, slots=True)
class CredentialScope:
    """Leave to find out whose credential this is, and nothing else."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks. Without an actor: an anonymous caller."""

    actor: Actor | None = None
    role: Role | None = None

    def require(self) -> Actor:
        """Whoever is signed in. Raises UnauthenticatedError."""
        if self.actor is None or self.role is None:
            raise UnauthenticatedError
        return self.actor

    def authorize(self, tenant: int, permission: Permission) -> TenantScope:
        """Leave to do one thing to one tenant. Raises UnauthenticatedError or ForbiddenError."""
        actor = self.require()
        if permission not in self.permissions_in(tenant):
            raise ForbiddenError(permission)
        return TenantScope(tenant, actor)

    def authorize_platform(self, permission: Permission | None = None) -> PlatformScope:
        """Leave to work across tenants. Raises UnauthenticatedError or ForbiddenError."""
        actor = self.require()
        if permission is not None and permission not in self.platform_permissions:
            raise ForbiddenError(permission)
        return PlatformScope(actor)

    def permissions_in(self, _tenant: int) -> frozenset[Permission]:
        """What the caller may do in a tenant; today a role holds in every tenant."""
        return TENANT_GRANTS[self.role] if self.role else frozenset()

    @property
    def platform_permissions(self) -> frozenset[Permission]:
        """What the caller may do outside any one tenant."""
        return PLATFORM_GRANTS[self.role] if self.role else frozenset()


ANONYMOUS = Principal()
PUBLIC = PublicScope()
CREDENTIALS = CredentialScope()
