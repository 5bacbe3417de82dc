"""Rows by the thousand, put into a ledger's tables at once."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import insert

from schemas.envelope import Lane
from tests.support.fakes import START
from tests.support.sample_ledger import ORG, event
from worker.documents.documents import Kind
from worker.ledger.calls import call_rows
from worker.ledger.database.engine import Database
from worker.ledger.database.tables import calls, discards, held
from worker.ledger.held import held_rows
from worker.ledger.records import Call, CallState, HoldState, Purpose


async def settle(database: Database, many: int, *, org: str = ORG) -> None:
    """Calls that are closed, with bodies, one a second."""
    call = Call("", org, Purpose.WRITE, Kind.INVOICE, "PUT", "/Invoices", {}, b"{}", None, (), START, START)
    row = call_rows.row_of(call, Lane.BATCH) | {"state": CallState.CLOSED, "closed_at": START}
    async with database.transaction() as connection:
        rows = [row | {"id": f"{org}-{n}", "opened_at": START + timedelta(seconds=n)} for n in range(many)]
        await connection.execute(insert(calls), rows)


async def park(database: Database, many: int, *, org: str = ORG, reason: str = "because") -> None:
    """Events that wait for a person."""
    row = held_rows.row_of(event(1, HoldState.PERSON, org=org, reason=reason), START)
    async with database.transaction() as connection:
        await connection.execute(insert(held), [row | {"id": f"{org}-{reason}-{n}"} for n in range(many)])


async def postpone(database: Database, many: int, **more: object) -> None:
    """Events of the batch lane that are due; `more` are columns."""
    row = held_rows.row_of(event(1, until=START), START) | more
    async with database.transaction() as connection:
        await connection.execute(insert(held), [row | {"id": f"{row['reason']}-{n}"} for n in range(many)])


async def discard(database: Database, many: int) -> None:
    """What a person let go."""
    row = dict.fromkeys(("org", "event_id", "reason", "who", "why"), "") | {"body": b"{}", "discarded_at": START}
    async with database.transaction() as connection:
        await connection.execute(insert(discards), [row | {"id": f"d{n}"} for n in range(many)])


async def orphan(database: Database, many: int, **more: object) -> list[str]:
    """Events that wait for parents, each for its own; `more` are columns. Returns their ids."""
    rows = [held_rows.row_of(event(n, HoldState.PARENT), START) | more for n in range(many)]
    async with database.transaction() as connection:
        await connection.execute(insert(held), rows)
    return [row["id"] for row in rows]
