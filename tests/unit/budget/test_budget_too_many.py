"""A 429 binds as it is taken, also one that Xero's limits did not word: a gateway's, which says little or nothing."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.budget_simulation import Simulation
from tests.support.fakes import START
from tests.support.xero_fakes import call_of
from tests.unit.budget.test_budget_corrections import hear
from worker.budget.corrections import Headers
from worker.budget.decision import Wait
from worker.budget.limits import DAY, Limits
from worker.calls.sending import headers_of
from worker.xero.replies.answers import read
from worker.xero.replies.reply import ReplyKind

SECOND = timedelta(seconds=1)
DATE = {"Date": "Wed, 01 Jul 2026 00:00:00 GMT"}


@pytest.mark.parametrize(
    ("headers", "outcome", "seconds", "reason"),
    [
        ({}, ReplyKind.TOO_MANY_MINUTE, 60, "minute"),
        ({"Retry-After": "0"}, ReplyKind.TOO_MANY_MINUTE, 60, "minute"),
        ({"Retry-After": "a while"}, ReplyKind.TOO_MANY_MINUTE, 60, "minute"),
        ({"Retry-After": "26"}, ReplyKind.TOO_MANY_MINUTE, 26, "minute"),
        ({"Retry-After": "Wed, 01 Jul 2026 00:00:26 GMT"}, ReplyKind.TOO_MANY_MINUTE, 26, "minute"),
        ({"Retry-After": "Tue, 30 Jun 2026 23:00:00 GMT"}, ReplyKind.TOO_MANY_MINUTE, 60, "minute"),
        ({"X-Rate-Limit-Problem": "minute", "Retry-After": "0"}, ReplyKind.TOO_MANY_MINUTE, 60, "minute"),
        ({"X-Rate-Limit-Problem": "concurrent", "Retry-After": "0"}, ReplyKind.TOO_MANY_CONCURRENT, 1, "in_flight"),
        ({"X-Rate-Limit-Problem": "something new"}, ReplyKind.TOO_MANY_MINUTE, 60, "minute"),
        ({"X-Rate-Limit-Problem": "something new", "Retry-After": "7200"}, ReplyKind.TOO_MANY_DAY, 900, "day"),
        ({"Retry-After": "7200"}, ReplyKind.TOO_MANY_DAY, 900, "day"),
        ({"Retry-After": "Wed, 01 Jul 2026 02:00:00 GMT"}, ReplyKind.TOO_MANY_DAY, 900, "day"),
        ({"X-DayLimit-Remaining": "0"}, ReplyKind.TOO_MANY_DAY, 900, "day"),
    ],
)
def test_what_a_429_is_taken_for_is_what_then_blocks(
    headers: dict[str, str], outcome: ReplyKind, seconds: int, reason: str
) -> None:
    simulation = Simulation(Limits())

    reply = read(call_of(), httpx.Response(429, headers=DATE | headers))
    hear(simulation, headers_of(reply), START)

    assert reply.outcome is outcome
    assert simulation.ask(START) == Wait(START, START + seconds * SECOND, reason)


@pytest.mark.parametrize("said", [{}, {"Retry-After": "0"}, {"Retry-After": "1"}])
def test_429_for_a_whole_day_costs_few_of_its_calls(said: dict[str, str]) -> None:
    simulation = Simulation(Limits(day=1000))
    refused = headers_of(read(call_of(), httpx.Response(429, headers=said)))

    now = START
    while now < START + DAY:
        decision = simulation.ask(now)
        if isinstance(decision, Wait):
            now = decision.until
        else:
            hear(simulation, refused, now)

    assert len(simulation.grants) < 110


def test_what_is_refused_again_waits_twice_as_long_until_it_is_answered() -> None:
    simulation = Simulation(Limits())
    refused = Headers(retry_after_s=10, problem="minute")

    hear(simulation, refused, START)
    hear(simulation, refused, START + 11 * SECOND)
    assert simulation.ask(START + 11 * SECOND) == Wait(START + 11 * SECOND, START + 31 * SECOND, "minute")

    hear(simulation, Headers(day_remaining=900), START + 32 * SECOND)
    hear(simulation, refused, START + 33 * SECOND)
    assert simulation.ask(START + 33 * SECOND) == Wait(START + 33 * SECOND, START + 43 * SECOND, "minute")


@pytest.mark.parametrize(
    ("quiet_s", "seconds"), [(0, 480), (45, 480), (900, 480), (901, 60), (6 * 3600, 60)], ids=lambda value: f"{value} s"
)
def test_a_refusal_long_after_the_last_block_is_the_first_of_its_row(quiet_s: int, seconds: int) -> None:
    simulation = Simulation(Limits())
    refused = headers_of(read(call_of(), httpx.Response(429)))
    now = START
    for span in (60, 120, 240):
        hear(simulation, refused, now)
        assert simulation.ask(now) == Wait(now, now + span * SECOND, "minute")
        now += span * SECOND

    now += quiet_s * SECOND
    hear(simulation, refused, now)

    assert simulation.ask(now) == Wait(now, now + seconds * SECOND, "minute")


@given(late_s=st.lists(st.integers(1, 90), min_size=60, max_size=60))
def test_refusals_of_probes_stay_in_a_row_however_late_they_go_out_and_are_answered(late_s: list[int]) -> None:
    simulation = Simulation(Limits(day=1000))
    refused = headers_of(read(call_of(), httpx.Response(429)))

    now, spans = START, []
    for seconds in late_s:
        hear(simulation, refused, now)
        waiting = simulation.ask(now)
        assert isinstance(waiting, Wait)
        spans.append(waiting.seconds)
        now = waiting.until + seconds * SECOND

    assert spans == [60, 120, 240, 480] + [900] * 56
