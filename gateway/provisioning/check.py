"""A dry run of a sign-in for the provider's staff: the same call by the same path, watched. Nothing is stored."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from gateway.provisioning import check_answer, failures, metrics, shown_answer
from gateway.provisioning.answer import read
from gateway.provisioning.call import Credentials
from gateway.provisioning.check_steps import (
    CheckStep,
    CheckStepName,
    CheckVerdict,
    failed_step,
    steps_of,
    steps_of_end,
)
from gateway.provisioning.masking import Masker
from gateway.provisioning.outcomes import Instruction, ProvisioningFailure, ProvisioningRefusal, Refused
from gateway.upstream.client import Fault, OutboundError
from gateway.upstream.watch import Answered, Watch
from tenants.access import PUBLIC
from tenants.accounts import Accounts
from tenants.errors import UnreadableSecretError
from tenants.model import ProvisioningMethod

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from gateway.provisioning.answer import Answer
    from gateway.provisioning.fields import Deviation
    from gateway.provisioning.outcomes import Verdict
    from gateway.provisioning.provisioner import Provisioner
    from gateway.upstream.client import OutboundAnswer, OutboundRequest
    from gateway.upstream.watch import Sight
    from tenants.access import TenantScope
    from tenants.accounts import LoginPair
    from tenants.model import Provisioning

_DEVICE = "gateway-check"
_SHORTEST_HIDDEN = 4  # a shorter value of a header is no secret, and would be found in half of all words
_SCHEMES = frozenset({"basic", "bearer", "digest", "token"})
_SEVERITY = (CheckVerdict.PASS, CheckVerdict.WARN, CheckVerdict.FAIL)
_UNREADABLE = (
    "The values of the settings' own headers do not open: the gateway was not given the key they were encrypted with.",
    "Enter the values again, or ask the operator to give the gateway its old key.",
)


@dataclass(frozen=True, slots=True)
class ShownDeviation:
    """A remark on the answer, with the line of the shown text that it is about."""

    line: int
    message: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What a dry run showed. No secret is in it but the accounts' own, which only the phone may be given."""

    steps: Sequence[CheckStep]
    verdict: Verdict = field(repr=False)
    answer: str | None = field(repr=False, default=None)
    deviations: Sequence[ShownDeviation] = field(repr=False, default=())


