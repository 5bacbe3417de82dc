"""A bucket keeps its word, at any rate."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.support.fakes import START
from tests.unit.budget.test_budget import gaps
from worker.budget.bucket import Bucket, ready_at, refill
from worker.budget.limits import Limits

any_limits = st.builds(Limits, day=st.integers(1, 5000), minute=st.integers(1, 10_000), burst=st.floats(0.01, 1))
any_buckets = any_limits.flatmap(
    lambda one: st.sampled_from([(one.minute_capacity, one.minute_rate), (one.day_capacity, one.day_rate)])
)
shares = st.floats(0, 1)


@given(any_buckets, shares, shares, gaps)
def test_tokens_are_there_at_the_moment_that_is_told(
    limits: tuple[float, float], level: float, needed: float, gap: timedelta
) -> None:
    (capacity, rate), tokens = limits, needed * limits[0]
    kept = Bucket(level * capacity, START)
    asked = refill(kept, capacity=capacity, rate=rate, now=START + gap)

    moment = ready_at(asked, tokens=tokens, rate=rate)

    assert refill(kept, capacity=capacity, rate=rate, now=moment).level >= tokens
