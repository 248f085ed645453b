"""What becomes of a sign-in: whatever the provider's server does, it is one of these."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from tenants.accounts import Accounts

if TYPE_CHECKING:
    from tenants import model
    from tenants.identity import ProviderId


class AccountsAction(Enum):
    """What a phone must do with its accounts."""

    REPLACE = "REPLACE"
    KEEP = "KEEP"
    LOG_OUT = "LOG_OUT"


class ProvisioningRefusal(Enum):
    """How the provider said no."""

    PROVIDER_MESSAGE = "PROVIDER_MESSAGE"
    CREDENTIALS_REJECTED = "CREDENTIALS_REJECTED"
    NO_ACCOUNTS = "NO_ACCOUNTS"


class ProvisioningFailure(Enum):
    """Why the provider's answer could not be had."""

    UNREACHABLE = "UNREACHABLE"
    FAILED = "FAILED"
    BAD_ANSWER = "BAD_ANSWER"
    BUSY = "BUSY"


@dataclass(frozen=True, slots=True)
class Instruction:
    """What the provider's answer comes to for the phone. Accounts are there for REPLACE only."""

    action: AccountsAction
    accounts: Accounts = field(default_factory=Accounts)
    notice: str | None = None
    knows_user: bool = False
    """Whether the answer held accounts, so that the login was certainly right."""

    def __repr__(self) -> str:
        """Never the accounts."""
        return f"Instruction({self.action.value}, …)"


@dataclass(frozen=True, slots=True)
class Refused:
    """The provider said no. The phone keeps what it has."""

    message: str
    refusal: ProvisioningRefusal

    def __repr__(self) -> str:
        """Not the provider's words, which may repeat the login."""
        return f"Refused(…, {self.refusal.value})"


@dataclass(frozen=True, slots=True)
class Unavailable:
    """The provider could not be asked, or gave no answer that can be used. The phone keeps what it has."""

    message: str
    failure: ProvisioningFailure
    retry_after_seconds: int


Verdict = Instruction | Refused | Unavailable
"""What one answer of a provider comes to."""


@dataclass(frozen=True, slots=True)
class Provisioned:
    """The provider answered, and the phone does what `action` says."""

    provider_id: ProviderId
    username: str
    action: AccountsAction
    accounts: Accounts
    notice: str | None
    settings: model.Provisioning
    """The tenant's, whose subdomain and SIP domain apply to the accounts."""
    name: str
    """The tenant's, for people."""

    def __repr__(self) -> str:
        """Never the user or the accounts."""
        return f"Provisioned({self.action.value}, …)"


@dataclass(frozen=True, slots=True)
class Off:
    """The tenant has no external provisioning: what the user typed are SIP credentials."""

    provider_id: ProviderId
    username: str
    settings: model.Provisioning

    def __repr__(self) -> str:
        """Never the user."""
        return "Off(…)"


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody by that ProviderId for this kind of app (I4, I5)."""


@dataclass(frozen=True, slots=True)
class TooMany:
    """Too many refusals came before; nothing was tried."""

    retry_after_seconds: int


Outcome = Provisioned | Refused | Unavailable | Off | Unknown | TooMany
