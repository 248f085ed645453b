"""Signs a user in: whose provider, may they try, what does the provider say, what does the phone do."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from gateway.provisioning import failures, metrics
from gateway.provisioning.answer import read
from gateway.provisioning.attempts import Attempts
from gateway.provisioning.call import Credentials, make_request
from gateway.provisioning.check_pace import CheckPace
from gateway.provisioning.outcomes import (
    Instruction,
    Off,
    Provisioned,
    ProvisioningFailure,
    TooMany,
    Unknown,
)
from gateway.provisioning.verdict import judge, rejected
from gateway.upstream.client import OutboundError
from tenants.access import PUBLIC
from tenants.app_keys import NO_APP_KEY
from tenants.attempts import Attempt
from tenants.errors import UnreadableSecretError
from tenants.store.published import find_published
from tenants.store.secrets import list_signing_secrets, open_headers

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from gateway.provisioning.outcomes import Outcome, Verdict
    from gateway.stamps import Stamps
    from gateway.upstream.client import OutboundAnswer, OutboundRequest, Upstream
    from tenants.access import SignInScope
    from tenants.app_keys import SentAppKey
    from tenants.keys import KeyRing
    from tenants.model import AppKind, Provisioning, Revision
    from tenants.store.published import Published

_log = structlog.get_logger("gateway.provisioning")
_REJECTING = frozenset({401, 403, 404})
_GOOD = range(200, 300)
_ANSWER_SECONDS = 4.8
"""From the question to the end of the call; what is left of the five is for noting and answering."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """A user at a phone, and whose app they hold. All of it was checked."""

    provider_id: str
    app: AppKind | None
    """None for another maker's softphone, which serves both kinds of tenant."""
    username: str
    password: str
    device_id: str
    reprovision: bool
    app_key: SentAppKey = NO_APP_KEY

    @property
    def credentials(self) -> Credentials:
        """What the provider is asked with."""
        return Credentials(self.username, self.password, self.device_id, self.reprovision)

    def __repr__(self) -> str:
        """Never the login."""
        return "SignIn(…)"


class Provisioner:
    """One object a process, since the client that calls out knows what is in flight."""

    def __init__(
        self,
        upstream: Upstream,
        keys: KeyRing,
        stamps: Stamps,
        *,
        jitter: Callable[[], float] = random.random,
        answer_seconds: float = _ANSWER_SECONDS,
    ) -> None:
        self.upstream, self._keys, self._stamps = upstream, keys, stamps
        self._jitter, self._answer_seconds = jitter, answer_seconds
        self._attempts = Attempts()
        self.check_pace = CheckPace()

    async def provision(
        self, sign_in: SignIn, *, address: str, now: datetime, on_call: Callable[[], None] = lambda: None
    ) -> Outcome:
        """What becomes of it; whatever the provider's server does, it is one of the outcomes, within five seconds.

        `on_call` is told that from now on it is somebody else's server that is waited for. Raises UnavailableError.
        """
        started = time.monotonic()
        outcome = await self._provision(sign_in, address, now, on_call)
        metrics.observe(outcome, time.monotonic() - started)
        return outcome

    async def _provision(self, sign_in: SignIn, address: str, now: datetime, on_call: Callable[[], None]) -> Outcome:
        until = asyncio.get_running_loop().time() + self._answer_seconds
        published = await find_published(PUBLIC, sign_in.provider_id, sign_in.app, sign_in.app_key)
        if published is None:
            return Unknown()
        self._stamps.note(published.app_key, now)
        settings = published.revision.config.provisioning
        if not settings.is_enabled or settings.url is None:
            return Off(published.provider_id, sign_in.username, settings)
        scope = PUBLIC.signing_in(published.revision.tenant)
        attempt = Attempt.of(
            self._keys, scope.tenant, username=sign_in.username, device_id=sign_in.device_id, address=address
        )
        async with self._attempts.admission(scope, attempt, now) as admission:
            if admission.wait_seconds is not None:
                return TooMany(admission.wait_seconds)
            if admission.is_crowded:
                return failures.unavailable(ProvisioningFailure.BUSY, published.revision.name, jitter=self._jitter)
            verdict = await self._ask(scope, published.revision, sign_in, now, until, on_call)
            if not admission.is_proven:
                await self._attempts.note(scope, attempt, verdict, now)
        return _outcome(verdict, published, sign_in.username)

    async def _ask(
        self,
        scope: SignInScope,
        revision: Revision,
        sign_in: SignIn,
        now: datetime,
        until: float,
        on_call: Callable[[], None],
    ) -> Verdict:
        """Where time was lost before the call it is cut short, and its breaker hears nothing: it was not its fault."""
        try:
            request = await self.make_request(scope, revision.config.provisioning, sign_in.credentials, now)
            on_call()
            async with asyncio.timeout_at(until):
                answered = await self.upstream.call(scope.tenant, request)
        except TimeoutError:
            return failures.unavailable(ProvisioningFailure.UNREACHABLE, revision.name, jitter=self._jitter)
        except OutboundError as error:
            return failures.unavailable(failures.failure_of(error.fault), revision.name, jitter=self._jitter)
        except UnreadableSecretError:
            _log.exception("secrets of a config do not open", tenant=scope.tenant)
            return failures.unavailable(ProvisioningFailure.FAILED, revision.name, jitter=self._jitter)
        return self.weigh(answered, revision.name, reprovision=sign_in.reprovision, now=now)

    async def make_request(
        self, scope: SignInScope, settings: Provisioning, credentials: Credentials, now: datetime
    ) -> OutboundRequest:
        """The call to `settings.url` with the tenant's headers, signed. Raises UnreadableSecretError."""
        if settings.url is None:
            raise ValueError("There is nobody to call.")
        headers = await open_headers(scope, self._keys, settings.headers)
        secrets = await list_signing_secrets(scope, self._keys, now)
        return make_request(
            settings.method, settings.url, credentials, headers=headers, signing_secrets=secrets, now=now
        )

    def weigh(self, answered: OutboundAnswer, provider: str, *, reprovision: bool, now: datetime) -> Verdict:
        """What an answer comes to: its status first, then its body by the fail-static table."""
        if answered.status in _REJECTING:
            return rejected(read(answered.body).message)
        failure = ProvisioningFailure.FAILED
        if answered.status in _GOOD:
            judged = judge(read(answered.body), reprovision=reprovision)
            if not isinstance(judged, ProvisioningFailure):
                return judged
            failure = judged
        wished = failures.wished_seconds(answered, now)
        return failures.unavailable(failure, provider, jitter=self._jitter, wished_seconds=wished)


def _outcome(verdict: Verdict, published: Published, username: str) -> Outcome:
    if not isinstance(verdict, Instruction):
        return verdict
    return Provisioned(
        published.provider_id,
        username,
        verdict.action,
        verdict.accounts,
        verdict.notice,
        published.revision.config.provisioning,
        published.revision.name,
    )
