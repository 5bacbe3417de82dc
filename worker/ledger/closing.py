"""How a call ends: one transaction for everything its answer means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from worker.documents import DocumentKey, EntityKey
from worker.ledger.documents import delete_documents, drop_held, read_documents, write_documents
from worker.ledger.errors import LedgerError
from worker.ledger.held import insert_held, release_children
from worker.ledger.records import CallState, Document, Held, HoldState
from worker.ledger.statements import change, prepared
from worker.ledger.tables import calls, claims

_CLOSE = (
    update(calls)
    .where(calls.c.id == bindparam("this"), calls.c.org == bindparam("of"), calls.c.state != CallState.CLOSED.value)
    .values(state=CallState.CLOSED.value, status=bindparam("answer"))
    .values(closed_at=bindparam("at", type_=calls.c.closed_at.type))
)
_THERE = select(calls.c.id).where(calls.c.id == bindparam("this"), calls.c.org == bindparam("of"))
_UNCLAIM = delete(claims).where(claims.c.call_id == bindparam("this"))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the answer means for each document and event of the call."""

    status: int | None
    documents: Sequence[Document]
    removed: Sequence[DocumentKey]
    held: Sequence[Held]
    completed: Sequence[tuple[EntityKey, datetime]]


async def close(
    connection: AsyncConnection, dialect: str, org: str, call_id: str, verdict: Verdict, now: datetime
) -> list[Held]:
    """Returns the released children; see `Calls.close`."""
    values = {"this": call_id, "of": org, "answer": verdict.status, "at": now}
    if await change(connection, _CLOSE, values) == 0:
        await _refuse_unknown(connection, org, call_id)
        return []
    await prepared(dialect, _UNCLAIM).run_last(connection, [{"this": call_id}])
    await write_documents(connection, dialect, verdict.documents)
    await delete_documents(connection, verdict.removed)
    await drop_held(connection, verdict.completed)
    await insert_held(connection, dialect, await _freed(connection, verdict.held, now), now)
    return await release_children(connection, org, [document.key for document in verdict.documents], now)


async def _refuse_unknown(connection: AsyncConnection, org: str, call_id: str) -> None:
    if (await connection.execute(_THERE, {"this": call_id, "of": org})).one_or_none() is None:
        raise LedgerError(f"call {call_id} of {org} was never opened: it cannot be closed")


async def _freed(connection: AsyncConnection, held: Sequence[Held], now: datetime) -> list[Held]:
    """Those whose parent is there already wait for nothing: they are due."""
    parents = {one.parent for one in held if one.state is HoldState.PARENT and one.parent is not None}
    present = await read_documents(connection, parents)
    return [
        replace(one, state=HoldState.TIME, until=now)
        if one.state is HoldState.PARENT and one.parent in present
        else one
        for one in held
    ]
