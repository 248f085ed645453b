"""Signing a user in."""

from __future__ import annotations

from dataclasses import replace

from gateway.context import Info
from gateway.provisioning import outcomes
from gateway.schema.problems import TooManyAttempts, UnknownProvider
from gateway.schema.provisioning import (
    Provisioned,
    ProvisioningOff,
    ProvisioningRefused,
    ProvisioningUnavailable,
    ProvisionInput,
    ProvisionResult,
)
from tenants.errors import TooManyAttemptsError

_SECONDS = 6
"""The call to the provider has four of them."""


async def resolve_provision(info: Info, input: ProvisionInput) -> ProvisionResult:
    """Anonymous: what is sent is the credential, and it is the provider who checks it."""
    context = info.context
    sign_in = replace(input.parse(), app_key=context.app_key)
    outcome = await context.provisioner.provision(
        sign_in,
        address=context.caller.address,
        now=context.now(),
        on_call=lambda: context.allowance.extend(_SECONDS),
    )
    match outcome:
        case outcomes.Provisioned():
            return Provisioned.of(outcome)
        case outcomes.Refused():
            return ProvisioningRefused.of(outcome)
        case outcomes.Unavailable():
            return ProvisioningUnavailable.of(outcome)
        case outcomes.Off():
            return ProvisioningOff.of(outcome)
        case outcomes.TooMany(retry_after_seconds=seconds):
            return TooManyAttempts.of(TooManyAttemptsError(seconds))
        case outcomes.Unknown():
            return UnknownProvider()
