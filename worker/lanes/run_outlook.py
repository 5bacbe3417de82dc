"""When a run will be in the books: an estimate for people. Pure."""

from __future__ import annotations

import math
from datetime import datetime

from schemas.envelope import Lane
from worker.budget.limits import Limits
from worker.budget.state import Spent, State
from worker.lanes.lanes import MOST_HELD
from worker.lanes.outlook import outlook
from worker.ledger.runs.run_reports import RunStatus
from worker.ledger.runs.runs import UNFINISHED


def events_left(status: RunStatus) -> int:
    """Events that are on their way, and those of rows that a run will still read, estimated from the rows read."""
    waiting = status.on_their_way
    if status.state not in UNFINISHED:
        return waiting
    unread = sum(max(0, (one.total or 0) - one.rows) for one in status.streams.values() if not one.done)
    read = sum(one.rows for one in status.streams.values())
    expected = round(unread * status.published / read) if read else unread
    return waiting + expected


def writes_left(status: RunStatus) -> int:
    """Of those, the ones that a call has to carry: as many as of what has ended, where little is unchanged or much.

    What is unchanged ends as it comes. So what a worker may have in hand is taken for changed.
    """
    left = events_left(status)
    in_hand = min(left, MOST_HELD)
    return math.ceil(left * (1 - status.unchanged / max(1, status.settled + in_hand)))


def booked_at(status: RunStatus, state: State, spent: Spent, *, limits: Limits, now: datetime) -> datetime:
    """When the calls for what is left can have been made, if nobody else makes any."""
    return outlook({Lane.BACKFILL: writes_left(status)}, state, spent, limits=limits, now=now).done[Lane.BACKFILL]
