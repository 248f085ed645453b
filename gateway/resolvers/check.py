"""A dry run of a sign-in for the provider's staff."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.context import Info
from gateway.provisioning.check import Check
from gateway.resolvers.scopes import authorize
from gateway.schema.check import CheckProvisioningInput, CheckProvisioningResult, ProvisioningChecked
from gateway.schema.enums import ConfigStage, Permission
from gateway.schema.problems import TooManyAttempts
from tenants.codes import WrongStateReason
from tenants.errors import TooManyAttemptsError, WrongStateError
from tenants.store import tenants as store
from tenants.store.drafts import get_draft
from tenants.store.revisions import find_live

if TYPE_CHECKING:
    from tenants.access import TenantScope
    from tenants.model import Provisioning

_SECONDS = 15


async def resolve_check_provisioning(info: Info, input: CheckProvisioningInput) -> CheckProvisioningResult:
    """Editors."""
    scope = authorize(info, input.tenant_id, Permission.EDIT_DRAFT)
    login, context = input.parse(), info.context
    name, settings = await _find_settings(scope, input.stage)
    context.allowance.extend(_SECONDS)
    try:
        context.provisioner.check_pace.take(scope.tenant)
    except TooManyAttemptsError as error:
        seconds = error.retry_after_seconds
        message = f"This tenant was checked often within a minute. Wait {seconds} seconds and try again."
        return TooManyAttempts(message=message, retry_after_seconds=seconds)
    checked = await Check(context.provisioner, settings, name, login).run(scope, context.now())
    return ProvisioningChecked.of(checked, settings)


async def _find_settings(scope: TenantScope, stage: ConfigStage) -> tuple[str, Provisioning]:
    """The tenant's name and settings. Raises WrongStateError where there is nobody to call."""
    if stage is ConfigStage.DRAFT:
        settings, name = (await get_draft(scope)).config.provisioning, (await store.get_tenant(scope)).name
        if settings.url is None:
            raise WrongStateError(
                WrongStateReason.NO_PROVISIONING, "The draft has no provisioning URL: enter one first."
            )
        return name, settings
    live = await find_live(scope)
    if live is None:
        raise WrongStateError(WrongStateReason.NEVER_PUBLISHED, "Nothing was ever published: check the draft.")
    settings = live.config.provisioning
    if settings.url is None or not settings.is_enabled:
        message = "External provisioning is off in what is live: publish settings that turn it on, or check the draft."
        raise WrongStateError(WrongStateReason.NO_PROVISIONING, message)
    return live.name, settings
