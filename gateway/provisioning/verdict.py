"""The fail-static contract: what the provider's answer comes to for the phone, by one table.

Everything that is not plainly an instruction leaves the phone as it is. One row logs out, and one only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.provisioning.outcomes import (
    AccountsAction,
    Instruction,
    ProvisioningFailure,
    ProvisioningRefusal,
    Refused,
)

if TYPE_CHECKING:
    from gateway.provisioning.answer import Answer
    from tenants.accounts import Accounts

_REJECTED = "Your provider does not accept this username and password."
_NO_ACCOUNTS = "Your provider has no account for this username."


def judge(answer: Answer, *, reprovision: bool) -> Instruction | Refused | ProvisioningFailure:
    """The table, its last row first."""
    if not answer.is_sound:
        return ProvisioningFailure.BAD_ANSWER
    if answer.accounts is None:
        return _refused(answer.message) if answer.message else ProvisioningFailure.BAD_ANSWER
    if answer.accounts:
        return _judge_accounts(answer, answer.accounts, reprovision=reprovision)
    return _judge_empty_list(answer, reprovision=reprovision)


def _judge_accounts(
    answer: Answer, accounts: Accounts, *, reprovision: bool
) -> Instruction | Refused | ProvisioningFailure:
    """One or more, all valid. `update` is not looked at on the first set-up."""
    if answer.update is None and reprovision:
        return ProvisioningFailure.BAD_ANSWER
    if answer.update or not reprovision:
        return Instruction(AccountsAction.REPLACE, accounts, answer.message, knows_user=True)
    return Instruction(AccountsAction.KEEP, notice=answer.message, knows_user=True)


def _judge_empty_list(answer: Answer, *, reprovision: bool) -> Instruction | Refused | ProvisioningFailure:
    if answer.update is None:
        return ProvisioningFailure.BAD_ANSWER
    if not reprovision:
        return _refused(answer.message)
    return Instruction(AccountsAction.LOG_OUT if answer.update else AccountsAction.KEEP, notice=answer.message)


def rejected(message: str | None) -> Refused:
    """HTTP 401, 403 and 404, whatever else they say."""
    return Refused(message or _REJECTED, ProvisioningRefusal.CREDENTIALS_REJECTED)


def _refused(message: str | None) -> Refused:
    if message is None:
        return Refused(_NO_ACCOUNTS, ProvisioningRefusal.NO_ACCOUNTS)
    return Refused(message, ProvisioningRefusal.PROVIDER_MESSAGE)
