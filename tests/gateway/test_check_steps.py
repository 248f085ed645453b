"""The steps that no server of the tests brings about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from gateway.provisioning.check_steps import CheckStepName, CheckVerdict, failed_step, steps_of
from gateway.upstream.client import DEFAULT_LIMITS, Fault, OutboundError
from gateway.upstream.watch import Answered, Connected, Resolved, Secured, Sight

NOW = datetime(2026, 11, 25, tzinfo=UTC)
RESOLVED = Resolved("pbx.acme.example", ("1.1.1.1",), 0.1)
CONNECTED = Connected("1.1.1.1", 443, (), 0.1)
SECURED = Secured("pbx.acme.example", "TLSv1.3", NOW + timedelta(days=90), 0.1)
ANSWERED = Answered(200, {}, 0.1)
REDIRECTED = Answered(302, {"location": "/q"}, 0.1)


def seen(sight: Sight) -> tuple[str, str, str | None]:
    (step,) = steps_of([sight], sends_query=True, now=NOW)
    return step.verdict.value, step.detail, step.advice


def test_a_dead_address_beside_a_good_one_is_a_warning() -> None:
    verdict, detail, advice = seen(Connected("1.1.1.1", 443, ("2.2.2.2",), 0.1))

    assert (verdict, detail) == ("WARN", "Connected to 1.1.1.1, port 443. Before it, 2.2.2.2 did not answer.")
    assert advice is not None
    assert "DNS records" in advice


def test_many_addresses_are_cut() -> None:
    detail = seen(Resolved("pbx.acme.example", tuple(f"1.1.1.{last}" for last in range(9)), 0.1))[1]

    assert detail == "pbx.acme.example is 1.1.1.0, 1.1.1.1, 1.1.1.2, 1.1.1.3, 1.1.1.4, 1.1.1.5, …."


@pytest.mark.parametrize(
    ("left", "verdict", "days"),
    [
        (timedelta(days=15), "PASS", None),
        (timedelta(days=14, seconds=1), "PASS", None),
        (timedelta(days=14), "WARN", "in 14 days"),
        (timedelta(days=3, hours=5), "WARN", "in 3 days"),
        (timedelta(hours=5), "WARN", "in less than a day"),
    ],
)
def test_a_certificate_is_to_be_renewed_in_time(left: timedelta, verdict: str, days: str | None) -> None:
    told = seen(Secured("pbx.acme.example", "TLSv1.2", NOW + left, 0.1))

    assert told[0] == verdict
    assert told[1].startswith(f"Certificate for pbx.acme.example, valid until {NOW + left:%Y-%m-%d}. TLS 1.2")
    assert days is None or (told[2] is not None and days in told[2])


def test_a_redirect_shows_the_path_and_never_the_query() -> None:
    detail = seen(Answered(301, {"location": "/new/\x1b?username=1000&password=SECRET#x"}, 0.1))[1]

    assert detail == "301 Moved Permanently: redirects to /new/␛."


@pytest.mark.parametrize("status", [402, 418, 451, 599, 999, 226])
def test_a_status_that_nobody_knows_is_shown(status: int) -> None:
    (step, *_) = steps_of([Answered(status, {}, 0.1)], sends_query=False, now=NOW)

    assert step.detail.startswith(str(status))
    assert step.verdict is (CheckVerdict.PASS if status == 226 else CheckVerdict.FAIL)


@pytest.mark.parametrize(
    ("sights", "fault", "step"),
    [
        ([], Fault.URL, "URL"),
        ([], Fault.DNS, "DNS"),
        ([], Fault.ADDRESS, "DNS"),
        ([], Fault.TIME, "DNS"),
        ([], Fault.BUSY, "CONNECTION"),
        ([RESOLVED], Fault.CONNECTION, "CONNECTION"),
        ([RESOLVED], Fault.ADDRESS, "CONNECTION"),
        ([RESOLVED], Fault.TIME, "CONNECTION"),
        ([RESOLVED, CONNECTED], Fault.TLS, "TLS"),
        ([RESOLVED, CONNECTED], Fault.TIME, "TLS"),
        ([RESOLVED, CONNECTED], Fault.SIZE, "TLS"),
        ([RESOLVED, CONNECTED, SECURED], Fault.TIME, "TIME"),
        ([RESOLVED, CONNECTED, SECURED], Fault.SIZE, "HEADERS"),
        ([RESOLVED, CONNECTED, SECURED], Fault.PROTOCOL, "STATUS"),
        ([RESOLVED, CONNECTED, SECURED], Fault.CONNECTION, "STATUS"),
        ([RESOLVED, CONNECTED, SECURED], Fault.TLS, "TLS"),
        ([RESOLVED, CONNECTED, SECURED, REDIRECTED], Fault.REDIRECT, "STATUS"),
        ([RESOLVED, CONNECTED, SECURED, REDIRECTED], Fault.CONNECTION, "CONNECTION"),
        ([RESOLVED, CONNECTED, SECURED, REDIRECTED, CONNECTED], Fault.TLS, "TLS"),
        ([RESOLVED, CONNECTED, SECURED, ANSWERED], Fault.ENCODING, "HEADERS"),
        ([RESOLVED, CONNECTED, SECURED, ANSWERED], Fault.SIZE, "SIZE"),
        ([RESOLVED, CONNECTED, SECURED, ANSWERED], Fault.TIME, "TIME"),
        ([RESOLVED, CONNECTED, SECURED, ANSWERED], Fault.PROTOCOL, "SIZE"),
        ([RESOLVED, CONNECTED, SECURED, ANSWERED], Fault.CONNECTION, "SIZE"),
    ],
)
def test_what_fails_is_the_step_after_what_was_seen(sights: list[Sight], fault: Fault, step: str) -> None:
    failed = failed_step(OutboundError(fault, "Words.", "Advice."), sights, 1.0, DEFAULT_LIMITS)

    assert (failed.step, failed.verdict, failed.advice) == (CheckStepName[step], CheckVerdict.FAIL, "Advice.")
    assert failed.seconds is None or failed.seconds == pytest.approx(1.0 - 0.1 * len(sights))


def test_a_time_that_ran_out_is_told_with_its_limit() -> None:
    early = failed_step(OutboundError(Fault.TIME, "Words."), [], 2.0, DEFAULT_LIMITS)
    late = failed_step(OutboundError(Fault.TIME, "Words."), [RESOLVED, CONNECTED, SECURED], 4.0, DEFAULT_LIMITS)

    assert (early.detail, late.detail) == ("Words. The limit is 2 s.", "Words. The limit is 4 s.")