class Check:
    """One dry run with a test login."""

    def __init__(self, provisioner: Provisioner, settings: Provisioning, name: str, login: LoginPair) -> None:
        self._provisioner, self._settings, self._name, self._login = provisioner, settings, name, login
        self._secrets = [login.password, f"{login.username}:{login.password}"]
        self._masker = Masker(self._secrets)

    async def run(self, scope: TenantScope, now: datetime) -> Checked:
        """Call the provider as `provision` would on a first set-up, and look."""
        checked = await self._run(scope, now)
        worst = max((step.verdict for step in checked.steps), key=_SEVERITY.index)
        metrics.CHECKS.labels(worst.value.lower()).inc()
        return checked

    async def _run(self, scope: TenantScope, now: datetime) -> Checked:
        credentials = Credentials(self._login.username, self._login.password, _DEVICE, reprovision=False)
        try:
            request = await self._provisioner.make_request(
                PUBLIC.signing_in(scope.tenant), self._settings, credentials, now
            )
        except UnreadableSecretError:
            step = CheckStep(CheckStepName.URL, CheckVerdict.FAIL, *_UNREADABLE)
            return self._checked([step], self._unavailable(ProvisioningFailure.FAILED))
        self._secrets += _values_of(self._settings, request)
        self._masker = Masker(self._secrets)
        return await self._call(scope.tenant, request, now)

    async def _call(self, tenant: int, request: OutboundRequest, now: datetime) -> Checked:
        watch, began = Watch(), time.monotonic()
        try:
            answered: OutboundAnswer | OutboundError = await self._provisioner.upstream.call(
                tenant, request, watch=watch
            )
        except OutboundError as error:
            answered = error
        seconds = time.monotonic() - began
        sights = [self._without_secrets(sight) for sight in watch.sights]
        steps = [self._first_step(), *steps_of(sights, sends_query=request.method == "GET", now=now)]
        if isinstance(answered, OutboundError):
            failed = failed_step(answered, sights, seconds, self._provisioner.upstream.limits)
            seen = steps[:-1] if steps[-1].step is failed.step else steps
            if answered.fault is Fault.REDIRECT:
                (redirect,) = steps_of(sights[-1:], sends_query=False, now=now)  # where to is half of the cause
                failed = replace(failed, detail=f"{redirect.detail} {failed.detail}")
            return self._checked([*seen, failed], self._unavailable(failures.failure_of(answered.fault)))
        return self._read(answered, steps, seconds, now)

    def _without_secrets(self, sight: Sight) -> Sight:
        """Before any of it is shortened, which could leave the beginning of a secret."""
        if not isinstance(sight, Answered):
            return sight
        return replace(sight, headers={name: self._masker.mask(value) for name, value in sight.headers.items()})

    def _first_step(self) -> CheckStep:
        url, is_get = self._settings.url, self._settings.method is ProvisioningMethod.GET
        address = "" if url is None else url.text.partition("?")[0]
        detail = f"{'GET' if is_get else 'POST'} {address}"
        if not self._settings.is_enabled:
            detail += ". External provisioning is off in these settings, so phones do not call it yet."
            return CheckStep(CheckStepName.URL, CheckVerdict.WARN, detail, "Turn it on and publish when all is well.")
        advice = "A GET leaves username and password in your server's access log; POST with JSON does not."
        return CheckStep(CheckStepName.URL, CheckVerdict.PASS, detail, advice if is_get else None)

    def _read(self, answered: OutboundAnswer, steps: list[CheckStep], seconds: float, now: datetime) -> Checked:
        """What the phone would make of it. A page that reports a failure need not be in the documented shape."""
        body, answer = answered.body, read(answered.body)
        verdict = self._provisioner.weigh(answered, self._name, reprovision=False, now=now)
        shown = shown_answer.show(body, self._secrets)
        if steps[-1].verdict is CheckVerdict.FAIL:
            return self._checked(steps, verdict, shown)
        steps += steps_of_end(len(body), seconds, self._provisioner.upstream.limits)
        if isinstance(verdict, Refused) and verdict.refusal is ProvisioningRefusal.CREDENTIALS_REJECTED:
            return self._checked([*steps, check_answer.rejection_step(answer)], verdict, shown)
        return self._checked(
            [*steps, check_answer.answer_step(answer, body)], verdict, shown, self._deviations(body, answer)
        )

    def _deviations(self, body: bytes, answer: Answer) -> list[ShownDeviation]:
        lines = shown_answer.lines_of(body, answer.deviations)
        placed = sorted(zip(lines, answer.deviations, strict=True), key=lambda pair: pair[0])
        return [ShownDeviation(line, self._remark(deviation)) for line, deviation in placed]

    def _remark(self, deviation: Deviation) -> str:
        path = tuple(self._masker.mask(part) if isinstance(part, str) else part for part in deviation.path)
        name = shown_answer.place_name(path)
        return self._masker.mask(f"{name}: {deviation.message}" if name else deviation.message)

    def _unavailable(self, failure: ProvisioningFailure) -> Verdict:
        return failures.unavailable(failure, self._name, jitter=lambda: 0)

    def _checked(
        self,
        steps: Sequence[CheckStep],
        verdict: Verdict,
        answer: str | None = None,
        deviations: Sequence[ShownDeviation] = (),
    ) -> Checked:
        """Even where a server repeats the password in a header, it is not repeated here."""
        hidden = [replace(step, detail=self._masker.mask(step.detail)) for step in steps]
        return Checked(hidden, self._hidden(verdict), answer, deviations)

    def _hidden(self, verdict: Verdict) -> Verdict:
        """The outcome, even where an account is named like the password; a username that holds it was no secret."""
        mask = (lambda text: text) if self._masker.finds(self._login.username) else self._masker.mask
        match verdict:
            case Refused():
                return replace(verdict, message=self._masker.mask(verdict.message))
            case Instruction():
                notice = verdict.notice and self._masker.mask(verdict.notice)
                return replace(verdict, notice=notice, accounts=_renamed(verdict.accounts, mask))
        return verdict


def _values_of(settings: Provisioning, request: OutboundRequest) -> Iterator[str]:
    """What the tenant's own headers say, which nobody reads back; a server may repeat it without the scheme."""
    own = {header.name.lower() for header in settings.headers}
    for name, value in request.headers:
        scheme, _, rest = value.partition(" ")
        secret = rest if rest and scheme.lower() in _SCHEMES else value
        if name.lower() in own and len(secret) >= _SHORTEST_HIDDEN:
            yield secret


def _renamed(accounts: Accounts, mask: Callable[[str], str]) -> Accounts:
    return Accounts(
        tuple(
            replace(one, username=mask(one.username), auth_username=one.auth_username and mask(one.auth_username))
            for one in accounts.sip
        ),
        tuple(replace(one, jid=mask(one.jid)) for one in accounts.xmpp),
    )
