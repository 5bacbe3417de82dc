"""One organisation's budget without a ledger: the state and the counters that the ledger would keep."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from schemas.envelope import Lane
from tests.support.fakes import START
from worker.budget.decision import Grant, Wait, decide
from worker.budget.limits import DAY, MINUTE, Limits
from worker.budget.own_time import own_time, righted
from worker.budget.state import Spent, State, fresh


class Simulation:
    """Ask it for calls; it remembers when they were granted, by the clock that was shown to it."""

    def __init__(self, limits: Limits, start: datetime = START) -> None:
        self.limits = limits
        self.state: State = fresh(limits, start)
        self.grants: list[datetime] = []
        self._minutes: Counter[datetime] = Counter()
        self._earlier: tuple[tuple[datetime, int], ...] = ()
        self._day = 0

    def ask(self, now: datetime, lane: Lane = Lane.IMMEDIATE, in_flight: int = 0) -> Grant | Wait:
        state = righted(self.state, now)
        if state.ahead > self.state.ahead:
            self.state = state
        decision = decide(self.state, self.spent(now, in_flight), limits=self.limits, lane=lane, now=now)
        if isinstance(decision, Grant):
            self.state = decision.state
            self.grants.append(decision.at)
            self._count(decision.at.replace(second=0, microsecond=0))
        return decision

    def ask_until(self, start: datetime, end: datetime, lane: Lane = Lane.IMMEDIATE) -> int:
        """Endless demand: ask, wait as long as told, ask again. Returns how many were granted."""
        now, granted = start, 0
        while now < end:
            decision = self.ask(now, lane)
            if isinstance(decision, Wait):
                assert decision.until > now, "a wait that is over already would spin"
                now = decision.until
            else:
                granted += 1
        return granted

    def spent(self, now: datetime, in_flight: int = 0) -> Spent:
        """What the ledger would have counted."""
        past = own_time(righted(self.state, now), now) - DAY - MINUTE
        oldest = next(iter(self._minutes), None)
        while oldest is not None and oldest <= past:
            self._day -= self._minutes.pop(oldest)
            self._earlier = self._earlier[1:]
            oldest = next(iter(self._minutes), None)
        return Spent(
            day=self._day,
            frees_at=oldest + MINUTE + DAY if oldest else None,
            in_flight=in_flight,
            lands_at=now + timedelta(seconds=65) if in_flight else None,
            frees=self._frees(),
        )

    def _count(self, minute: datetime) -> None:
        if minute not in self._minutes:
            self._earlier = self._frees()
        self._minutes[minute] += 1
        self._day += 1

    def _frees(self) -> tuple[tuple[datetime, int], ...]:
        """What each minute gives back, and when; only the last one's changes with a call."""
        if not self._minutes:
            return ()
        last = next(reversed(self._minutes))
        return (*self._earlier, (last + MINUTE + DAY, self._minutes[last]))


def most_within(times: list[datetime], span: timedelta) -> int:
    """The most of them that any window of that span holds, its later end included."""
    times = sorted(times)
    most, first = 0, 0
    for last, time in enumerate(times):
        while times[first] <= time - span:
            first += 1
        most = max(most, last - first + 1)
    return most
