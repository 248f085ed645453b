"""Who asks, what they may do, and the scopes that let a query run. Access fails closed."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING

from tenants.errors import ForbiddenError, NotFoundError, UnauthenticatedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tenants.credentials import Use
    from tenants.keys import KeyRing

PLATFORM_CHAIN = 0
"""The number of the platform's own chain of audit entries; a tenant's is its id."""


class Permission(Enum):
    """One thing that can be allowed."""

    READ_CONFIG = "READ_CONFIG"
    EDIT_DRAFT = "EDIT_DRAFT"
    PUBLISH = "PUBLISH"
    MANAGE_SETUP_LINKS = "MANAGE_SETUP_LINKS"
    MANAGE_MEMBERS = "MANAGE_MEMBERS"
    MANAGE_TOKENS = "MANAGE_TOKENS"
    MANAGE_APP_KEYS = "MANAGE_APP_KEYS"
    MANAGE_WEBHOOK = "MANAGE_WEBHOOK"
    READ_AUDIT_LOG = "READ_AUDIT_LOG"
    RENAME_TENANT = "RENAME_TENANT"
    DELETE_TENANT = "DELETE_TENANT"
    CREATE_TENANT = "CREATE_TENANT"
    SUSPEND_TENANT = "SUSPEND_TENANT"
    RESET_PASSWORDS = "RESET_PASSWORDS"
    READ_PLATFORM_AUDIT_LOG = "READ_PLATFORM_AUDIT_LOG"


class Role(Enum):
    """What a member or a token may do in one tenant. Each may do all that the one before it may."""

    VIEWER = "VIEWER"
    EDITOR = "EDITOR"
    PUBLISHER = "PUBLISHER"
    OWNER = "OWNER"


_VIEWER = frozenset({Permission.READ_CONFIG})
_EDITOR = _VIEWER | {Permission.EDIT_DRAFT, Permission.MANAGE_SETUP_LINKS}
_PUBLISHER = _EDITOR | {Permission.PUBLISH}
_OWNER = _PUBLISHER | {
    Permission.MANAGE_MEMBERS,
    Permission.MANAGE_TOKENS,
    Permission.MANAGE_APP_KEYS,
    Permission.MANAGE_WEBHOOK,
    Permission.READ_AUDIT_LOG,
    Permission.RENAME_TENANT,
    Permission.DELETE_TENANT,
}

# The one table of grants: what a role may do in its tenant, and a platform admin in each tenant and outside of any.
GRANTS: Mapping[Role, frozenset[Permission]] = MappingProxyType(
    {Role.VIEWER: _VIEWER, Role.EDITOR: _EDITOR, Role.PUBLISHER: _PUBLISHER, Role.OWNER: _OWNER}
)
ADMIN_GRANTS_IN_A_TENANT = frozenset(
    {Permission.READ_CONFIG, Permission.READ_AUDIT_LOG, Permission.DELETE_TENANT, Permission.SUSPEND_TENANT}
)
ADMIN_GRANTS = frozenset(
    {
        Permission.CREATE_TENANT,
        Permission.SUSPEND_TENANT,
        Permission.RESET_PASSWORDS,
        Permission.READ_PLATFORM_AUDIT_LOG,
    }
)


class ActorKind(Enum):
    """What kind of actor did something."""

    PERSON = "PERSON"
    TOKEN = "TOKEN"  # noqa: S105 - a word of the schema
    SOFTPHONE = "SOFTPHONE"
    COMMAND_LINE = "COMMAND_LINE"
    GATEWAY = "GATEWAY"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did something, as they were called at that moment."""

    kind: ActorKind
    name: str
    actor_id: str | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """Where something comes from, for the audit log: which address, which request; and the keys of its chains."""

    keys: KeyRing = field(repr=False, compare=False)
    address: str | None = None
    """None for the gateway itself."""
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Trail:
    """Leave to write to one chain of the audit log, and what each entry there says of who did it."""

    chain: int
    actor: Actor
    origin: Origin


@dataclass(frozen=True, slots=True)
class TenantScope:
    """Leave to work on one tenant; `authorize` hands it out, and the command line's own scope."""

    tenant: int
    actor: Actor
    origin: Origin

    @property
    def trail(self) -> Trail:
        """The tenant's own chain."""
        return Trail(self.tenant, self.actor, self.origin)


