"""Whether a call may go out once more under its key, and whether it counts as under way. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from worker.ledger.calls.spends import IN_FLIGHT_AT_MOST
from worker.ledger.records import Call, CallState


def keeps_its_key(call: Call, now: datetime, within_s: float) -> bool:
    """Whether Xero still has the key. Not when a clock that was ahead opened the call: then nobody knows."""
    return timedelta(0) <= now - call.opened_at <= timedelta(seconds=within_s)


def is_under_way(call: Call, now: datetime) -> bool:
    """Whether it has a place in flight already."""
    return call.state is CallState.OPEN and abs(now - call.sent_at) < IN_FLIGHT_AT_MOST
