"""What is told of the budget's windows."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from schemas.envelope import Lane
from tests.support.fakes import START
from worker.budget.corrections import Headers, corrected
from worker.budget.decision import Grant, decide
from worker.budget.limits import DAY, Limits
from worker.budget.state import Spent, State, fresh
from worker.budget.windows import Window, WindowName, windows

LIMITS = Limits(day=1000, minute=60)


def spent_calls(count: int) -> State:
    state = fresh(LIMITS, START)
    for _ in range(count):
        granted = decide(state, Spent(), limits=LIMITS, lane=Lane.IMMEDIATE, now=START)
        assert isinstance(granted, Grant)
        state = granted.state
    return state


def test_an_organisation_that_was_never_called_has_all_of_every_window_now() -> None:
    found = windows(fresh(LIMITS, START), Spent(), limits=LIMITS, now=START)

    assert found == {
        WindowName.MINUTE: Window(5, 5, START),
        WindowName.DAY: Window(1000, 1000, START),
        WindowName.SAVED: Window(250, 250, START),
    }


def test_calls_leave_less_until_each_window_is_full_again() -> None:
    spent = Spent(day=3, frees_at=START + DAY)

    found = windows(spent_calls(3), spent, limits=LIMITS, now=START)

    assert {name: (one.limit, one.remaining) for name, one in found.items()} == {
        WindowName.MINUTE: (5, 2),
        WindowName.DAY: (1000, 997),
        WindowName.SAVED: (250, 247),
    }
    waits = {name: one.resets_at - START for name, one in found.items()}
    assert timedelta(seconds=3) < waits[WindowName.MINUTE] < timedelta(seconds=4)
    assert waits[WindowName.DAY] == DAY
    assert timedelta(seconds=259) < waits[WindowName.SAVED] < timedelta(seconds=260)


def test_what_xero_forbids_moves_every_reset_on() -> None:
    headers = Headers(retry_after_s=600, problem="minute")
    state = fresh(LIMITS, START)
    state = replace(state, correction=corrected(state.correction, headers, in_flight=0, now=START))

    found = windows(state, Spent(), limits=LIMITS, now=START)

    assert {one.resets_at for one in found.values()} == {START + timedelta(minutes=10)}


def test_the_day_that_xero_counts_is_the_one_that_is_left() -> None:
    state = fresh(LIMITS, START)
    corrected_to = corrected(state.correction, Headers(day_remaining=41), in_flight=0, now=START)

    found = windows(replace(state, correction=corrected_to), Spent(day=3), limits=LIMITS, now=START)

    assert found[WindowName.DAY].remaining == 41
