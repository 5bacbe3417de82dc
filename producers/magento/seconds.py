"""The version of what was read soon after its change, or long before the time that it bears. Pure.

Magento's times have whole seconds, and a change may become visible some time after the second that it has written. Two
snapshots of one row could bear the same time, differ, and reach the worker in either order. So what was read soon after
its change counts as a little older than its time says, the sooner the more: of snapshots with one time, the one that
was read last is the newest.

A row, or its order, may bear a time that has not come, as a script or an import wrote it, be it in another time zone.
It counts as changed when it was read: what is changed after that, and bears a true time, is newer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from producers.store import Row

SETTLED = timedelta(minutes=15)
"""As old as this, a row's time stands as it is. In so long the agent looks back for what became visible late.

So far ahead, clocks that differ by a little explain it no more.
"""

_MOST = timedelta(milliseconds=999)  # less than a second: what has an earlier time stays older
_A_SECOND = timedelta(seconds=1)


def as_read_at(begun: datetime, rows: Iterable[Row]) -> tuple[Row, ...]:
    """The rows of an answer that was asked for at `begun`, by the store's clock."""
    return tuple(_as_read_at(begun, row) for row in rows)


def _as_read_at(begun: datetime, row: Row) -> Row:
    if row.changed_at - begun > SETTLED:
        return replace(row, snapshots=tuple(replace(one, version=begun) for one in row.snapshots))
    return row if begun - row.changed_at >= SETTLED else _early(begun, row)


def _early(begun: datetime, row: Row) -> Row:
    age = max(begun - row.changed_at, timedelta())
    older = _MOST / (1 + age / _A_SECOND)
    return replace(row, snapshots=tuple(replace(one, version=one.version - older) for one in row.snapshots))
