"""Which limits an organisation has, and the rates that follow from them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta

from schemas.envelope import Lane

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
_XERO_MINUTE = 60
_MINUTE_CAPACITY = 5
_MINUTE_CEILING = 55
_LEFT_BY_BACKFILL = 0.5
_DAY_LEFT_BY_BACKFILL = 0.1


@dataclass(frozen=True, slots=True)
class Limits:
    """The calls Xero allows one app at one organisation, and how they are shared out.

    `day` and `minute` are Xero's caps (1,000 or 5,000, and 60), `concurrent` how many calls may be in flight.
    `burst` is the share of `day` that can be spent at once after a quiet time; the rest comes evenly over the day.
    `reserve` is the share of `day`, and of what has been saved up, that only the immediate lane may touch.
    https://developer.xero.com/documentation/guides/oauth2/limits/
    """

    day: int = 1000
    minute: int = 60
    concurrent: int = 5
    burst: float = 0.25
    reserve: float = 0.05

    def __post_init__(self) -> None:
        for name in ("day", "minute", "concurrent"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}: expected at least 1 call, got {getattr(self, name)}")
        if not 0 < self.burst <= 1:
            raise ValueError(f"burst: expected a share of the day above 0 and up to 1, got {self.burst}")
        if not 0 <= self.reserve < 1:
            raise ValueError(f"reserve: expected a share of the day from 0 to below 1, got {self.reserve}")

    @property
    def minute_capacity(self) -> float:
        """5 of Xero's 60, in proportion: what may go out at once."""
        return max(1.0, self.minute * _MINUTE_CAPACITY / _XERO_MINUTE)

    @property
    def minute_rate(self) -> float:
        """Tokens a second, such that capacity and a minute's refill together stay within 55 of Xero's 60.

        A bucket of 60 with one a second would let 119 into some 60 seconds.
        """
        ceiling = self.minute * _MINUTE_CEILING / _XERO_MINUTE
        # a cap of one or two calls leaves no room for the margin: with half of it a minute, the cap itself is kept
        return max(ceiling - self.minute_capacity, self.minute / 2) / MINUTE.total_seconds()

    @property
    def day_capacity(self) -> float:
        """What can be saved up in a quiet time."""
        return max(1.0, self.burst * self.day)

    @property
    def day_rate(self) -> float:
        """Tokens a second: the whole cap, evenly over a day."""
        return self.day / DAY.total_seconds()

    def day_for(self, lane: Lane) -> int:
        """Calls of any rolling 24 hours that `lane` may bring the organisation to.

        Backfill leaves a tenth, else it would take what the batch lane needs before the next window opens.
        """
        if lane is Lane.IMMEDIATE:
            return self.day
        share = max(self.reserve, _DAY_LEFT_BY_BACKFILL) if lane is Lane.BACKFILL else self.reserve
        return max(1, self.day - math.floor(share * self.day))

    def kept_from(self, lane: Lane) -> float:
        """Tokens of the day bucket that `lane` has to leave there.

        Backfill leaves half of what is saved up, so that a busy hour of the store never finds the bucket empty; it
        still gets all that the day adds.
        """
        if lane is Lane.IMMEDIATE:
            return 0.0
        share = max(self.reserve, _LEFT_BY_BACKFILL) if lane is Lane.BACKFILL else self.reserve
        return min(share * self.day_capacity, self.day_capacity - 1)
