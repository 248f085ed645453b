"""How the domain's refusals become members of a result's union: one handler an error."""

from __future__ import annotations

from typing import Any

import strawberry
from strawberry.types.field import StrawberryField

from gateway.context import Info
from gateway.formats.payloads import FormatCannotCarryError
from gateway.schema.one_time_links import OneTimeLinkUnusable
from gateway.schema.problems import Forbidden, InvalidInput, NotFound, TooManyAttempts, VersionConflict, WrongState
from gateway.schema.qr import FormatCannotCarry
from gateway.schema.results import UnacceptedWarnings
from gateway.schema.sessions import SignInRefused
from gateway.schema.setup import SetupLinkUnusable
from tenants import errors


class _OnInvalidInput(strawberry.ExceptionHandler[errors.InvalidInputError, InvalidInput]):
    def handle(
        self, exception: errors.InvalidInputError, *, field: StrawberryField, info: strawberry.Info
    ) -> InvalidInput:
        return InvalidInput.of(exception)


class _OnConflict(strawberry.ExceptionHandler[errors.VersionConflictError, VersionConflict]):
    def handle(
        self, exception: errors.VersionConflictError, *, field: StrawberryField, info: strawberry.Info
    ) -> VersionConflict:
        return VersionConflict.of(exception)


class _OnForbidden(strawberry.ExceptionHandler[errors.ForbiddenError, Forbidden]):
    async def handle(self, exception: errors.ForbiddenError, *, field: StrawberryField, info: Info) -> Any:  # noqa: ANN401 - either of two members of the union, of which the library takes one by its type
        """What is not there is not found, also by a platform admin, who would be forbidden to change it."""
        if exception.unseen is not None and await info.context.loaders.tenants.load(exception.unseen) is None:
            return NotFound()
        return Forbidden.of(exception)


class _OnNotFound(strawberry.ExceptionHandler[errors.NotFoundError, NotFound]):
    def handle(self, exception: errors.NotFoundError, *, field: StrawberryField, info: strawberry.Info) -> NotFound:
        return NotFound()


class _OnUnacceptedWarnings(strawberry.ExceptionHandler[errors.UnacceptedWarningsError, UnacceptedWarnings]):
    def handle(
        self, exception: errors.UnacceptedWarningsError, *, field: StrawberryField, info: strawberry.Info
    ) -> UnacceptedWarnings:
        return UnacceptedWarnings.of(exception)


class _OnWrongState(strawberry.ExceptionHandler[errors.WrongStateError, WrongState]):
    def handle(self, exception: errors.WrongStateError, *, field: StrawberryField, info: strawberry.Info) -> WrongState:
        return WrongState.of(exception)


class _OnSetupLinkUnusable(strawberry.ExceptionHandler[errors.SetupLinkUnusableError, SetupLinkUnusable]):
    def handle(
        self, exception: errors.SetupLinkUnusableError, *, field: StrawberryField, info: strawberry.Info
    ) -> SetupLinkUnusable:
        return SetupLinkUnusable()


class _OnOneTimeLinkUnusable(strawberry.ExceptionHandler[errors.OneTimeLinkUnusableError, OneTimeLinkUnusable]):
    def handle(
        self, exception: errors.OneTimeLinkUnusableError, *, field: StrawberryField, info: strawberry.Info
    ) -> OneTimeLinkUnusable:
        return OneTimeLinkUnusable()


class _OnSignInRefused(strawberry.ExceptionHandler[errors.SignInRefusedError, SignInRefused]):
    def handle(
        self, exception: errors.SignInRefusedError, *, field: StrawberryField, info: strawberry.Info
    ) -> SignInRefused:
        return SignInRefused()


class _OnTooManyAttempts(strawberry.ExceptionHandler[errors.TooManyAttemptsError, TooManyAttempts]):
    def handle(
        self, exception: errors.TooManyAttemptsError, *, field: StrawberryField, info: strawberry.Info
    ) -> TooManyAttempts:
        return TooManyAttempts.of(exception)


class _OnFormatCannotCarry(strawberry.ExceptionHandler[FormatCannotCarryError, FormatCannotCarry]):
    def handle(
        self, exception: FormatCannotCarryError, *, field: StrawberryField, info: strawberry.Info
    ) -> FormatCannotCarry:
        return FormatCannotCarry.of(exception)


HANDLERS = (
    _OnInvalidInput(),
    _OnConflict(),
    _OnForbidden(),
    _OnNotFound(),
    _OnUnacceptedWarnings(),
    _OnWrongState(),
    _OnSetupLinkUnusable(),
    _OnOneTimeLinkUnusable(),
    _OnSignInRefused(),
    _OnTooManyAttempts(),
    _OnFormatCannotCarry(),
)
