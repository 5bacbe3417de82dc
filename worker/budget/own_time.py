"""The budget's own time, which never goes back: a clock that swings makes no more than one filled bucket of tokens.

It is the clock's, until that is found set back by more than a minute, as one is that was ahead and is put right. Then
it runs on from where it stood, as fast as the clock and `State.ahead` of it: nobody waits for the clock to get there.
Where the clock does get there, as when it is ahead once more, what was counted of the time between counts once. That
true time had got there meanwhile, and the budget's had stood still for it, nobody can tell from a clock that was right.
What the bucket holds may then go out twice within a minute: the margin of `Limits.minute_rate` is wide enough for it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from worker.budget.bucket import Bucket
from worker.budget.limits import MINUTE
from worker.budget.state import Correction, State
from worker.instants import whole_micros

_NOT_AT_ALL = timedelta(0)


def own_time(state: State, now: datetime) -> datetime:
    """Which time it is for the budget when the clock says `now`."""
    return max(_mark(state), now + state.ahead)


def righted(state: State, now: datetime) -> State:
    """The same state, as far `ahead` of a clock that says `now` as it is. What sets it further ahead has to be kept."""
    mark = _mark(state)
    if now >= mark:
        return replace(state, ahead=_NOT_AT_ALL) if state.ahead else state
    return replace(state, ahead=mark - now) if mark - now - state.ahead > MINUTE else state


def by_clock(state: State, now: datetime) -> State:
    """The same state in the clock's times, for people and forecasts."""
    state = righted(state, now)
    if not state.ahead:
        return state
    return State(
        minute=_back(state.minute, state.ahead),
        day=_back(state.day, state.ahead),
        recent=tuple(at - whole_micros(state.ahead) for at in state.recent),
        correction=_corrected_back(state.correction, state.ahead),
    )


def _mark(state: State) -> datetime:
    """Where its time stood at the last grant: both buckets are refilled at once."""
    return state.minute.at


def _back(bucket: Bucket, by: timedelta) -> Bucket:
    return replace(bucket, at=bucket.at - by)


def _corrected_back(correction: Correction, by: timedelta) -> Correction:
    values = {name: getattr(correction, name) for name in Correction.__slots__}
    times: dict[str, Any] = {name: one - by for name, one in values.items() if isinstance(one, datetime)}
    return replace(correction, **times)
