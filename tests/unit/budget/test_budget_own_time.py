"""A clock that was ahead and is put right stops no calls, and one that swings makes none."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schemas.envelope import Lane
from tests.support.budget_simulation import Simulation, most_within
from tests.support.fakes import START
from tests.unit.budget.test_budget import gaps, some_limits
from worker.budget.corrections import Headers, corrected, forbidden_until
from worker.budget.decision import Grant, Wait
from worker.budget.forecast import left
from worker.budget.limits import DAY, MINUTE, Limits
from worker.budget.own_time import by_clock, own_time, righted
from worker.budget.state import Spent

HOUR = timedelta(hours=1)
some_time_ahead = st.one_of(st.floats(0, 200), st.floats(0, 100_000), st.floats(0, 40_000_000)).map(
    lambda seconds: timedelta(seconds=seconds)
)


@given(some_limits, some_time_ahead, st.lists(st.tuples(gaps, st.booleans(), st.integers(1, 80)), max_size=60))
@example(Limits(minute=1, burst=1.0), timedelta(minutes=2), [(timedelta(minutes=2), False, 1), (timedelta(), True, 1)])
@settings(deadline=None, max_examples=300)
def test_a_clock_that_swings_grants_no_more_than_the_true_time_allows(
    limits: Limits, ahead: timedelta, steps: list[tuple[timedelta, bool, int]]
) -> None:
    simulation, true_now = Simulation(limits, START + ahead), START
    granted, own, stood_still = [], START + ahead, timedelta()

    for gap, is_ahead, calls in steps:
        true_now += gap
        clock = true_now + ahead if is_ahead else true_now
        asked = [simulation.ask(clock) for _ in range(calls)]
        granted += [true_now for decision in asked if isinstance(decision, Grant)]
        before, own = own, own_time(simulation.state, clock)
        stood_still += max(timedelta(), gap - (own - before))

    # as long as its own time stood still it gave nothing: that much, and no more, a later swing may make up for
    made_up = min(limits.minute_capacity, limits.minute_rate * stood_still.total_seconds())
    at_once = math.floor(limits.minute_capacity + limits.minute_rate * 60 + made_up + 1e-6)
    in_a_day = math.floor(limits.day_capacity + limits.day_rate * (DAY + stood_still).total_seconds() + 1e-6)
    assert most_within(granted, MINUTE) <= max(limits.minute, at_once)
    assert most_within(granted, DAY) <= (in_a_day if stood_still > MINUTE else limits.day)


@given(st.integers(3, 10_000))
def test_what_a_swing_makes_up_for_is_within_a_minutes_cap(minute: int) -> None:
    limits = Limits(minute=minute)

    assert math.floor(2 * limits.minute_capacity + 60 * limits.minute_rate + 1e-6) <= minute


@pytest.mark.parametrize("ahead", [timedelta(minutes=5), 6 * HOUR, 400 * DAY])
def test_a_clock_that_is_put_right_stops_no_calls(ahead: timedelta) -> None:
    simulation = Simulation(Limits(day=5000))
    simulation.ask_until(START + ahead, START + ahead + HOUR)

    used = simulation.ask_until(START + HOUR, START + 2 * HOUR)

    assert used >= 200
    assert most_within(simulation.grants, DAY) <= 5000


def test_who_waits_by_a_clock_that_is_put_right_waits_by_that_clock() -> None:
    simulation = Simulation(Limits())
    simulation.ask_until(START + 6 * HOUR, START + 6 * HOUR + MINUTE)

    waiting = simulation.ask(START)

    assert isinstance(waiting, Wait)
    assert waiting.since == START
    assert START < waiting.until < START + MINUTE


def test_calls_that_went_out_while_the_clock_was_ahead_count_for_a_day_and_no_longer() -> None:
    simulation = Simulation(Limits(day=100, burst=1.0))
    before = simulation.ask_until(START + 400 * DAY, START + 400 * DAY + HOUR)

    within_a_day = simulation.ask_until(START + HOUR, START + 23 * HOUR)
    then = simulation.ask_until(START + 23 * HOUR, START + 23 * HOUR + DAY)

    assert (before, within_a_day, then) == (100, 0, 100)


def test_what_xero_forbade_while_the_clock_was_ahead_lasts_no_longer_than_it_said() -> None:
    simulation = Simulation(Limits())
    then = START + 6 * HOUR
    simulation.ask(then)
    refused = corrected(simulation.state.correction, Headers(retry_after_s=30, problem="minute"), in_flight=0, now=then)
    simulation.state = replace(simulation.state, correction=refused)

    waiting = simulation.ask(START)
    after = simulation.ask(START + timedelta(seconds=31))

    assert isinstance(waiting, Wait)
    assert waiting.until == START + timedelta(seconds=30)
    assert isinstance(after, Grant)


def test_what_is_told_of_a_budget_is_by_the_clock() -> None:
    simulation = Simulation(Limits())
    then = START + 6 * HOUR
    simulation.ask(then)
    refused = corrected(simulation.state.correction, Headers(retry_after_s=30, problem="minute"), in_flight=0, now=then)

    told = by_clock(replace(simulation.state, correction=refused), START)

    assert (told.minute.at, told.ahead) == (START, timedelta(0))
    assert forbidden_until(told.correction, START) is not None
    assert forbidden_until(told.correction, START + MINUTE) is None
    assert left(told, Spent(day=1), limits=Limits(), lane=Lane.IMMEDIATE, now=START + MINUTE).at_once == 5


def test_a_clock_that_gets_to_the_budgets_time_is_its_time_again() -> None:
    simulation = Simulation(Limits())
    simulation.ask(START + HOUR)
    state = righted(simulation.state, START)

    later = START + 2 * HOUR

    assert own_time(state, START + timedelta(seconds=5)) == START + HOUR + timedelta(seconds=5)
    assert righted(state, later).ahead == timedelta(0)
    assert own_time(righted(state, later), later) == later
