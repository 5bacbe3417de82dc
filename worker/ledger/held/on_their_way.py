"""Which held events a worker may have in memory. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from worker.ledger.records import Held, HoldState

_ABOUT_TO_GO = timedelta(seconds=30)
"""Longer than a row takes to go: what becomes due meanwhile a worker may take before it is gone."""


def is_on_its_way(one: Held, now: datetime) -> bool:
    """Whether a worker may have it in memory: what is due it takes there, and the row stays until the event's end."""
    return one.state is HoldState.TIME and (one.until is None or one.until <= now + _ABOUT_TO_GO)
