"""May one more call go out now? All limits together; the strictest answers."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from schemas.envelope import Lane
from worker.budget.bucket import ready_at, refill, take
from worker.budget.corrections import Forbidden, forbidden_until, granted
from worker.budget.limits import MINUTE, Limits
from worker.budget.own_time import own_time, righted
from worker.budget.state import Spent, State
from worker.instants import instant, micros

# when a call in flight will come back is not known; it is worth asking again soon
_LOOK_AGAIN = timedelta(milliseconds=250)


@dataclass(frozen=True, slots=True)
class Wait:
    """No call now. `reason` is which limit says so: `minute`, `day`, `in_flight` or, when Xero says it, `app_minute`.

    It is `xero_unavailable` where Xero asked to be left alone, or has not answered and is asked by a probe alone.

    `since` is when it was asked for, `until` when one can be there, both by the ledger's clock. A worker's may differ:
    it waits for `seconds`.
    """

    since: datetime
    until: datetime
    reason: str

    @property
    def seconds(self) -> float:
        """How long that is, whoever's clock is right."""
        return (self.until - self.since).total_seconds()


@dataclass(frozen=True, slots=True)
class Grant:
    """One call may go out, counted at `at` by the budget's own time; `state` is what to keep."""

    state: State
    at: datetime


def decide(state: State, spent: Spent, *, limits: Limits, lane: Lane, now: datetime) -> Grant | Wait:
    """Spend one token, or say until when there is none and which limit says so.

    A `now` up to a minute before the last grant counts as that grant's time; where it is further back, the state has to
    be kept as `righted` first. The rolling guards hold whatever the buckets say.
    """
    state = settle(state, limits, now)
    at = state.minute.at
    own = max(_own(state, spent, limits=limits, lane=lane), key=lambda one: one.until, default=None)
    forbidden = own or forbidden_until(state.correction, at)
    if forbidden is not None:
        return Wait(now, forbidden.until - state.ahead, forbidden.reason)
    return Grant(_spend(state, at), at)


def settle(state: State, limits: Limits, now: datetime) -> State:
    """The same state at `now`: buckets refilled, grants older than a minute forgotten."""
    state = righted(state, now)
    now = own_time(state, now)
    return replace(
        state,
        minute=refill(state.minute, capacity=limits.minute_capacity, rate=limits.minute_rate, now=now),
        day=refill(state.day, capacity=limits.day_capacity, rate=limits.day_rate, now=now),
        recent=state.recent[bisect_right(state.recent, micros(now - MINUTE)) :],
    )


def _own(state: State, spent: Spent, *, limits: Limits, lane: Lane) -> Iterator[Forbidden]:
    """What our own count forbids."""
    now = state.minute.at
    if spent.in_flight >= limits.concurrent:
        soon = now + _LOOK_AGAIN
        lands_at = soon if spent.lands_at is None else spent.lands_at + state.ahead
        yield Forbidden(min(soon, max(now, lands_at)), "in_flight")
    if state.minute.level < 1:
        yield Forbidden(ready_at(state.minute, tokens=1, rate=limits.minute_rate), "minute")
    if len(state.recent) >= limits.minute:
        yield Forbidden(instant(state.recent[-limits.minute]) + MINUTE, "minute")
    needed = 1 + limits.kept_from(lane)
    if state.day.level < needed:
        yield Forbidden(ready_at(state.day, tokens=needed, rate=limits.day_rate), "day")
    if spent.day >= limits.day_for(lane):
        yield Forbidden(max(now, spent.frees_at or now), "day")


def _spend(state: State, at: datetime) -> State:
    return replace(
        state,
        minute=take(state.minute),
        day=take(state.day),
        recent=(*state.recent, micros(at)),
        correction=granted(state.correction, at),
    )
