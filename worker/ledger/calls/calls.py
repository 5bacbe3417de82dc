"""Every call to Xero, from its opening to its closing."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import bindparam, exc, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.envelope import Lane
from worker.budget.corrections import Headers
from worker.budget.decision import Wait
from worker.budget.limits import Limits
from worker.documents.documents import EntityKey, Kind, Write
from worker.ledger import report
from worker.ledger.calls import budget, closing
from worker.ledger.calls.call_purge import purge
from worker.ledger.calls.call_rows import call_of, reading, row_of
from worker.ledger.calls.last_call import LastCall
from worker.ledger.calls.resends import is_under_way, keeps_its_key
from worker.ledger.database.engine import Database
from worker.ledger.database.errors import DocumentBusy, LedgerError
from worker.ledger.database.statements import plain_insert
from worker.ledger.database.tables import IS_PENDING, calls, claims
from worker.ledger.documents import read_documents, read_item_codes
from worker.ledger.organisations.leases import fenced
from worker.ledger.records import (
    Call,
    CallState,
    Compose,
    Composed,
    Count,
    Document,
    Held,
    Known,
    Lease,
    Opened,
    Purpose,
    uncounted,
)
from worker.ledger.runs.run_counts import add_counts
from worker.ledger.runs.run_events import tally_returned
from worker.ledger.voids import read_voids

_THIS = (calls.c.id == bindparam("this"), calls.c.org == bindparam("of"), IS_PENDING)
_GET = select(calls).where(*_THIS)
_RESEND = (
    update(calls)
    .where(*_THIS)
    .values(sends=calls.c.sends + 1, tokens=calls.c.tokens + 1, state=CallState.OPEN.value)
    .values(sent_at=bindparam("at", type_=calls.c.sent_at.type))
)
_RETRY = update(calls).where(*_THIS).values(tokens=calls.c.tokens + 1)
_UNCERTAIN = (
    update(calls)
    .where(*_THIS)
    .values(state=CallState.UNCERTAIN.value, status=bindparam("answer"), detail=bindparam("why"))
)
# locked, which no standby does: one that is late has the call open still
_STATE = select(calls.c.state).where(calls.c.id == bindparam("this")).with_for_update(read=True, key_share=True)
# in no order: for one of theirs SQLite would go through all the calls that the organisation ever made
_UNSETTLED = select(calls).where(calls.c.org == bindparam("of"), IS_PENDING, calls.c.purpose == Purpose.WRITE.value)


class Calls:
    """Each method is one transaction. A lease's name is the organisation it serves."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._last: dict[str, LastCall] = {}
        """Of each organisation.

        Looked up before a transaction begins, which then sees it whoever else opens or closes one meanwhile.
        """

    async def open_write(
        self, lease: Lease, *, kind: Kind, lane: Lane, writes: Sequence[Write], compose: Compose, limits: Limits
    ) -> Opened | Wait:
        """Spend a token and open a call with what `compose` makes of the writes.

        `compose` gets what the ledger knows now of the writes' documents, of those they need, and of item codes. It
        may be called again for the same writes when no token is there: then nothing is changed. Where it finds
        everything settled no token is spent. Raises `LeaseLost`; `DocumentBusy` when a document is in another open
        call.
        """
        last = self._last.get(lease.name)
        async with self._database.transaction() as connection:
            counted = await budget.fenced_count(self._database, connection, lease, last=last)
            composed = compose(await _known(connection, lease.name, writes))
            if not composed.members:
                return _opened(None, composed)
            wait = await budget.spend(self._database, connection, counted, limits=limits, lane=lane)
            if wait is not None:
                return wait
            call = _writing(lease.name, kind, composed, counted.now)
            await _insert(connection, self._database.dialect, call, lane)
        self._last[lease.name] = LastCall(call.id)
        return _opened(call, composed)

    async def open_read(
        self,
        lease: Lease,
        *,
        purpose: Purpose,
        lane: Lane,
        path: str,
        params: Mapping[str, str],
        limits: Limits,
        kind: Kind | None = None,
        answered: Call | None = None,
    ) -> Call | Wait:
        """Spend a token and open a GET. It has no members: they stay with the call they are looked up for.

        It may have the place in flight of `answered`, which is open and has its answer. Raises `LeaseLost`.
        """
        last = self._last.get(lease.name)
        async with self._database.transaction() as connection:
            counted = await budget.fenced_count(self._database, connection, lease, last=last)
            own = int(answered is not None and is_under_way(answered, counted.now))
            wait = await budget.spend(self._database, connection, counted, limits=limits, lane=lane, own=own)
            if wait is not None:
                return wait
            call = reading(lease.name, purpose, kind, path, params, counted.now)
            await plain_insert(self._database.dialect, calls).run_last(connection, [row_of(call, lane)])
        self._last[lease.name] = LastCall(call.id)
        return call

    async def resend(self, lease: Lease, call_id: str, *, limits: Limits, within_s: float = 240) -> Call | Wait | None:
        """Spend a token for the same key and body once more; the call is open again.

        None, and nothing spent, when it was opened longer ago than that by the ledger's clock (Xero keeps a key for
        6 minutes), or by a clock that was ahead, so that nobody knows; or when it is closed. Raises `LeaseLost`.
        """
        async with self._database.transaction() as connection:
            now = await fenced(self._database, connection, lease)
            call = await _pending(connection, lease.name, call_id)
            if call is None or not keeps_its_key(call, now, within_s):
                return None
            wait = await self._spend_for(connection, call, limits, now)
            if wait is not None:
                return wait
            await connection.execute(_RESEND, {"this": call_id, "of": lease.name, "at": now})
        return replace(call, sends=call.sends + 1, sent_at=now, state=CallState.OPEN)

    async def spend_again(self, lease: Lease, call_id: str, *, limits: Limits) -> Wait | bool:
        """One more token for a retry inside the same call, after a 401. True: go. False: the call is closed."""
        async with self._database.transaction() as connection:
            now = await fenced(self._database, connection, lease)
            call = await _pending(connection, lease.name, call_id)
            if call is None:
                return False
            wait = await self._spend_for(connection, call, limits, now)
            if wait is not None:
                return wait
            await connection.execute(_RETRY, {"this": call_id, "of": lease.name})
        return True

    async def close(
        self,
        lease: Lease,
        call_id: str,
        *,
        status: int | None,
        documents: Sequence[Document] = (),
        held: Sequence[Held] = (),
        completed: Sequence[tuple[EntityKey, datetime]] = (),
        headers: Headers | None = None,
        count: Count = uncounted,
    ) -> list[Held]:
        """Write down how the call ended, all of it or nothing; returns the children that its documents release.

        Documents are written (versions never lowered); held rows of completed entities up to the version
        are dropped, then `held` is inserted; `count` says what the runs have of it, those dropped included; `headers`
        correct the budget as `correct` does. Closing a closed call changes nothing else and returns nothing: children
        released before are due. Raises `LeaseLost`; `LedgerSetBack` for a call that is not there any more;
        `LedgerError` for another organisation's.
        """
        verdict = closing.Verdict(status, documents, held, completed)
        async with self._database.transaction() as connection:
            now, closed, holding = await closing.begin(self._database, connection, lease, call_id, verdict)
            if headers is not None:
                await budget.correct(self._database, connection, lease.name, headers, own=0)
            if not closed:
                return []
            dialect, moved = self._database.dialect, closing.Moved()
            await closing.settle(connection, dialect, call_id, verdict)
            if holding or held:
                moved = await closing.settle_held(connection, dialect, lease.name, verdict, now)
            await add_counts(connection, count(moved.dropped), tally_returned(moved.were_parked))
        if (last := self._last.get(lease.name)) and last.id == call_id:
            self._last[lease.name] = LastCall(call_id, is_closed=True)
        return list(moved.released)

    async def mark_uncertain(self, lease: Lease, call_id: str, *, status: int | None, detail: str) -> None:
        """Nobody knows whether Xero did it. It is no longer in flight, but keeps its documents. Raises as `close`."""
        async with self._database.transaction() as connection:
            await fenced(self._database, connection, lease)
            values = {"this": call_id, "of": lease.name, "answer": status, "why": detail}
            if (await connection.execute(_UNCERTAIN, values)).rowcount == 0:
                await closing.insist_on_call(connection, lease.name, call_id)
                raise LedgerError(f"call {call_id} of {lease.name} is not open: it cannot become uncertain")

    async def unsettled(self, org: str) -> list[Call]:
        """Writes that are open or uncertain, with members and body, oldest first.

        Raises `LedgerSetBack` where this process has closed one of them, as far as it remembers.
        """
        last = self._last.get(org)
        async with self._database.reading() as connection:
            rows = (await connection.execute(_UNSETTLED, {"of": org})).mappings()
            unsettled = sorted((call_of(row) for row in rows), key=_opening)
        if last and last.is_closed and any(call.id == last.id for call in unsettled):
            async with self._database.transaction() as connection:
                last.insist_on(org, (await connection.execute(_STATE, {"this": last.id})).scalar_one_or_none())
        return unsettled

    async def correct(self, org: str, headers: Headers) -> None:
        """Let a reply's limit headers correct the budget. Call it before the call is closed."""
        async with self._database.transaction() as connection:
            await budget.correct(self._database, connection, org, headers)

    async def usage(self, org: str, since: datetime) -> list[report.Usage]:
        """The request report: requests and documents per UTC day, purpose, endpoint and status."""
        async with self._database.reading() as connection:
            return await report.usage(connection, org, since)

    async def purge(self, retention_days: float) -> int:
        """Drop bodies of calls closed longer ago, old discards and counters; returns how many bodies.

        In many short transactions: what is dropped stays so, wherever it ends.
        """
        return await purge(self._database, timedelta(days=retention_days))

    async def _spend_for(self, connection: AsyncConnection, call: Call, limits: Limits, now: datetime) -> Wait | None:
        """A token for a call that may already count as in flight. What is begun is finished first: no reserve."""
        counted = await budget.count(self._database, connection, call.org, now)
        return await budget.spend(
            self._database, connection, counted, limits=limits, lane=Lane.IMMEDIATE, own=int(is_under_way(call, now))
        )


