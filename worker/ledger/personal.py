"""Personal data as the ledger keeps it: in messages, calls and names of contacts, and words of Xero."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from worker.documents.documents import DocumentKey, EntityKey, Kind
from worker.ledger.admin_actions import AdminAction, add, entity_subject
from worker.ledger.calls.call_rows import call_of
from worker.ledger.database.engine import Database
from worker.ledger.database.paging import pages
from worker.ledger.database.statements import KEY_COLUMNS, among, insert, key_values
from worker.ledger.database.tables import calls, discards, documents, held, pauses
from worker.ledger.database.types import NOTHING, dump, pack
from worker.ledger.documents import read_documents
from worker.ledger.held.held_rows import held_of
from worker.ledger.held.on_their_way import is_on_its_way
from worker.ledger.organisations.leases import take_turn
from worker.ledger.records import Call, CallState, Held
from worker.ledger.runs.run_counts import add_counts
from worker.ledger.runs.run_events import tally_let_go

_CONTACT_CALLS = select(calls).where(
    calls.c.org == bindparam("of"), calls.c.kind == Kind.CONTACT.value, calls.c.members.is_not(None)
)
_REDACT = update(held).where(held.c.id == bindparam("this")).values(body=bindparam("kept"), detail=bindparam("told"))
_LOCKED = select(held).where(among(held.c.id, "ids")).with_for_update()
_REMOVE = delete(held).where(among(held.c.id, "ids"))
_EMPTY = update(discards).where(among(discards.c.id, "ids")).values(body=NOTHING)
_DROP = (
    update(calls)
    .where(among(calls.c.id, "ids"), calls.c.state == CallState.CLOSED.value)
    .values(body=None, members=None, params="{}", detail="")
)
_QUIET = update(pauses).where(pauses.c.org == bindparam("of"), among(pauses.c.detail, "quoted")).values(detail="")
_RENAME = (
    update(documents)
    .where(*(documents.c[name] == bindparam(f"key_{name}") for name in KEY_COLUMNS))
    .values(facts=bindparam("kept"))
)


@dataclass(frozen=True, slots=True)
class Redacted:
    """A held event as it stays."""

    id: str
    body: bytes
    detail: str


@dataclass(frozen=True, slots=True)
class Erasure:
    """What goes: held events rewritten or removed, discarded ones emptied, calls' bodies, and the names of contacts.

    `pauses` has the details that pauses lose.
    """

    redacted: tuple[Redacted, ...] = ()
    removed: tuple[str, ...] = ()
    emptied: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    contacts: tuple[DocumentKey, ...] = ()
    pauses: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """How many of all of it."""
        return sum(len(getattr(self, one.name)) for one in fields(self))

    @property
    def is_empty(self) -> bool:
        """Nothing goes."""
        return not self.count


@dataclass(frozen=True, slots=True)
class Erased:
    """What came of it: which events were removed, and which were rewritten that a worker may have as they were."""

    removed: tuple[str, ...] = ()
    on_their_way: tuple[str, ...] = ()


class Personal:
    """Finds it, and takes it out."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def contact_calls(self, org: str) -> AsyncIterator[Call]:
        """Every call whose body or question names contacts, a page of them in memory."""
        async for row in pages(self._database, _CONTACT_CALLS.params(of=org), (calls.c.opened_at, calls.c.id)):
            yield call_of(row)

    async def erase(self, org: str, erasure: Erasure, subjects: Sequence[EntityKey], *, who: str, why: str) -> Erased:
        """All of it or nothing, and on record. What is gone meanwhile is no error.

        Of a held event that is removed its run hears as of one that is discarded. One that a worker may have in
        memory stays, while one serves the organisation: its end will be counted, and may write the person anew. What
        is removed is remembered as discarded, without its message: the broker may have another copy of it.
        """
        async with self._database.transaction() as connection:
            # what the contacts' names are taken out of must not be written meanwhile
            is_served = await take_turn(self._database, connection, org)
            now = await self._database.now(connection)
            there = await _locked(connection, [*erasure.removed, *(one.id for one in erasure.redacted)])
            going = frozenset(one.id for one in there if is_served and is_on_its_way(one, now))
            rewritten = await _redact(connection, erasure.redacted, there)
            leaving = frozenset(erasure.removed) - going
            gone = [one for one in there if one.id in leaving]
            removed = tuple(one.id for one in gone)
            await connection.execute(_REMOVE, {"ids": removed})
            if gone:
                remembered = insert(self._database.dialect, discards).on_conflict_do_nothing()
                await connection.execute(remembered, [_discarded(one, who, why, now) for one in gone])
            await add_counts(connection, tally_let_go(gone))
            await connection.execute(_EMPTY, {"ids": erasure.emptied})
            await connection.execute(_DROP, {"ids": erasure.calls})
            await connection.execute(_QUIET, {"of": org, "quoted": erasure.pauses})
            await _rename(connection, erasure.contacts)
            done = [AdminAction(now, who, "forget", org, entity_subject(one), why) for one in subjects]
            await add(connection, self._database.dialect, done)
        return Erased(removed, tuple(one for one in rewritten if one in going))


async def _redact(connection: AsyncConnection, redacted: Sequence[Redacted], there: Sequence[Held]) -> list[str]:
    """Returns those whose words are others now than they were."""
    if redacted:
        rows = [{"this": one.id, "kept": _kept(one.body), "told": one.detail} for one in redacted]
        await connection.execute(_REDACT, rows)
    before = {one.id: one.body for one in there}
    return [one.id for one in redacted if one.id in before and before[one.id] != one.body]


async def _locked(connection: AsyncConnection, ids: Sequence[str]) -> list[Held]:
    return [held_of(row) for row in (await connection.execute(_LOCKED, {"ids": ids})).mappings()]


async def _rename(connection: AsyncConnection, contacts: Sequence[DocumentKey]) -> None:
    for key, document in (await read_documents(connection, contacts)).items():
        facts = {name: value for name, value in document.facts.items() if name != "name"}
        where = {f"key_{name}": value for name, value in key_values(key).items()}
        await connection.execute(_RENAME, where | {"kept": dump(facts)})


def _discarded(one: Held, who: str, why: str, now: datetime) -> dict[str, Any]:
    known = {"id": one.id, "org": one.org, "event_id": one.event_id, "reason": one.reason}
    return known | {"body": NOTHING, "who": who, "why": why, "discarded_at": now}


def _kept(body: bytes) -> bytes:
    """As a message stays; one that is empty cannot be sent on its way any more."""
    return pack(body) if body else NOTHING
