from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from worker.backoff import delay_s


def test_it_doubles_up_to_its_cap() -> None:
    delays = [delay_s(attempt, base_s=1, cap_s=10, jitter=1.0) for attempt in range(1, 7)]

    assert delays == [1, 2, 4, 8, 10, 10]


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_it_stays_between_half_and_the_whole(attempt: int, jitter: float) -> None:
    whole = delay_s(attempt, base_s=2, cap_s=600, jitter=1.0)

    assert whole / 2 <= delay_s(attempt, base_s=2, cap_s=600, jitter=jitter) <= whole <= 600
