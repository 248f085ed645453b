"""What an example of a rule is: something accepted beside something refused, printed for people and run by tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from tenants.errors import InvalidInputError, InvalidValueError
from tenants.model import AppKind, Config
from tenants.parsing import apply
from tenants.rules.checks import config_warnings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tenants.codes import ProblemCode, WarningCode
    from tenants.errors import Problem, RuleWarning

    Settings: TypeAlias = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class FormExample:
    """Settings as they are sent for a tenant with defaults (`tenants.parsing.apply`)."""

    code: ProblemCode | WarningCode
    path: tuple[str, ...]
    """Where the refused or warned value stands."""
    accepted: Settings
    refused: Settings
    """For a WarningCode: what is saved with this warning."""
    app: AppKind = AppKind.GENERIC
    beside: tuple[WarningCode, ...] = ()
    """Warnings that cannot but come with this one."""
    remark: str | None = None

    def accept(self) -> tuple[Problem | RuleWarning, ...]:
        """Everything said about the accepted side: nothing."""
        return _said(self.app, self.accepted)

    def refuse(self) -> tuple[Problem | RuleWarning, ...]:
        """Everything said about the refused side."""
        return _said(self.app, self.refused)


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedExample:
    """One text typed into one field."""

    code: ProblemCode
    field: str
    parse: Callable[[str], object]
    accepted: str
    refused: str
    remark: str | None = None

    def accept(self) -> tuple[Problem, ...]:
        """Everything said about the accepted side: nothing."""
        return self._said(self.accepted)

    def refuse(self) -> tuple[Problem, ...]:
        """Everything said about the refused side."""
        return self._said(self.refused)

    def _said(self, text: str) -> tuple[Problem, ...]:
        try:
            self.parse(text)
        except InvalidValueError as error:
            return (error.at(self.field),)
        return ()


@dataclass(frozen=True, slots=True)
class Step:
    """One call of the API by the words of its input. `providerId` names the tenant, as it is called by then."""

    call: str
    arguments: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryExample:
    """Calls one after the other, since the rule looks at what is stored; the last one is accepted or refused."""

    code: ProblemCode
    path: tuple[str, ...]
    accepted: tuple[Step, ...]
    refused: tuple[Step, ...]
    remark: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallExample:
    """One call on a tenant that the warning is told beside; nothing is stored. A dot stands before an inner field."""

    code: WarningCode
    path: tuple[str, ...]
    accepted: Step
    refused: Step
    """The call whose answer has this warning."""
    beside: tuple[WarningCode, ...] = ()
    """Warnings that cannot but come with this one."""
    remark: str | None = None


Example: TypeAlias = FormExample | TypedExample | StoryExample | CallExample


def _said(app: AppKind, sent: Settings) -> tuple[Problem | RuleWarning, ...]:
    try:
        config = apply(Config(app=app), sent)
    except InvalidInputError as error:
        return error.problems
    return config_warnings(config)