async def _known(connection: AsyncConnection, org: str, writes: Sequence[Write]) -> Known:
    keys = {write.key for write in writes}.union(*(write.needs for write in writes))
    codes = set().union(*(write.content.codes for write in writes))
    documents = await read_documents(connection, keys)
    missing = [write.key for write in writes if write.key not in documents]
    return Known(documents, await read_item_codes(connection, org, codes), await read_voids(connection, missing))


def _opening(call: Call) -> tuple[datetime, str]:
    return call.opened_at, call.id


def _opened(call: Call | None, composed: Composed) -> Opened:
    return Opened(call, composed.settled, composed.leftover, composed.unread, composed.stopped)


def _writing(org: str, kind: Kind, composed: Composed, now: datetime) -> Call:
    return Call(
        id=uuid.uuid4().hex,
        org=org,
        purpose=Purpose.WRITE,
        kind=kind,
        method=composed.method,
        path=composed.path,
        params=composed.params,
        body=composed.body,
        idempotency_key=uuid.uuid4().hex,
        members=composed.members,
        opened_at=now,
        sent_at=now,
    )


async def _insert(connection: AsyncConnection, dialect: str, call: Call, lane: Lane) -> None:
    """The call, and its claim on its documents."""
    await plain_insert(dialect, calls).run_last(connection, [row_of(call, lane)])
    claimed = [(*one.key, call.id) for one in call.members]
    try:
        await plain_insert(dialect, claims).run_rows(connection, claimed)
    except exc.IntegrityError as error:
        raise DocumentBusy(
            f"one of these {len(call.members)} {call.kind} documents of {call.org} is in another open call, "
            "or twice in this one: settle that call first"
        ) from error


async def _pending(connection: AsyncConnection, org: str, call_id: str) -> Call | None:
    row = (await connection.execute(_GET, {"this": call_id, "of": org})).mappings().one_or_none()
    return None if row is None else call_of(row)
