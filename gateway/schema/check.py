"""A dry run of a sign-in: what is asked, and the report."""

from __future__ import annotations

from typing import Annotated, Self

import strawberry

from gateway.provisioning import check, check_steps
from gateway.provisioning.outcomes import Instruction, Refused
from gateway.schema.accounts import SipAccountSettings, shown_settings
from gateway.schema.enums import AccountsAction, CheckStepName, CheckVerdict, ConfigStage
from gateway.schema.problems import Forbidden, InvalidInput, NotFound, TooManyAttempts, WrongState
from gateway.schema.provisioning import ProvisioningRefused, ProvisioningUnavailable
from tenants import accounts
from tenants.account_parsing import parse_login
from tenants.accounts import LoginPair
from tenants.errors import InvalidInputError
from tenants.hosts import SipDomain, Subdomain
from tenants.model import Provisioning
from tenants.parsing import Collector


@strawberry.input(description="A test login.")
class CheckProvisioningInput:
    tenant_id: strawberry.ID = strawberry.field(description="Which tenant.")
    username: str = strawberry.field(description="Username without ProviderId, 1 to 256 characters. Example: `1000`.")
    password: str = strawberry.field(description="Password, 1 to 256 characters. Sent to the provider, stored nowhere.")
    stage: ConfigStage = strawberry.field(
        description="Whose settings to use: those being edited, or those live.", default=ConfigStage.DRAFT
    )

    def parse(self) -> LoginPair:
        """Rule P9. Raises InvalidInputError with every problem."""
        collector = Collector()
        login = parse_login({"username": self.username, "password": self.password}, (), collector)
        if login is None:
            raise InvalidInputError(tuple(collector.problems))
        return login


@strawberry.type(description="One step of the call.")
class CheckStep:
    step: CheckStepName = strawberry.field(description="Which.")
    verdict: CheckVerdict = strawberry.field(description="How it went.")
    detail: str = strawberry.field(
        description="What was seen. Example: `Certificate for pbx.acme.example, valid until 2027-02-01.`"
    )
    advice: str | None = strawberry.field(description="What to do about it; null when nothing need be done.")
    duration_milliseconds: int | None = strawberry.field(
        description="How long it took, in milliseconds; null where time means nothing."
    )

    @classmethod
    def of(cls, step: check_steps.CheckStep) -> Self:
        """From the use case."""
        milliseconds = None if step.seconds is None else round(1000 * step.seconds)
        return cls(
            step=step.step,
            verdict=step.verdict,
            detail=step.detail,
            advice=step.advice,
            duration_milliseconds=milliseconds,
        )


@strawberry.type(description="A place where the answer is not as documented.")
class AnswerDeviation:
    line: int = strawberry.field(description="Line of `answer`, from 1.")
    message: str = strawberry.field(
        description="What is different and how it was read. Example: `update: It is a text; read as false.`"
    )


@strawberry.type(description="A SIP account that would reach the phone, without its password.")
class CheckedSipAccount(SipAccountSettings):
    @classmethod
    def of(cls, account: accounts.SipAccount, sip_domain: SipDomain | None, subdomain: Subdomain | None) -> Self:
        """From the domain, without the secret."""
        return cls(**shown_settings(account, sip_domain, subdomain))


@strawberry.type(description="The accounts that would reach the phone, without their passwords.")
class CheckedAccounts:
    action: AccountsAction = strawberry.field(description="What the phone would do.")
    sip_accounts: list[CheckedSipAccount] = strawberry.field(description="SIP accounts.")
    jids: list[str] = strawberry.field(description="Addresses of the chat accounts.")
    notice: str | None = strawberry.field(description="The provider's text for the user.")

    @classmethod
    def of(cls, instruction: Instruction, settings: Provisioning) -> Self:
        """With the tenant's subdomain and SIP domain applied (P6, P8)."""
        found = instruction.accounts
        return cls(
            action=instruction.action,
            sip_accounts=[CheckedSipAccount.of(one, settings.sip_domain, settings.subdomain) for one in found.sip],
            jids=[one.jid for one in found.xmpp],
            notice=instruction.notice,
        )


CheckOutcome = Annotated[
    CheckedAccounts | ProvisioningRefused | ProvisioningUnavailable,
    strawberry.union("CheckOutcome", description="What the phone would be told."),
]


@strawberry.type(description="What happened, step by step.")
class ProvisioningChecked:
    steps: list[CheckStep] = strawberry.field(
        description="In the order of the call; steps of a redirect come again. Nothing after the first `FAIL`."
    )
    answer: str | None = strawberry.field(
        description=(
            "The provider's answer with secrets masked and control characters made visible, up to 64 KiB; null when "
            "none came. The lines that `deviations` count."
        )
    )
    deviations: list[AnswerDeviation] = strawberry.field(
        description="Where the answer departs from the documented shape, in the order of lines."
    )
    outcome: CheckOutcome = strawberry.field(description="What the phone would be told.")

    @classmethod
    def of(cls, checked: check.Checked, settings: Provisioning) -> Self:
        """From the use case."""
        return cls(
            steps=[CheckStep.of(step) for step in checked.steps],
            answer=checked.answer,
            deviations=[AnswerDeviation(line=one.line, message=one.message) for one in checked.deviations],
            outcome=_outcome(checked, settings),
        )


def _outcome(
    checked: check.Checked, settings: Provisioning
) -> CheckedAccounts | ProvisioningRefused | ProvisioningUnavailable:
    match checked.verdict:
        case Instruction() as instruction:
            return CheckedAccounts.of(instruction, settings)
        case Refused() as refused:
            return ProvisioningRefused.of(refused)
        case unavailable:
            return ProvisioningUnavailable.of(unavailable)


CheckProvisioningResult = Annotated[
    ProvisioningChecked | WrongState | TooManyAttempts | InvalidInput | Forbidden | NotFound,
    strawberry.union("CheckProvisioningResult", description="What `checkProvisioning` answers."),
]
