"""Xero's limits hold for any demand and any clock, and the day's cap is used."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.envelope import Lane
from tests.support.budget_simulation import Simulation, most_within
from tests.support.fakes import START
from worker.budget.decision import Grant, Wait
from worker.budget.limits import DAY, MINUTE, Limits

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
some_limits = st.builds(
    Limits,
    day=st.integers(1, 400),
    minute=st.integers(1, 120),
    concurrent=st.integers(1, 5),
    burst=st.floats(0.01, 1),
    reserve=st.floats(0, 0.9),
)
lanes = st.sampled_from(Lane)
gaps = st.one_of(st.floats(0, 3), st.floats(0, 300), st.floats(0, 20_000)).map(
    lambda seconds: timedelta(seconds=seconds)
)
jumps = st.floats(-90_000, 90_000).map(lambda seconds: timedelta(seconds=seconds))


@given(some_limits, st.lists(st.tuples(gaps, lanes, st.integers(1, 80)), max_size=40))
@settings(deadline=None)
def test_no_window_holds_more_than_its_limit_whatever_the_demand(
    limits: Limits, demand: list[tuple[timedelta, Lane, int]]
) -> None:
    simulation, now = Simulation(limits), START

    for gap, lane, calls in demand:
        now += gap
        for _ in range(calls):
            simulation.ask(now, lane)

    assert most_within(simulation.grants, MINUTE) <= limits.minute
    assert most_within(simulation.grants, DAY) <= limits.day


@given(some_limits, st.lists(st.tuples(st.one_of(gaps, jumps), st.integers(1, 80)), max_size=40))
@settings(deadline=None)
def test_a_jumping_clock_cannot_fill_a_window_beyond_its_limit(
    limits: Limits, steps: list[tuple[timedelta, int]]
) -> None:
    simulation, now = Simulation(limits), START

    for step, calls in steps:
        now += step
        for _ in range(calls):
            simulation.ask(now)

    assert simulation.grants == sorted(simulation.grants)
    assert most_within(simulation.grants, MINUTE) <= limits.minute
    assert most_within(simulation.grants, DAY) <= limits.day


@given(some_limits, st.lists(st.tuples(gaps, st.floats(0, 5000)), max_size=40))
@settings(deadline=None)
def test_a_clock_that_falls_behind_grants_no_more_than_the_true_time_allows(
    limits: Limits, steps: list[tuple[timedelta, float]]
) -> None:
    simulation, true_now, behind = Simulation(limits), START, timedelta(0)
    granted = []

    for gap, back_s in steps:
        true_now += gap
        behind += timedelta(seconds=back_s)
        asked = [simulation.ask(true_now - behind) for _ in range(20)]
        granted += [true_now for decision in asked if isinstance(decision, Grant)]

    assert most_within(granted, MINUTE) <= limits.minute
    assert most_within(granted, DAY) <= limits.day


@given(some_limits, lanes)
@settings(deadline=None, max_examples=50)
def test_who_comes_when_the_wait_is_over_gets_on(limits: Limits, lane: Lane) -> None:
    simulation, now = Simulation(limits), START

    for _ in range(2 * limits.day + 20):
        decision = simulation.ask(now, lane)
        if isinstance(decision, Wait):
            assert decision.until > now
            now = decision.until

    # at most one more wait in turn: each is for the strictest limit
    assert len(simulation.grants) >= (2 * limits.day + 20) // 3


@pytest.mark.parametrize("day", [1000, 5000])
def test_endless_demand_uses_the_whole_cap_of_every_day(day: int) -> None:
    simulation = Simulation(Limits(day=day))

    used = [simulation.ask_until(START + n * DAY, START + (n + 1) * DAY) for n in range(3)]

    assert all(0.99 * day <= calls <= day for calls in used), used
    assert most_within(simulation.grants, DAY) <= day
    assert most_within(simulation.grants, MINUTE) <= 55


def test_after_a_quiet_time_no_minute_holds_more_than_55() -> None:
    simulation = Simulation(Limits(day=5000))

    simulation.ask_until(START + HOUR, START + 2 * HOUR)

    assert 54 <= most_within(simulation.grants, MINUTE) <= 55


@pytest.mark.parametrize("minute", [3, 10, 30, 60, 120])
def test_the_minute_keeps_its_margin_in_proportion(minute: int) -> None:
    simulation = Simulation(Limits(day=5000, minute=minute))

    simulation.ask_until(START, START + HOUR)

    assert most_within(simulation.grants, MINUTE) <= minute * 55 / 60


def test_a_quiet_time_saves_up_no_more_than_the_burst() -> None:
    simulation = Simulation(Limits(day=1000, burst=0.1))

    used = simulation.ask_until(START, START + HOUR)

    assert used == 100 + 1000 // 24


def test_the_reserve_is_left_to_the_immediate_lane() -> None:
    simulation = Simulation(Limits(day=1000, burst=0.25, reserve=0.1))

    batch = simulation.ask_until(START, START + DAY, Lane.BATCH)
    waiting = simulation.ask(START + DAY, Lane.BACKFILL)
    immediate = [simulation.ask(START + DAY + n * 2 * SECOND) for n in range(20)]

    assert batch == 900
    assert isinstance(waiting, Wait)
    assert waiting.reason == "day"
    assert all(isinstance(decision, Grant) for decision in immediate)


def test_five_in_flight_are_enough() -> None:
    simulation = Simulation(Limits())

    fifth = simulation.ask(START, in_flight=4)
    sixth = simulation.ask(START, in_flight=5)

    assert isinstance(fifth, Grant)
    assert isinstance(sixth, Wait)
    assert sixth.reason == "in_flight"
    assert START < sixth.until <= START + SECOND


def test_a_wait_is_told_from_the_time_it_is_asked_for_also_behind_the_last_decision() -> None:
    simulation = Simulation(Limits())
    simulation.ask_until(START, START + MINUTE)
    last = simulation.grants[-1]

    waiting = simulation.ask(last - 20 * SECOND)

    assert isinstance(waiting, Wait)
    assert waiting.since == last - 20 * SECOND
    assert waiting.until > last
    assert waiting.seconds == (waiting.until - waiting.since).total_seconds() > 20


def test_limits_lowered_by_the_operator_hold_at_once() -> None:
    simulation = Simulation(Limits(day=1000))
    simulation.ask_until(START, START + HOUR)

    simulation.limits = Limits(day=100)
    decision = simulation.ask(START + HOUR)

    assert isinstance(decision, Wait)
    assert decision.reason == "day"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"day": 0}, "day: expected at least 1 call, got 0"),
        ({"minute": -1}, "minute: expected at least 1 call, got -1"),
        ({"concurrent": 0}, "concurrent: expected at least 1 call, got 0"),
        ({"burst": 0.0}, "burst: expected a share of the day above 0"),
        ({"burst": 1.5}, "burst: expected a share of the day above 0"),
        ({"reserve": 1.0}, "reserve: expected a share of the day from 0"),
    ],
)
def test_impossible_limits_are_refused_by_name(values: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Limits(**values)  # type: ignore[arg-type] # the point of the test
