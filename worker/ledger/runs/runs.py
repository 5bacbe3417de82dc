"""The runs of a store's commands, kept in the ledger."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, cast

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from producers.checkpoints import Memory
from producers.runs import Progress, Run, RunState, StoreCommand
from producers.store import Stream
from schemas.codec import canonical
from schemas.commands import SyncNow, decode_command
from schemas.errors import Undecodable
from worker.ledger.database.engine import Database
from worker.ledger.database.statements import insert, upsert
from worker.ledger.database.store_tables import run_streams, runs
from worker.ledger.runs.charge import Charge, told
from worker.ledger.runs.checkpoints import save_memories

UNFINISHED = (RunState.RECORDED.value, RunState.RUNNING.value)
_REFUSED_DIGITS = 16
_THIS = runs.c.id == bindparam("this")
_STATE = select(runs.c.state).where(_THIS)
_KNOWN = select(runs.c.state, runs.c.store).where(_THIS)
_LIKE_IT = select(runs.c.id).where(
    runs.c.store == bindparam("of"), runs.c.wish == bindparam("asks"), runs.c.state.in_(UNFINISHED)
)
_NEXT = (
    select(runs.c.body)
    .where(runs.c.store == bindparam("of"), runs.c.command == bindparam("name"), runs.c.state.in_(UNFINISHED))
    .order_by(runs.c.recorded_at, runs.c.id)
    .limit(1)
)
_BEGIN = (
    update(runs)
    .where(_THIS, runs.c.state == RunState.RECORDED.value)
    .values(state=RunState.RUNNING.value, started_at=bindparam("at", type_=runs.c.started_at.type))
)
_LOCKED = _STATE.with_for_update()
FINISH = (
    update(runs)
    .where(_THIS, runs.c.state.in_(UNFINISHED))
    .values(state=bindparam("end"), detail=bindparam("why"))
    .values(finished_at=bindparam("at", type_=runs.c.finished_at.type))
)
_PROGRESS = select(run_streams).where(run_streams.c.run_id == bindparam("this"))


class StoreRuns:
    """Implements `producers.runs.Runs` for one agent of one store."""

    def __init__(self, database: Database, charge: Charge, *, store: str) -> None:
        self._database = database
        self._charge = charge
        self._store = store

    async def record(self, run: Run, body: bytes) -> RunState:
        """See the protocol."""
        wish = _wish(run)
        with told():
            async with self._database.transaction() as connection:
                known = await self._known(connection, run)
                if known is not None:
                    return known
                asked = {"of": self._store, "asks": wish}
                first = (await connection.execute(_LIKE_IT, asked)).scalars().first() if wish else None
                state = RunState.JOINED if first else RunState.RECORDED
                row = self._row(run.id, run.name, body, state) | {"wish": wish, "joined_to": first}
                statement = insert(self._database.dialect, runs).on_conflict_do_nothing()
                await connection.execute(statement, row | {"recorded_at": await self._database.now(connection)})
                # another agent may have had the same message, and been first
                return await self._known(connection, run) or state

    async def refuse(self, body: bytes, reason: str) -> None:
        """See the protocol. The same bytes are one row."""
        refused_id = f"refused-{hashlib.sha256(body).hexdigest()[:_REFUSED_DIGITS]}"
        row = self._row(refused_id, "", body, RunState.REFUSED) | {"detail": reason}
        statement = insert(self._database.dialect, runs).on_conflict_do_nothing()
        with told():
            async with self._database.transaction() as connection:
                await connection.execute(statement, row | {"recorded_at": await self._database.now(connection)})

    async def next(self, name: str) -> Run | None:
        """See the protocol."""
        with told():
            async with self._database.reading() as connection:
                body = (await connection.execute(_NEXT, {"of": self._store, "name": name})).scalar_one_or_none()
        return run_of(body) if body is not None else None

    async def begin(self, run: Run) -> bool:
        """See the protocol."""
        async with self._charge.transaction() as (connection, now):
            await connection.execute(_BEGIN, {"this": run.id, "at": now})
            return (await connection.execute(_STATE, {"this": run.id})).scalar_one() in UNFINISHED

    async def progress(self, run: Run) -> Mapping[str, Progress]:
        """See the protocol."""
        with told():
            async with self._database.reading() as connection:
                rows = (await connection.execute(_PROGRESS, {"this": run.id})).all()
        return {row.stream: progress_of(row) for row in rows}

    async def save_page(self, run: Run, stream: Stream, progress: Progress, memories: Sequence[Memory]) -> bool:
        """See the protocol."""
        async with self._charge.transaction() as (connection, _):
            # what was published stays published, also when nobody wants more of it
            await save_memories(connection, self._database.dialect, self._store, stream, memories)
            statement = upsert(self._database.dialect, run_streams, ("run_id", "stream"))
            await statement.run(connection, [{"run_id": run.id, "stream": stream.name} | _counts(progress)])
            return (await connection.execute(_LOCKED, {"this": run.id})).scalar_one() in UNFINISHED

    async def wanted(self, run: Run) -> bool:
        """See the protocol."""
        with told():
            async with self._database.reading() as connection:
                return (await connection.execute(_STATE, {"this": run.id})).scalar_one() in UNFINISHED

    async def finish(self, run: Run, state: RunState, detail: str = "") -> None:
        """See the protocol."""
        async with self._charge.transaction() as (connection, now):
            await connection.execute(FINISH, {"this": run.id, "end": state.value, "why": detail, "at": now})

    async def _known(self, connection: AsyncConnection, run: Run) -> RunState | None:
        """The state of a run that is written down already. Raises `Undecodable` where it is another store's."""
        known = (await connection.execute(_KNOWN, {"this": run.id})).one_or_none()
        if known is None:
            return None
        if known.store != self._store:
            raise Undecodable("invalid", f"id: names a run of the store {known.store}; choose another one")
        return RunState(known.state)

    def _row(self, run_id: str, name: str, body: bytes, state: RunState) -> dict[str, Any]:
        columns = {"id": run_id, "store": self._store, "command": name, "body": body, "state": state.value}
        empty = {"wish": "", "joined_to": None, "detail": "", "started_at": None, "finished_at": None}
        return columns | empty | dict.fromkeys(("written", "unchanged", "parked", "calls"), 0)


def run_of(body: bytes) -> Run:
    """The run of a recorded command."""
    envelope, command = decode_command(body)
    return Run(envelope.id, envelope.type.removeprefix("xerelay."), cast(StoreCommand, command))


def progress_of(row: Any) -> Progress:
    """One row of `run_streams`."""
    return Progress(row.last_id, row.pages, row.rows, row.published, row.skipped, row.broken, row.total, row.done)


def _wish(run: Run) -> str:
    """What makes two runs alike; nothing does for `sync-now`, whose store may have been read before the wish."""
    if isinstance(run.command, SyncNow):
        return ""
    asked = run.command.model_dump(mode="json")
    asked = {name: sorted(value) if isinstance(value, list) else value for name, value in asked.items()}
    return hashlib.sha256(canonical([run.name, asked])).hexdigest()


def _counts(progress: Progress) -> dict[str, Any]:
    return {
        "last_id": progress.last,
        "pages": progress.pages,
        "rows": progress.rows,
        "published": progress.published,
        "skipped": progress.skipped,
        "broken": progress.broken,
        "total": progress.total,
        "done": progress.done,
    }
