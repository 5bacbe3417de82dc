"""Which runs of stores' commands are over for so long that nobody asks for them any more."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, bindparam, delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from worker.ledger.database.statements import among
from worker.ledger.database.store_tables import run_streams, runs
from worker.ledger.database.types import Instant
from worker.ledger.report import REPORT_REACHES
from worker.ledger.runs.runs import UNFINISHED

_PAGE = 1_000


async def drop_page(connection: AsyncConnection, now: datetime, retention: timedelta) -> int:
    """Drop some runs that ended longer ago, and what was kept of their streams; returns how many, 0 at the end.

    A run of which not every event is settled, as while they wait in the backfill, stays for some 13 months.
    """
    times = {"before": now - retention, "long_ago": now - max(REPORT_REACHES, retention)}
    ids = (await connection.execute(_OUTLIVED, times)).scalars().all()
    if ids:
        await connection.execute(_DROP_STREAMS, {"ids": ids})
        await connection.execute(_DROP_RUNS, {"ids": ids})
    return len(ids)


def _ended_before(named: str) -> ColumnElement[bool]:
    """Those that only joined, or were refused, ended when they came."""
    return func.coalesce(runs.c.finished_at, runs.c.recorded_at) < bindparam(named, type_=Instant)


_PUBLISHED = (
    select(func.coalesce(func.sum(run_streams.c.published), 0))
    .where(run_streams.c.run_id == runs.c.id)
    .scalar_subquery()
)
_IS_SETTLED = runs.c.written + runs.c.unchanged + runs.c.parked >= _PUBLISHED
_OUTLIVED = (
    select(runs.c.id)
    .where(runs.c.state.not_in(UNFINISHED), _ended_before("before"))
    .where(or_(_IS_SETTLED, _ended_before("long_ago")))
    .limit(_PAGE)
    # what another worker has in hand is its own
    .with_for_update(of=runs, skip_locked=True)
)
_DROP_STREAMS = delete(run_streams).where(among(run_streams.c.run_id, "ids"))
_DROP_RUNS = delete(runs).where(among(runs.c.id, "ids"))