@dataclass(frozen=True, slots=True)
class PlatformScope:
    """Leave to work across tenants, those that its holder may see: list, find, create."""

    actor: Actor
    origin: Origin
    tenants: frozenset[int] | None = frozenset()
    """None: all of them."""

    @property
    def trail(self) -> Trail:
        """The platform's chain."""
        return Trail(PLATFORM_CHAIN, self.actor, self.origin)

    def created(self, tenant: int) -> TenantScope:
        """Leave to finish a tenant that this scope has just made."""
        return TenantScope(tenant, self.actor, self.origin)


@dataclass(frozen=True, slots=True)
class PersonScope:
    """Leave for somebody's own account: sessions, password, joining a tenant."""

    person: int
    session: int
    actor: Actor
    origin: Origin

    @property
    def trail(self) -> Trail:
        """The platform's chain: an account belongs to no tenant."""
        return Trail(PLATFORM_CHAIN, self.actor, self.origin)


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
    """Leave to find out whose credential this is, to use a one-time credential up, and nothing else."""

    def joining(self, tenant: int, actor: Actor, origin: Origin) -> TenantScope:
        """Leave to join a tenant, for a person who proved that they were invited to it."""
        return TenantScope(tenant, actor, origin)

    def on_platform(self, actor: Actor, origin: Origin) -> Trail:
        """The platform's chain, for a person who proved who they are."""
        return Trail(PLATFORM_CHAIN, actor, origin)

    def softphone(self, tenant: int, origin: Origin) -> Trail:
        """A phone's leave to have it on record what it did with a credential of the tenant's."""
        return Trail(tenant, Actor(ActorKind.SOFTPHONE, "softphone"), origin)


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks, for the time of one request. Without an actor: an anonymous caller."""

    origin: Origin
    actor: Actor | None = None
    roles: Mapping[int, Role] = field(default_factory=dict, hash=False)
    """By tenant."""
    is_platform_admin: bool = False
    person: int | None = None
    """Whose session it is; None for a token."""
    session: int | None = None
    email: str | None = None
    """What the person signs in with."""
    use: Use | None = field(default=None, compare=False)
    """Of which credential this is one, to be noted."""

    def require(self) -> Actor:
        """Whoever is signed in. Raises UnauthenticatedError."""
        if self.actor is None:
            raise UnauthenticatedError
        return self.actor

    def authorize(self, tenant: int, permission: Permission) -> TenantScope:
        """Leave to do one thing to one tenant.

        Raises UnauthenticatedError, NotFoundError where the caller may not even read, ForbiddenError.
        """
        actor = self.require()
        granted = self.permissions_in(tenant)
        if not granted:
            raise NotFoundError
        scope = TenantScope(tenant, actor, self.origin)
        if permission not in granted:
            raise ForbiddenError(permission, unseen=None if tenant in self.roles else scope)
        return scope

    def authorize_to_grant(self, tenant: int, permission: Permission, role: Role) -> TenantScope:
        """As `authorize`, to give somebody a role: nobody gives away more than they may do themselves."""
        scope = self.authorize(tenant, permission)
        beyond = GRANTS[role] - self.permissions_in(tenant)
        if beyond:
            raise ForbiddenError(next(one for one in Permission if one in beyond))
        return scope

    def authorize_platform(self, permission: Permission | None = None) -> PlatformScope:
        """Leave to work across the tenants that the caller may see. Raises UnauthenticatedError or ForbiddenError."""
        actor = self.require()
        if permission is not None and permission not in self.platform_permissions:
            raise ForbiddenError(permission)
        return PlatformScope(actor, self.origin, None if self.is_platform_admin else frozenset(self.roles))

    def own(self) -> PersonScope:
        """Leave for the caller's own account. Raises UnauthenticatedError for whoever is no person with a session."""
        if self.actor is None or self.person is None or self.session is None:
            raise UnauthenticatedError
        return PersonScope(self.person, self.session, self.actor, self.origin)

    def signed_out(self) -> Principal:
        """Nobody, from the same place."""
        return Principal(self.origin)

    def permissions_in(self, tenant: int) -> frozenset[Permission]:
        """What the caller may do in a tenant; empty when they may not know of it."""
        role = self.roles.get(tenant)
        as_member = GRANTS[role] if role is not None else frozenset()
        return as_member | (ADMIN_GRANTS_IN_A_TENANT if self.is_platform_admin else frozenset())

    @property
    def platform_permissions(self) -> frozenset[Permission]:
        """What the caller may do outside any one tenant."""
        return ADMIN_GRANTS if self.is_platform_admin else frozenset()


PUBLIC = PublicScope()
CREDENTIALS = CredentialScope()
