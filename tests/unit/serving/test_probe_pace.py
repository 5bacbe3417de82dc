"""How often a Xero that is away is asked whether it is back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from worker.serving.probe_pace import ask_again_s

DAY_S = 86_400.0
SESSION_CALLS = 16
"""Five that were under way, and one every 30 seconds for five minutes."""


def calls_of_a_day(day: int) -> int:
    """What a whole day without an answer takes, each probe refused at once."""
    at, probes = 330.0, 0
    while at < DAY_S:
        probes += 1
        at += ask_again_s(probes, day)
    return SESSION_CALLS + probes


def test_probes_double_from_half_a_minute_to_five_minutes() -> None:
    assert [ask_again_s(probes, 5_000) for probes in (1, 2, 3, 4, 5, 6, 10_000)] == [30, 60, 120, 240, 300, 300, 300]


def test_of_a_thousand_calls_a_day_they_leave_three_quarters_and_yet_come_in_less_than_seven_minutes() -> None:
    assert max(ask_again_s(probes, 1_000) for probes in range(1, 300)) < 7 * 60
    assert calls_of_a_day(1_000) <= 250


@given(st.integers(170, 10_000))
def test_a_day_of_probes_leaves_three_quarters_of_the_calls(day: int) -> None:
    assert calls_of_a_day(day) <= day / 4


@given(st.integers(1, 170))
def test_a_small_cap_leaves_them_a_tenth_after_the_first_minutes(day: int) -> None:
    steady_s = ask_again_s(1_000, day)

    assert steady_s == DAY_S / max(day / 10, day / 4 - 25, 1)
    assert sum(ask_again_s(probes, day) < steady_s for probes in range(1, 20)) == 4
