"""How a call ends: one transaction for everything its answer means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from worker.documents.documents import EntityKey
from worker.ledger.database.engine import DATABASE_NOW, Database
from worker.ledger.database.errors import LedgerError, set_back
from worker.ledger.database.questions import ask
from worker.ledger.database.statements import Prepared, prepared
from worker.ledger.database.tables import calls, claims, held
from worker.ledger.documents import write_documents
from worker.ledger.held.children import release_children, were_parked
from worker.ledger.held.succession import drop_held, keep_held
from worker.ledger.held.unpaid import release_unpaid
from worker.ledger.organisations.leases import check, fence
from worker.ledger.records import CallState, Document, Held, Lease

_WHOSE = select(calls.c.org).where(calls.c.id == bindparam("this"))
_HOLDING = select(held.c.id).where(held.c.org == bindparam("of")).limit(1)
_UNCLAIM = delete(claims).where(claims.c.call_id == bindparam("this"))


@dataclass(frozen=True, slots=True)
class Moved:
    """Held events that a call lets go on, those of them that were parked, and those that end by it."""

    released: Sequence[Held] = ()
    were_parked: Sequence[Held] = ()
    dropped: Sequence[Held] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the answer means for each document and event of the call."""

    status: int | None
    documents: Sequence[Document]
    held: Sequence[Held]
    completed: Sequence[tuple[EntityKey, datetime]]

    @property
    def is_empty(self) -> bool:
        """Whether nothing but the call itself ends, as with one that only read."""
        return not (self.documents or self.held or self.completed)


async def begin(
    database: Database, connection: AsyncConnection, lease: Lease, call_id: str, verdict: Verdict
) -> tuple[datetime, bool, bool]:
    """Close the call's row, when `lease` is still the current one; else raises `LeaseLost`. `LedgerSetBack`: no row.

    One round trip. Returns the ledger's time, whether the call was still to be closed, and whether anything of the
    organisation is held: who holds an event has the lease, and waits for the end of this.
    """
    timed = database.clock is None
    given: dict[str, Any] = {"this": call_id, "of": lease.name, "answer": verdict.status}
    if database.clock is not None:
        given["at"] = database.clock.now()
    dialect = database.dialect
    fencing = fence(dialect, timed=timed, beside_others=verdict.is_empty)
    asked = (fencing, _closing(dialect, timed), prepared(dialect, _HOLDING))
    found, closed, holding = await ask(connection, *asked, given=given)
    now = check(database, connection, lease, found)
    if closed is None:
        await insist_on_call(connection, lease.name, call_id)
    return now if timed else given["at"], closed is not None, holding is not None


async def settle(connection: AsyncConnection, dialect: str, call_id: str, verdict: Verdict) -> None:
    """What the answer means for the documents of a call that is being closed; see `Calls.close`."""
    await prepared(dialect, _UNCLAIM).run_last(connection, [{"this": call_id}])
    await write_documents(connection, dialect, verdict.documents)


async def settle_held(connection: AsyncConnection, dialect: str, org: str, verdict: Verdict, now: datetime) -> Moved:
    """What it means for events that are held."""
    dropped = await drop_held(connection, verdict.completed)
    dropped += await keep_held(connection, dialect, verdict.held, now)
    children = await release_children(connection, org, [document.key for document in verdict.documents], now)
    unpaid = await release_unpaid(connection, org, verdict.documents, now)
    return Moved([*children, *unpaid], [*were_parked(children), *unpaid], dropped)


@cache
def _closing(dialect: str, timed: bool) -> Prepared:
    return prepared(
        dialect,
        update(calls)
        .where(calls.c.id == bindparam("this"), calls.c.org == bindparam("of"), calls.c.state != CallState.CLOSED.value)
        .values(state=CallState.CLOSED.value, status=bindparam("answer"))
        .values(closed_at=DATABASE_NOW if timed else bindparam("at", type_=calls.c.closed_at.type))
        .returning(calls.c.id),
    )


async def insist_on_call(connection: AsyncConnection, org: str, call_id: str) -> None:
    """It was opened before it was sent, and nothing but a restore or a failover takes its row away meanwhile.

    Raises `LedgerSetBack` where it is not there; `LedgerError` where it is another organisation's.
    """
    whose = (await connection.execute(_WHOSE, {"this": call_id})).scalar_one_or_none()
    if whose is None:
        raise set_back(f"call {call_id} of {org!r} is not there any more")
    if whose != org:
        raise LedgerError(f"call {call_id} of {org} was never opened: it cannot end")
