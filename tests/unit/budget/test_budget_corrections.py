"""What Xero's headers say binds at once, and no longer than it has to."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.support.budget_simulation import Simulation
from tests.support.fakes import START
from worker.budget.corrections import Headers, corrected, forbidden_until, granted
from worker.budget.decision import Grant, Wait
from worker.budget.limits import Limits
from worker.budget.state import Correction
from worker.calls.sending import headers_of
from worker.session.interruption import out_of_calls
from worker.xero.replies.reply import LimitHeaders, Reply, ReplyKind

SECOND = timedelta(seconds=1)
QUARTER = timedelta(minutes=15)


def test_a_lower_day_count_of_xero_binds_at_once() -> None:
    simulation = Simulation(Limits())
    hear(simulation, Headers(day_remaining=2), START)

    decisions = [simulation.ask(START + n * 2 * SECOND) for n in range(3)]

    assert isinstance(decisions[0], Grant)
    assert isinstance(decisions[1], Grant)
    assert decisions[2] == Wait(START + 4 * SECOND, START + QUARTER, "day")


def test_a_higher_count_of_xero_does_not_lift_our_own_limit() -> None:
    simulation = Simulation(Limits(day=1))
    simulation.ask(START)
    hear(simulation, Headers(day_remaining=4999), START)

    assert isinstance(simulation.ask(START + SECOND), Wait)


def test_calls_under_way_are_taken_off_what_xero_says_is_left() -> None:
    simulation = Simulation(Limits())

    hear(simulation, Headers(day_remaining=3, minute_remaining=9), START, in_flight=3)

    assert isinstance(simulation.ask(START), Wait)
    assert simulation.state.correction.minute_remaining == 6


def test_one_probe_goes_out_every_15_minutes_while_only_xero_forbids() -> None:
    simulation = Simulation(Limits())
    hear(simulation, Headers(day_remaining=0), START)

    used = simulation.ask_until(START, START + 4 * QUARTER)

    assert used == 3
    assert simulation.grants == [START + n * QUARTER for n in (1, 2, 3)]


def test_the_reply_to_a_probe_ends_the_drought() -> None:
    simulation = Simulation(Limits())
    hear(simulation, Headers(retry_after_s=6 * 3600, problem="day"), START)
    simulation.ask_until(START, START + QUARTER + SECOND)

    hear(simulation, Headers(day_remaining=999), START + QUARTER + 2 * SECOND)

    assert isinstance(simulation.ask(START + QUARTER + 3 * SECOND), Grant)


def test_a_reply_sent_before_the_429_does_not_lift_it() -> None:
    simulation = Simulation(Limits())
    hear(simulation, Headers(retry_after_s=30, problem="minute"), START)

    hear(simulation, Headers(day_remaining=900, minute_remaining=40), START + SECOND)

    assert simulation.ask(START + 2 * SECOND) == Wait(START + 2 * SECOND, START + 30 * SECOND, "minute")


@pytest.mark.parametrize(
    ("headers", "seconds", "reason"),
    [
        (Headers(retry_after_s=26, problem="minute"), 26, "minute"),
        (Headers(problem="minute"), 60, "minute"),
        (Headers(problem="concurrent"), 1, "in_flight"),
        (Headers(retry_after_s=3, problem="Concurrent"), 3, "in_flight"),
        (Headers(problem="appminute"), 60, "app_minute"),
        (Headers(app_minute_remaining=0), 60, "app_minute"),
        (Headers(minute_remaining=0), 60, "minute"),
        (Headers(retry_after_s=7200, problem="day"), 900, "day"),
        (Headers(problem="day"), 900, "day"),
        (Headers(retry_after_s=5, problem="something new"), 5, "minute"),
        (Headers(retry_after_s=5), 5, "minute"),
    ],
)
def test_each_refusal_blocks_for_its_own_time(headers: Headers, seconds: int, reason: str) -> None:
    simulation = Simulation(Limits())
    hear(simulation, headers, START)

    assert simulation.ask(START) == Wait(START, START + seconds * SECOND, reason)
    assert isinstance(simulation.ask(START + seconds * SECOND), Grant)


@pytest.mark.parametrize("problem", ["minute", "day"])
def test_retry_after_outweighs_the_count_of_none_left(problem: str) -> None:
    simulation = Simulation(Limits())
    none_left = Headers(day_remaining=0, retry_after_s=6, problem="day")
    if problem == "minute":
        none_left = Headers(minute_remaining=0, retry_after_s=6, problem="minute")
    hear(simulation, none_left, START)

    assert simulation.ask(START) == Wait(START, START + 6 * SECOND, problem)
    assert isinstance(simulation.ask(START + 6 * SECOND), Grant)


def test_a_shorter_refusal_does_not_shorten_a_longer_one() -> None:
    simulation = Simulation(Limits())
    hear(simulation, Headers(retry_after_s=40, problem="minute"), START)

    hear(simulation, Headers(problem="concurrent"), START + SECOND)

    assert simulation.ask(START + 3 * SECOND) == Wait(START + 3 * SECOND, START + 40 * SECOND, "minute")


def test_a_probe_that_is_refused_does_not_lift_the_block_it_probed() -> None:
    blocked = corrected(Correction(), Headers(retry_after_s=4 * 900, problem="day"), in_flight=0, now=START)
    probed = granted(blocked, START + QUARTER)

    refused = Headers(retry_after_s=1, problem="concurrent")
    again = corrected(probed, refused, in_flight=0, now=START + QUARTER + SECOND)

    assert again.blocked_until == START + 4 * QUARTER


def test_a_reply_lifts_no_block_that_came_with_the_moment_of_its_grant() -> None:
    blocked = corrected(Correction(), Headers(retry_after_s=4 * 900, problem="day"), in_flight=0, now=START)
    probed = granted(blocked, START)

    answered = corrected(probed, Headers(day_remaining=900), in_flight=0, now=START + SECOND)

    assert probed.probed_at == probed.blocked_at
    assert answered.blocked_until == START + 4 * QUARTER


def test_each_grant_takes_one_of_the_calls_that_xero_said_the_minute_has() -> None:
    heard = corrected(Correction(), Headers(minute_remaining=1), in_flight=0, now=START)

    assert forbidden_until(heard, START + SECOND) is None
    assert forbidden_until(granted(heard, START + SECOND), START + 2 * SECOND) is not None


def test_a_call_that_the_app_has_left_in_its_minute_is_one() -> None:
    heard = corrected(Correction(), Headers(app_minute_remaining=1), in_flight=0, now=START)

    assert forbidden_until(heard, START) is None


def hear(simulation: Simulation, headers: Headers, now: datetime, in_flight: int = 0) -> None:
    correction = corrected(simulation.state.correction, headers, in_flight=in_flight, now=now)
    simulation.state = replace(simulation.state, correction=correction)


def test_a_5xx_that_says_when_to_ask_again_is_no_spent_budget() -> None:
    reply = Reply(ReplyKind.UNCERTAIN, 503, limits=LimitHeaders(retry_after_s=3600))

    forbidden = forbidden_until(corrected(Correction(), headers_of(reply), in_flight=0, now=START), START)

    assert forbidden is not None
    pause = out_of_calls(Wait(START, forbidden.until, forbidden.reason))
    assert pause is not None
    assert pause.reason == "xero_unavailable"
