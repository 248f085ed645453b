"""Nobody gives away a role that may do more than their own."""

from __future__ import annotations

import pytest

from tenants.access import Actor, ActorKind, Permission, Principal, Role
from tenants.errors import ForbiddenError, NotFoundError
from tests import make

ACTOR = Actor(ActorKind.PERSON, "Jane", "person:1")
ROLES = list(Role)
PAIRS = [(own, given) for own in ROLES for given in ROLES]


@pytest.mark.parametrize(("own", "given"), [pair for pair in PAIRS if ROLES.index(pair[1]) <= ROLES.index(pair[0])])
def test_ones_own_role_and_lesser_ones_may_be_given(own: Role, given: Role) -> None:
    principal = Principal(make.ORIGIN, ACTOR, {1: own, 2: Role.VIEWER})

    assert principal.authorize_to_grant(1, Permission.READ_CONFIG, given).tenant == 1


@pytest.mark.parametrize(("own", "given"), [pair for pair in PAIRS if ROLES.index(pair[1]) > ROLES.index(pair[0])])
def test_a_greater_role_may_not(own: Role, given: Role) -> None:
    principal = Principal(make.ORIGIN, ACTOR, {1: own, 2: Role.OWNER})

    with pytest.raises(ForbiddenError):
        principal.authorize_to_grant(1, Permission.READ_CONFIG, given)


def test_an_owner_elsewhere_gives_nothing_here() -> None:
    principal = Principal(make.ORIGIN, ACTOR, {2: Role.OWNER})

    with pytest.raises(NotFoundError):
        principal.authorize_to_grant(1, Permission.MANAGE_TOKENS, Role.VIEWER)
