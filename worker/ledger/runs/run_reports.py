"""How far the runs of stores' commands are, for people and for who serves; counts, taking back, and dropping them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, case, select
from sqlalchemy.ext.asyncio import AsyncConnection

from producers.runs import Progress, RunState
from worker.ledger.database.engine import Database
from worker.ledger.database.paging import do_in_pages
from worker.ledger.database.statements import among
from worker.ledger.database.store_tables import run_streams, runs
from worker.ledger.records import Tally
from worker.ledger.runs.run_counts import add_counts
from worker.ledger.runs.run_held import HeldOfRuns
from worker.ledger.runs.run_purge import drop_page
from worker.ledger.runs.runs import FINISH, UNFINISHED, progress_of, run_of

_WORKED = [state.value for state in RunState if state not in (RunState.JOINED, RunState.REFUSED)]
_COLUMNS = [column for column in runs.c if column.name not in ("body", "wish")]
_OVER = frozenset({RunState.DONE, RunState.CANCELLED, RunState.FAILED, RunState.REFUSED})
_GET = select(*_COLUMNS).where(runs.c.id == bindparam("this"))
_BODY = select(runs.c.body).where(runs.c.id == bindparam("this"))
_LATEST = select(*_COLUMNS).order_by(runs.c.recorded_at.desc(), runs.c.id).limit(bindparam("most"))
_REFUSED = (
    select(runs.c.id, runs.c.body)
    .where(runs.c.state == RunState.REFUSED.value)
    .order_by(runs.c.recorded_at.desc(), runs.c.id)
)
_ENDED = (
    select(*_COLUMNS)
    .where(runs.c.finished_at > bindparam("since"))
    .where(runs.c.state.in_((RunState.DONE.value, RunState.FAILED.value)))
    .order_by(runs.c.finished_at.desc(), runs.c.id)
)
_NEWEST = (
    select(*_COLUMNS)
    .where(runs.c.store == bindparam("of"), runs.c.command == bindparam("name"), runs.c.state.in_(_WORKED))
    .order_by(case((runs.c.state == RunState.RUNNING.value, 0), else_=1), runs.c.recorded_at.desc(), runs.c.id)
    .limit(1)
)
_GOING_ON = select(runs.c.id).where(among(runs.c.id, "ids"), runs.c.state.in_(UNFINISHED)).limit(1)
_STREAMS = select(run_streams).where(among(run_streams.c.run_id, "ids"))


@dataclass(frozen=True, slots=True)
class RunStatus:
    """One run: what the agent did, and what became of its events in the workers' hands."""

    id: str
    store: str
    command: str
    state: RunState
    joined_to: str | None
    detail: str
    recorded_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    written: int
    unchanged: int
    parked: int
    calls: int
    streams: Mapping[str, Progress] = field(default_factory=dict)
    held_for_parent: int = 0
    held_for_approval: int = 0

    @property
    def published(self) -> int:
        """Events that the broker has confirmed."""
        return sum(progress.published for progress in self.streams.values())

    @property
    def pages(self) -> int:
        """Pages that were read and confirmed."""
        return sum(progress.pages for progress in self.streams.values())

    @property
    def settled(self) -> int:
        """Events that the workers are done with."""
        return self.written + self.unchanged + self.parked

    @property
    def on_their_way(self) -> int:
        """Events that are neither settled, nor wait for another sale or for a person to approve one."""
        return max(0, self.published - self.settled - self.held_for_parent - self.held_for_approval)

    @property
    def is_over(self) -> bool:
        """Whether it ended, and no event of it is on its way: what is held may stay so for days."""
        return self.state in _OVER and not self.on_their_way


class RunReports:
    """Reads runs, counts what ends of them, cancels them, and drops those that ended long ago."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._held = HeldOfRuns(database)

    async def get(self, run_id: str) -> RunStatus | None:
        """One run."""
        async with self._database.reading() as connection:
            rows = (await connection.execute(_GET, {"this": run_id})).all()
            return next(iter(await self._with_held(connection, await _with_streams(connection, rows))), None)

    async def refused(self) -> list[tuple[str, bytes]]:
        """What was refused, the last first: under which id it is kept, and its message, which may name another."""
        async with self._database.reading() as connection:
            return [(row.id, row.body) for row in (await connection.execute(_REFUSED)).all()]

    async def organisation(self, run_id: str) -> str:
        """The only one that a run is for; empty where it is for all that its store feeds, or is no more."""
        async with self._database.reading() as connection:
            body = (await connection.execute(_BODY, {"this": run_id})).scalar_one_or_none()
        return "" if body is None else run_of(body).command.organisation or ""

    async def latest(self, limit: int = 20) -> list[RunStatus]:
        """The runs that came last, newest first."""
        async with self._database.reading() as connection:
            rows = (await connection.execute(_LATEST, {"most": limit})).all()
            return await self._with_held(connection, await _with_streams(connection, rows))

    async def ended_since(self, since: datetime) -> list[RunStatus]:
        """The runs that were done or failed after that, the last first, however long ago they came."""
        async with self._database.reading() as connection:
            rows = (await connection.execute(_ENDED, {"since": since})).all()
            return await _with_streams(connection, rows)

    async def newest(self, store: str, command: str) -> RunStatus | None:
        """The store's run of `command` that is under way, else the one that came last; none that only joined."""
        async with self._database.reading() as connection:
            rows = (await connection.execute(_NEWEST, {"of": store, "name": command})).all()
            return next(iter(await _with_streams(connection, rows)), None)

    async def go_on(self, run_ids: Collection[str]) -> bool:
        """Whether any of these is to publish more. A correlation id that is no run's is not."""
        async with self._database.reading() as connection:
            return (await connection.execute(_GOING_ON, {"ids": sorted(run_ids)})).first() is not None

    async def add(self, counts: Tally) -> None:
        """Count events that end where the ledger has nothing else to write down; see `add_counts`."""
        if counts:
            async with self._database.transaction() as connection:
                await add_counts(connection, counts)

    async def cancel(self, run_id: str, *, why: str) -> bool:
        """The agent stops at its next page. False where the run is not there, or at its end already."""
        async with self._database.transaction() as connection:
            now = await self._database.now(connection)
            values = {"this": run_id, "end": RunState.CANCELLED.value, "why": why, "at": now}
            return bool((await connection.execute(FINISH, values)).rowcount)

    async def purge(self, retention_days: float) -> int:
        """Drop runs that ended longer ago; those of which not every event is settled stay some 13 months."""

        async def drop(connection: AsyncConnection) -> int:
            return await drop_page(connection, await self._database.now(connection), timedelta(days=retention_days))

        return await do_in_pages(self._database, drop)

    async def _with_held(self, connection: AsyncConnection, found: list[RunStatus]) -> list[RunStatus]:
        if not any(one.on_their_way for one in found):
            return found
        parent, approval = await self._held.counts(connection)
        return [replace(one, held_for_parent=parent[one.id], held_for_approval=approval[one.id]) for one in found]


async def _with_streams(connection: AsyncConnection, rows: Sequence[Any]) -> list[RunStatus]:
    found: defaultdict[str, dict[str, Progress]] = defaultdict(dict)
    if rows:
        ids = [row.id for row in rows]
        for row in (await connection.execute(_STREAMS, {"ids": ids})).all():
            found[row.run_id][row.stream] = progress_of(row)
    return [_status(row, found[row.id]) for row in rows]


def _status(row: Any, streams: Mapping[str, Progress]) -> RunStatus:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's documented name for a row's columns
    return RunStatus(**(values | {"state": RunState(row.state), "streams": streams}))
