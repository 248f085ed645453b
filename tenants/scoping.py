"""What a statement may touch, bound for as long as a function of the store runs. No scope, no statement.

The database clients refuse whatever is sent while nothing is bound; PostgreSQL is told the extent besides, for its row
level security.
"""

from __future__ import annotations

import inspect
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import Enum
from functools import reduce, wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from tenants.access import (
    CredentialScope,
    PersonScope,
    PlatformScope,
    PublicScope,
    SignInScope,
    TenantScope,
    Trail,
)
from tenants.system import FeedScope, SystemScope

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator, Sequence

P = ParamSpec("P")
T = TypeVar("T")


class Kind(Enum):
    """What the policies of PostgreSQL know a scope by."""

    NOTHING = ""
    TENANT = "tenant"
    SIGN_IN = "sign-in"
    TRAIL = "trail"
    PLATFORM = "platform"
    PERSON = "person"
    PUBLIC = "public"
    CREDENTIAL = "credential"
    SYSTEM = "system"
    FEED = "feed"
    MIGRATION = "migration"


@dataclass(frozen=True, slots=True)
class Extent:
    """How far a scope goes: its kind, and the tenants or the person it is about."""

    kind: Kind
    tenants: frozenset[int] = frozenset()
    """Chains of the audit log have the numbers of their tenants, the platform's is 0."""
    person: int | None = None

    def joined(self, other: Extent) -> Extent:
        """Both. Raises TypeError for scopes of two kinds, of which no one statement has need."""
        if self.kind is not other.kind:
            raise TypeError("Scopes of several kinds.")
        return Extent(self.kind, self.tenants | other.tenants)


NOTHING = Extent(Kind.NOTHING)
"""For what asks whether the database answers: it touches no row."""
MIGRATION = Extent(Kind.MIGRATION)
"""For what changes tables: it owns them."""

_extent: ContextVar[Extent | None] = ContextVar("extent", default=None)


def scoped(function: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """For each public function of the store: its statements touch what its first argument gives leave to.

    That is a scope, a trail, a sequence of scopes, or a sequence of tuples that begin with a scope.
    """
    if not inspect.iscoroutinefunction(function):
        message = f"{function.__name__} must be an async function: what is awaited later would run unbound."
        raise TypeError(message)

    @wraps(function)
    async def within(*args: P.args, **kwargs: P.kwargs) -> T:
        token = _extent.set(extent_of(args[0]))
        try:
            return await function(*args, **kwargs)
        finally:
            _extent.reset(token)

    return within


@contextmanager
def bound(extent: Extent) -> Iterator[None]:
    """Statements inside touch this; afterwards what was bound before is bound again."""
    token = _extent.set(extent)
    try:
        yield
    finally:
        _extent.reset(token)


def current_extent() -> Extent:
    """What a statement that is sent now may touch. Raises RuntimeError while nothing is bound."""
    extent = _extent.get()
    if extent is None:
        message = "No scope is bound: statements are sent by the functions of tenants.store alone, which are @scoped."
        raise RuntimeError(message)
    return extent


def extent_of(leave: object) -> Extent:  # noqa: PLR0911 - one line a kind of scope
    """How far a scope goes, or several together. Raises TypeError for what is none."""
    if isinstance(leave, tuple | list):
        return _extent_of_all(leave)
    whole = _OF_ONE_EXTENT.get(type(leave))
    if whole is not None:
        return whole
    match leave:
        case TenantScope(tenant=tenant):
            return Extent(Kind.TENANT, frozenset((tenant,)))
        case SignInScope(tenant=tenant):
            return Extent(Kind.SIGN_IN, frozenset((tenant,)))
        case Trail(chain=chain):
            return Extent(Kind.TRAIL, frozenset((chain,)))
        case PlatformScope(tenants=frozenset(tenants)):
            return Extent(Kind.TENANT, tenants)
        case PlatformScope():
            return Extent(Kind.PLATFORM)
        case PersonScope(person=person):
            return Extent(Kind.PERSON, person=person)
    message = f"A {type(leave).__name__} gives no leave: the first argument is a scope."
    raise TypeError(message)


_OF_ONE_EXTENT = {
    PublicScope: Extent(Kind.PUBLIC),
    CredentialScope: Extent(Kind.CREDENTIAL),
    SystemScope: Extent(Kind.SYSTEM),
    FeedScope: Extent(Kind.FEED),
}


def _extent_of_all(leaves: Sequence[object]) -> Extent:
    each = [extent_of(leave[0] if isinstance(leave, tuple) else leave) for leave in leaves]
    return reduce(Extent.joined, each) if each else Extent(Kind.TENANT)
