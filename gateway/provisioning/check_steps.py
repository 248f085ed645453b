"""The steps of one watched call: each with a verdict, what was seen, and what a provider's admin can do about it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from http import HTTPStatus
from typing import TYPE_CHECKING

from gateway.provisioning.shown_answer import make_visible
from gateway.upstream.client import Fault
from gateway.upstream.watch import Answered, Connected, Finished, Resolved, Secured

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from gateway.upstream.client import OutboundError, UpstreamLimits
    from gateway.upstream.watch import Sight

_RENEWAL = timedelta(days=14)
_MOST_SHOWN = 6
_LONGEST_SHOWN = 80
_REDIRECTING = frozenset({301, 302, 303, 307, 308})
_GOOD = range(200, 300)
_JSON_TYPE = re.compile(r"application/(?:[a-z0-9.+-]+\+)?json", re.IGNORECASE)
_CHARSET = re.compile(r"charset\s*=\s*\"?([\w-]+)", re.IGNORECASE)


class CheckStepName(Enum):
    """The steps, in the order of the call."""

    URL = "URL"
    DNS = "DNS"
    CONNECTION = "CONNECTION"
    TLS = "TLS"
    STATUS = "STATUS"
    HEADERS = "HEADERS"
    SIZE = "SIZE"
    TIME = "TIME"
    ANSWER = "ANSWER"


class CheckVerdict(Enum):
    """How a step went."""

    PASS = "PASS"  # noqa: S105 - no password
    WARN = "WARN"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class CheckStep:
    """One of them."""

    step: CheckStepName
    verdict: CheckVerdict
    detail: str
    advice: str | None = None
    seconds: float | None = None


_FAULTS = {
    Fault.URL: CheckStepName.URL,
    Fault.DNS: CheckStepName.DNS,
    Fault.TLS: CheckStepName.TLS,
    Fault.REDIRECT: CheckStepName.STATUS,
    Fault.ENCODING: CheckStepName.HEADERS,
    Fault.BUSY: CheckStepName.CONNECTION,
}
# What comes next after what was seen last; and where the server had the word, by what went wrong.
_NEXT = {Resolved: CheckStepName.CONNECTION, Connected: CheckStepName.TLS}
_HEAD = {Fault.TIME: CheckStepName.TIME, Fault.SIZE: CheckStepName.HEADERS}
_BODY = {Fault.TIME: CheckStepName.TIME}
_BEFORE_TLS = frozenset({CheckStepName.DNS, CheckStepName.CONNECTION})
_REFUSED = "the server refuses this login."
_STATUSES = {
    401: (_REFUSED, "If the login is right, check from where your server reads it: query, JSON or form."),
    403: (_REFUSED, "If the login is right, look for a firewall or a rule that keeps the gateway out."),
    404: ("a phone is told that its login is wrong.", "If it is right, correct the path in the URL; a slash counts."),
    400: ("the server does not understand the call.", "Check which method and which names of parameters it expects."),
    405: ("the server does not take this method.", "Choose another method in the settings."),
    415: ("the server does not take a body of this kind.", "Choose another method in the settings."),
    422: ("the server does not understand the call.", "Check which method and which names of parameters it expects."),
    429: (
        "the server limits calls.",
        "The calls of all phones come from the gateway's addresses: except these from limits by address.",
    ),
    502: ("a proxy in front of your application gets no answer from it.", "Start the application behind it."),
    503: ("the server says that it is out of service.", "Start the application, or end its maintenance."),
    504: ("a proxy in front of your application gets no answer in time.", "Find what takes the application so long."),
}
_WARNED = frozenset({401, 403, 404})
_OWN_ERROR = ("the server reports an error of its own.", "Look for the call in the error log of your application.")
_NOT_GOOD = ("neither an answer nor a refusal.", "Answer 200 with JSON, or 401 for a login that is wrong.")


def steps_of(sights: Sequence[Sight], *, sends_query: bool, now: datetime) -> Iterator[CheckStep]:
    """What was seen on the way; what the call came to nothing by was not seen."""
    for sight in sights:
        match sight:
            case Resolved():
                yield _of_name(sight)
            case Connected():
                yield _of_connection(sight)
            case Secured():
                yield _of_certificate(sight, now)
            case Answered():
                yield from _of_head(sight, sends_query=sends_query)
            case Finished():
                pass  # how much came is told beside the limits


def steps_of_end(size: int, seconds: float, limits: UpstreamLimits) -> Iterator[CheckStep]:
    """Size and time of a whole answer against their limits, with room to grow."""
    is_large, is_slow = 4 * size > 3 * limits.body_bytes, 2 * seconds > limits.total_seconds
    yield CheckStep(
        CheckStepName.SIZE,
        CheckVerdict.WARN if is_large else CheckVerdict.PASS,
        f"{size:,} bytes of at most {limits.body_bytes:,}.",
        "Leave out what no phone needs: an answer that is longer is refused." if is_large else None,
    )
    yield CheckStep(
        CheckStepName.TIME,
        CheckVerdict.WARN if is_slow else CheckVerdict.PASS,
        f"{seconds:.1f} s of at most {limits.total_seconds:.0f} s.",
        "Make the server faster: when many users sign in at once, it will take longer." if is_slow else None,
        seconds,
    )


def failed_step(error: OutboundError, sights: Sequence[Sight], seconds: float, limits: UpstreamLimits) -> CheckStep:
    """The step at which the call came to nothing, after so many seconds."""
    name = _name_of(error.fault, sights[-1] if sights else None)
    spent = sum(sight.seconds for sight in sights)
    limit = limits.connect_seconds if name in _BEFORE_TLS else limits.total_seconds
    return CheckStep(
        name,
        CheckVerdict.FAIL,
        f"{error.message} The limit is {limit:.0f} s." if error.fault is Fault.TIME else error.message,
        error.advice or None,
        None if error.fault in (Fault.URL, Fault.BUSY) else max(0.0, seconds - spent),
    )


def _name_of(fault: Fault, last: Sight | None) -> CheckStepName:
    if fault in _FAULTS:
        return _FAULTS[fault]
    if last is None:
        return CheckStepName.DNS
    if isinstance(last, Secured):
        return _HEAD.get(fault, CheckStepName.STATUS)
    if isinstance(last, Answered):
        is_redirect = last.status in _REDIRECTING
        return CheckStepName.CONNECTION if is_redirect else _BODY.get(fault, CheckStepName.SIZE)
    return _NEXT[type(last)]


def _of_name(sight: Resolved) -> CheckStep:
    shown = ", ".join(sight.addresses[:_MOST_SHOWN]) + (", …" if len(sight.addresses) > _MOST_SHOWN else "")
    return CheckStep(CheckStepName.DNS, CheckVerdict.PASS, f"{sight.host} is {shown}.", None, sight.seconds)


def _of_connection(sight: Connected) -> CheckStep:
    detail = f"Connected to {sight.address}, port {sight.port}."
    if not sight.passed_over:
        return CheckStep(CheckStepName.CONNECTION, CheckVerdict.PASS, detail, None, sight.seconds)
    return CheckStep(
        CheckStepName.CONNECTION,
        CheckVerdict.WARN,
        f"{detail} Before it, {', '.join(sight.passed_over)} did not answer.",
        "Take addresses that do not answer out of the host's DNS records, or bring those servers up.",
        sight.seconds,
    )


def _of_certificate(sight: Secured, now: datetime) -> CheckStep:
    left = sight.expires_at - now
    detail = (
        f"Certificate for {sight.host}, valid until {sight.expires_at:%Y-%m-%d}. {sight.version.replace('v', ' ')}."
    )
    if left > _RENEWAL:
        return CheckStep(CheckStepName.TLS, CheckVerdict.PASS, detail, None, sight.seconds)
    days = "in less than a day" if left < timedelta(days=1) else f"in {left.days} days"
    advice = f"It expires {days}, and from then on nobody can sign in: renew it, and see to it that it renews itself."
    return CheckStep(CheckStepName.TLS, CheckVerdict.WARN, detail, advice, sight.seconds)


def _of_head(sight: Answered, *, sends_query: bool) -> Iterator[CheckStep]:
    if sight.status in _REDIRECTING:
        yield _of_redirect(sight, sends_query=sends_query)
        return
    status = _of_status(sight)
    yield status
    if status.verdict is not CheckVerdict.FAIL:
        yield _of_headers(sight.headers)


def _of_redirect(sight: Answered, *, sends_query: bool) -> CheckStep:
    path, _, query = sight.headers.get("location", "").partition("#")[0].partition("?")
    detail = f"{_phrase(sight.status)}: redirects to {_shown(path) or 'itself'}"
    if sends_query and "username=" not in query:
        detail += ", and drops the login on the way: the call behind it has no username"
    advice = "Enter the URL at which your server answers without a redirect; often only a slash at the end is missing."
    return CheckStep(CheckStepName.STATUS, CheckVerdict.WARN, f"{detail}.", advice, sight.seconds)


def _of_status(sight: Answered) -> CheckStep:
    if sight.status in _GOOD:
        return CheckStep(CheckStepName.STATUS, CheckVerdict.PASS, f"{_phrase(sight.status)}.", None, sight.seconds)
    verdict = CheckVerdict.WARN if sight.status in _WARNED else CheckVerdict.FAIL
    is_own = sight.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    words, advice = _STATUSES.get(sight.status, _OWN_ERROR if is_own else _NOT_GOOD)
    return CheckStep(CheckStepName.STATUS, verdict, f"{_phrase(sight.status)}: {words}", advice, sight.seconds)


def _phrase(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _of_headers(headers: Mapping[str, str]) -> CheckStep:
    given = headers.get("content-type", "")
    charset = _CHARSET.search(given)
    if not given:
        detail = "No content type is given; the answer is read as JSON all the same."
    elif not _JSON_TYPE.match(given):
        detail = f"The content type is {_shown(given)}; the answer is read as JSON all the same."
    elif charset and charset[1].lower() not in ("utf-8", "utf8", "us-ascii"):
        detail = f"The content type is {_shown(given)}; the answer is read as UTF-8 all the same."
    else:
        return CheckStep(CheckStepName.HEADERS, CheckVerdict.PASS, f"{_shown(given)}, not compressed.")
    return CheckStep(
        CheckStepName.HEADERS, CheckVerdict.WARN, detail, "Send Content-Type: application/json, and UTF-8."
    )


def _shown(text: str) -> str:
    """What a server said, short enough for a line and with nothing invisible in it."""
    visible = make_visible(text.strip())
    return visible if len(visible) <= _LONGEST_SHOWN else f"{visible[:_LONGEST_SHOWN]}…"
