"""A token bucket as a value."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Bucket:
    """`level` tokens were there at `at`."""

    level: float
    at: datetime


def refill(bucket: Bucket, *, capacity: float, rate: float, now: datetime) -> Bucket:
    """The bucket as it is at `now`; `rate` in tokens a second.

    Where time went back nothing is refilled until it has passed the old mark again: a clock that swings cannot make
    tokens.
    """
    if now <= bucket.at:
        return Bucket(min(bucket.level, capacity), bucket.at)
    seconds = (now - bucket.at).total_seconds()
    return Bucket(min(capacity, bucket.level + seconds * rate), now)


def take(bucket: Bucket) -> Bucket:
    """One token less."""
    return Bucket(max(0.0, bucket.level - 1), bucket.at)


def ready_at(bucket: Bucket, *, tokens: float, rate: float) -> datetime:
    """When that many tokens are there, if nobody takes any. `tokens` must not exceed the capacity."""
    missing = max(0.0, tokens - bucket.level)
    # rounded up, by more than the last bits of a level: who comes at that moment finds it, at any rate
    return bucket.at + timedelta(seconds=missing / rate, microseconds=1 if missing else 0)
