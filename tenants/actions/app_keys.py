"""Keys of a whitelabel app, by a tenant's owners: issued, revoked, demanded. They act at once, without a publish.

A tenant that demands a key has one, also while it is generic and the demand means nothing: it may become whitelabel
again, and would then answer nobody.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tenants.app_keys import LONGEST_NAME, MOST, NewAppKey
from tenants.audit import AuditAction
from tenants.changes import Change
from tenants.codes import WrongStateReason
from tenants.database import transaction
from tenants.errors import NotFoundError, WrongStateError
from tenants.model import AppKind
from tenants.parsing import Collector
from tenants.store import app_keys, drafts, tenants
from tenants.store.audit import record
from tenants.text import parse_line

if TYPE_CHECKING:
    from datetime import datetime

    from tenants.access import TenantScope
    from tenants.app_keys import AppKey
    from tenants.model import Tenant


@dataclass(frozen=True, slots=True)
class IssuedAppKey:
    """A key that was just made: the only moment at which its text is known here."""

    app_key: AppKey
    secret: NewAppKey


async def issue_app_key(scope: TenantScope, name: str, *, now: datetime) -> IssuedAppKey:
    """Another key for the app. Raises InvalidInputError for a `name` that is none, NotFoundError.

    Raises WrongStateError WHITELABEL_ONLY for a generic tenant, TOO_MANY_APP_KEYS when there are two.
    """
    collector = Collector()
    parsed = collector.parse(("name",), lambda text: parse_line(text, LONGEST_NAME), name)
    collector.finish()
    secret = NewAppKey.random()
    async with transaction():
        _check_whitelabel(await _claim(scope))
        if len(await app_keys.list_app_keys(scope)) >= MOST:
            message = "There are two app keys already. Revoke one first: the one that was not used for longest."
            raise WrongStateError(WrongStateReason.TOO_MANY_APP_KEYS, message)
        issued = await app_keys.insert_app_key(scope, secret, name=parsed or "", now=now)
        await record(scope.trail, AuditAction.APP_KEY_ISSUED, _subject(issued), now=now)
    return IssuedAppKey(issued, secret)


async def revoke_app_key(scope: TenantScope, app_key: int, *, now: datetime) -> Tenant:
    """Make a key useless at once.

    Raises NotFoundError, and WrongStateError NO_APP_KEY for the last one while a key is demanded.
    """
    async with transaction():
        tenant = await _claim(scope)
        keys = {key.id: key for key in await app_keys.list_app_keys(scope)}
        if app_key not in keys:
            raise NotFoundError
        if tenant.is_app_key_required and len(keys) == 1:
            message = "A key is required, and this is the last one. Issue another first, or stop requiring one."
            raise WrongStateError(WrongStateReason.NO_APP_KEY, message)
        await app_keys.delete_app_key(scope, app_key)
        await record(scope.trail, AuditAction.APP_KEY_REVOKED, _subject(keys[app_key]), now=now)
    return tenant


async def require_app_key(scope: TenantScope, *, is_required: bool, now: datetime) -> Tenant:
    """Answer only apps that have a key, or all. To stop demanding one is never refused. Raises NotFoundError.

    Raises WrongStateError WHITELABEL_ONLY for a generic tenant, NO_APP_KEY while there is none.
    """
    async with transaction():
        tenant = await _claim(scope)
        if is_required:
            await _check_can_require(scope, tenant)
        if is_required is not tenant.is_app_key_required:
            await tenants.require_app_key(scope, is_required=is_required)
            action, change = AuditAction.APP_KEY_REQUIREMENT_CHANGED, _turned(is_required)
            await record(scope.trail, action, "app keys", change, now=now)
    return replace(tenant, is_app_key_required=is_required)


async def _claim(scope: TenantScope) -> Tenant:
    """The tenant, kept from other writers, so that what is counted here stays as it is."""
    await drafts.claim_draft(scope)
    return await tenants.get_tenant(scope)


async def _check_can_require(scope: TenantScope, tenant: Tenant) -> None:
    _check_whitelabel(tenant)
    if not await app_keys.list_app_keys(scope):
        message = "There is no key yet. Issue one and build it into the app before you require it."
        raise WrongStateError(WrongStateReason.NO_APP_KEY, message)


def _check_whitelabel(tenant: Tenant) -> None:
    """By the live config; before the first publish by the draft."""
    if tenant.app is not AppKind.WHITELABEL:
        message = "App keys are for whitelabel tenants: the generic app is everybody's."
        raise WrongStateError(WrongStateReason.WHITELABEL_ONLY, message)


def _subject(key: AppKey) -> str:
    return f"app key {key.name}"


def _turned(is_required: bool) -> tuple[Change, ...]:  # noqa: FBT001 - what is turned
    words = ("off", "on") if is_required else ("on", "off")
    return (Change(path=("isAppKeyRequired",), label="App key required", before=words[0], after=words[1]),)
