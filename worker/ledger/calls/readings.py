"""Reads that a person asks for, beside the worker that serves the organisation: counted and budgeted like all calls.

They need no lease, for they change no document; a worker that serves meanwhile shares the budget with them.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import bindparam, select, update

from schemas.envelope import Lane
from worker.budget.corrections import Headers
from worker.budget.decision import Wait
from worker.budget.limits import Limits
from worker.documents.documents import Kind
from worker.ledger.calls import budget
from worker.ledger.calls.call_rows import reading, row_of
from worker.ledger.database.engine import Database
from worker.ledger.database.statements import plain_insert
from worker.ledger.database.tables import calls
from worker.ledger.records import Call, CallState, Purpose

LANE = Lane.BACKFILL
"""What these calls may spend: never what the day's own sales need."""

_THIS = (calls.c.id == bindparam("this"), calls.c.state == CallState.OPEN.value)
_OPEN = select(calls.c.id).where(*_THIS)
_AGAIN = update(calls).where(*_THIS).values(tokens=calls.c.tokens + 1)
_CLOSE = (
    update(calls)
    .where(*_THIS)
    .values(state=CallState.CLOSED.value, status=bindparam("answer"))
    .values(closed_at=bindparam("at", type_=calls.c.closed_at.type))
)


class Readings:
    """Each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def open(
        self, org: str, *, purpose: Purpose, kind: Kind | None, path: str, params: Mapping[str, str], limits: Limits
    ) -> Call | Wait:
        """Spend a token of the backfill lane and record a GET, or say until when there is none."""
        async with self._database.transaction() as connection:
            now = await self._database.now(connection)
            counted = await budget.count(self._database, connection, org, now)
            wait = await budget.spend(self._database, connection, counted, limits=limits, lane=LANE)
            if wait is not None:
                return wait
            call = reading(org, purpose, kind, path, params, now)
            await plain_insert(self._database.dialect, calls).run_last(connection, [row_of(call, LANE)])
        return call

    async def spend_again(self, org: str, call_id: str, *, limits: Limits) -> bool:
        """One more token for a retry inside an open call, after a 401; False when there is none, or it is closed."""
        async with self._database.transaction() as connection:
            now = await self._database.now(connection)
            if (await connection.execute(_OPEN, {"this": call_id})).one_or_none() is None:
                return False
            counted = await budget.count(self._database, connection, org, now)
            wait = await budget.spend(self._database, connection, counted, limits=limits, lane=LANE, own=1)
            if wait is None:
                await connection.execute(_AGAIN, {"this": call_id})
            return wait is None

    async def close(self, call: Call, *, status: int | None, headers: Headers) -> None:
        """Record how it ended, and let the reply's headers correct the budget. Closing twice changes nothing."""
        async with self._database.transaction() as connection:
            await budget.correct(self._database, connection, call.org, headers)
            now = await self._database.now(connection)
            await connection.execute(_CLOSE, {"this": call.id, "answer": status, "at": now})
