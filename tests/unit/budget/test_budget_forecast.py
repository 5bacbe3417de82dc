"""The forecast agrees with what the budget then does."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from schemas.envelope import Lane
from tests.support.budget_simulation import Simulation
from tests.support.fakes import START
from worker.budget.decision import Grant
from worker.budget.forecast import Left, calls_within, done_at, left
from worker.budget.limits import Limits
from worker.budget.state import Correction, Spent, fresh


@pytest.mark.parametrize("lane", [Lane.IMMEDIATE, Lane.BATCH])
@pytest.mark.parametrize("calls", [1, 5, 40, 300, 800])
def test_a_backlog_is_done_when_the_forecast_said(calls: int, lane: Lane) -> None:
    simulation = Simulation(Limits())
    said = done_at(simulation.state, Spent(), limits=simulation.limits, lane=lane, now=START, calls=calls)

    simulation.ask_until(START, said + timedelta(minutes=3), lane)

    assert abs(simulation.grants[calls - 1] - said) < timedelta(minutes=2)


@pytest.mark.parametrize("lane", list(Lane))
@pytest.mark.parametrize("calls", [90, 101, 250])
@pytest.mark.parametrize("reserve", [0.05, 0.5])
def test_a_backlog_of_days_is_done_when_the_forecast_said(reserve: float, calls: int, lane: Lane) -> None:
    simulation = Simulation(Limits(day=100, reserve=reserve))
    said = done_at(simulation.state, Spent(), limits=simulation.limits, lane=lane, now=START, calls=calls)

    simulation.ask_until(START, START + timedelta(days=6), lane)

    # the rolling day is counted in whole minutes, each day anew
    assert abs(simulation.grants[calls - 1] - said) < timedelta(minutes=12)


def test_what_was_spent_at_once_comes_back_a_day_later_and_at_once() -> None:
    simulation = Simulation(Limits(day=200, burst=1, reserve=0))
    now, lane = START + timedelta(hours=6), Lane.IMMEDIATE
    before = simulation.ask_until(START, now)
    spent = simulation.spent(now)
    said = done_at(simulation.state, spent, limits=simulation.limits, lane=lane, now=now, calls=150)

    simulation.ask_until(now, START + timedelta(days=2))

    assert abs(simulation.grants[before + 149] - said) < timedelta(minutes=12)


@pytest.mark.parametrize("lane", [Lane.IMMEDIATE, Lane.BATCH])
@pytest.mark.parametrize("calls", [10, 70, 150, 300])
def test_what_was_spent_in_two_rushes_comes_back_in_two(calls: int, lane: Lane) -> None:
    simulation = Simulation(Limits(day=200, burst=0.4, reserve=0.1))
    rush = [simulation.ask(START + timedelta(seconds=15 * number)) for number in range(60)]
    evening = START + timedelta(hours=16)
    simulation.ask_until(evening, evening + timedelta(hours=7))
    now, before = evening + timedelta(hours=7), len(simulation.grants)
    spent = simulation.spent(now)
    said = done_at(simulation.state, spent, limits=simulation.limits, lane=lane, now=now, calls=calls)

    simulation.ask_until(now, now + timedelta(days=4), lane)

    assert all(isinstance(decision, Grant) for decision in rush)
    assert abs(simulation.grants[before + calls - 1] - said) < 0.05 * (said - now) + timedelta(minutes=12)


def test_what_others_spent_of_the_day_keeps_backfill_waiting() -> None:
    simulation = Simulation(Limits(day=100, burst=0.02))
    now, lane = START + timedelta(days=1), Lane.BACKFILL
    before = simulation.ask_until(START, now)
    spent = simulation.spent(now)
    said = done_at(simulation.state, spent, limits=simulation.limits, lane=lane, now=now, calls=20)

    simulation.ask_until(now, START + timedelta(days=3), lane)

    assert spent.day > simulation.limits.day_for(lane)
    assert abs(simulation.grants[before + 19] - said) < timedelta(hours=1)


def test_nothing_to_do_is_done_now() -> None:
    assert done_at(fresh(Limits(), START), Spent(), limits=Limits(), lane=Lane.BATCH, now=START, calls=0) == START


def test_what_is_left_at_once_can_be_spent_at_once() -> None:
    simulation = Simulation(Limits())
    there = left(simulation.state, Spent(), limits=simulation.limits, lane=Lane.BATCH, now=START)

    granted = [simulation.ask(START, Lane.BATCH) for _ in range(10)]

    assert there == Left(at_once=5, day=950)
    assert sum(isinstance(decision, Grant) for decision in granted) == there.at_once


def test_a_full_day_leaves_nothing_and_says_when_it_goes_on() -> None:
    limits, frees_at = Limits(day=100), START + timedelta(hours=3)
    spent = Spent(day=100, frees_at=frees_at, frees=((frees_at, 100),))

    there = left(fresh(limits, START), spent, limits=limits, lane=Lane.IMMEDIATE, now=START)
    first = done_at(fresh(limits, START), spent, limits=limits, lane=Lane.IMMEDIATE, now=START, calls=1)

    assert there == Left(0, 0)
    assert first == frees_at


def test_what_xero_says_is_left_counts() -> None:
    state = replace(fresh(Limits(), START), correction=Correction(day_remaining=3, day_at=START))

    assert left(state, Spent(), limits=Limits(), lane=Lane.IMMEDIATE, now=START) == Left(3, 3)


def test_the_calls_of_the_next_ten_minutes_are_the_least_of_all_limits() -> None:
    limits = Limits(day=1000, minute=60)
    rested = fresh(limits, START)
    empty = replace(rested, day=replace(rested.day, level=0.0))

    plenty = calls_within(rested, Spent(), limits=limits, lane=Lane.IMMEDIATE, now=START, seconds=600)
    scarce = calls_within(empty, Spent(), limits=limits, lane=Lane.IMMEDIATE, now=START, seconds=600)

    assert plenty == 256
    assert scarce == 6


def test_of_a_day_that_xero_says_is_spent_the_probe_is_counted_once_it_is_near() -> None:
    limits = Limits()
    state = replace(fresh(limits, START), correction=Correction(day_remaining=0, day_at=START))

    def within_ten_minutes(now: timedelta) -> int:
        return calls_within(state, Spent(), limits=limits, lane=Lane.BATCH, now=START + now, seconds=600)

    assert within_ten_minutes(timedelta(minutes=4)) == 0
    assert within_ten_minutes(timedelta(minutes=6)) == 1
    assert within_ten_minutes(timedelta(hours=1)) == 1
    assert within_ten_minutes(timedelta(hours=23)) == 1


def test_what_xero_said_a_day_ago_counts_no_longer() -> None:
    limits, later = Limits(), START + timedelta(days=1)
    state = replace(fresh(limits, START), correction=Correction(day_remaining=3, day_at=START))

    assert left(state, Spent(), limits=limits, lane=Lane.IMMEDIATE, now=later) == Left(5, 1000)
    assert calls_within(state, Spent(), limits=limits, lane=Lane.IMMEDIATE, now=later, seconds=600) == 256


def test_what_other_apps_spent_comes_back_over_a_day() -> None:
    limits = Limits(day=100)
    state = replace(fresh(limits, START), correction=Correction(day_remaining=20, day_at=START))

    def takes(calls: int) -> timedelta:
        return done_at(state, Spent(), limits=limits, lane=Lane.IMMEDIATE, now=START, calls=calls) - START

    assert takes(20) < timedelta(minutes=1)
    assert takes(60) == timedelta(hours=12)
    assert timedelta(days=1) <= takes(100) < timedelta(days=2)


def test_a_day_that_xero_has_closed_is_waited_for_as_long_as_it_says() -> None:
    until = START + timedelta(hours=9)
    correction = Correction(blocked_until=until, blocked_at=START, blocked_reason="day")
    state = replace(fresh(Limits(), START), correction=correction)

    assert done_at(state, Spent(), limits=Limits(), lane=Lane.BATCH, now=START, calls=1) == until
