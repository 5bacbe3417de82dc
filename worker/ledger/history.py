"""What the ledger still knows of an entity's past: its documents, events that were held, and the calls that named it.

Which documents a call carried is packed into its row, so whoever looks for calls reads all of a time. That is for a
person who asks, not for the pipeline.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select, union

from schemas.envelope import Lane
from worker.documents.documents import MONEY, DocumentKey, EntityKey, Kind
from worker.ledger.calls.call_rows import call_of
from worker.ledger.database.engine import Database
from worker.ledger.database.paging import by_ids, pages
from worker.ledger.database.statements import KEY_COLUMNS, among
from worker.ledger.database.tables import calls, discards, documents, held
from worker.ledger.database.types import dump, unpack
from worker.ledger.documents import read_documents
from worker.ledger.held.held_rows import held_of
from worker.ledger.records import Call, Document, Held, Member

_SALES = (Kind.INVOICE.value, Kind.CREDIT_NOTE.value)
_LISTED = [column for column in held.c if column.name != "body"]
_WHOLE = select(held).where(among(held.c.id, "ids"))
_BODY = select(held.c.id, held.c.body).where(among(held.c.id, "ids"))
_DETAIL = select(held.c.id, held.c.detail).where(among(held.c.id, "ids"), held.c.detail != "")
_OWNER_COLUMNS = KEY_COLUMNS[:4]


@dataclass(frozen=True, slots=True)
class Sought:
    """An entity that is looked for, in these organisations. Empty values leave all in."""

    organisations: tuple[str, ...]
    source: str = ""
    entity: str = ""
    entity_id: str = ""


@dataclass(frozen=True, slots=True)
class PastCall:
    """A call, and those of its members that are of what was looked for."""

    call: Call
    lane: Lane
    closed_at: datetime | None
    documents: int
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class Discarded:
    """A parked event that a person let go; `body` is its message as it came."""

    id: str
    org: str
    event_id: str
    reason: str
    body: bytes
    who: str
    why: str
    at: datetime


class Histories:
    """Looks back. What retention has dropped is not found."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def documents(self, sought: Sought) -> list[Document]:
        """Every document of an entity."""
        return await self._read(_of_entity(select(*_key(documents)), documents, sought))

    async def numbered(self, organisations: Collection[str], number: str) -> list[Document]:
        """The documents whose number is this, or ends with it behind a dash, as `I-shop-17` does with 17."""
        ending = f"-{number}"
        found = or_(documents.c.number == number, documents.c.number.endswith(ending, autoescape=True))
        named = await self._read(select(*_key(documents)).where(documents.c.org.in_(organisations), found))
        # SQLite's LIKE takes A for a
        return [one for one in named if one.number == number or one.number.endswith(ending)]

    async def sources(self, organisations: Collection[str]) -> list[str]:
        """The stores of all documents and of what is held, by name."""
        ours = [select(table.c.source).where(table.c.org.in_(organisations)) for table in (documents, held)]
        async with self._database.reading() as connection:
            return sorted(filter(None, (await connection.execute(union(*ours))).scalars()))

    async def held(self, sought: Sought) -> list[Held]:
        """What is held of an entity, for whatever it waits, oldest first, without bodies."""
        statement = _of_entity(select(*_LISTED), held, sought).order_by(held.c.created_at, held.c.id)
        async with self._database.reading() as connection:
            return [held_of(row) for row in (await connection.execute(statement)).mappings()]

    async def every_held(self, organisations: Collection[str]) -> AsyncIterator[Held]:
        """All that is held, with bodies, a page of them in memory."""
        async for one in self.held_of_ids(await self._held_ids(organisations)):
            yield one

    async def held_bodies(self, organisations: Collection[str]) -> AsyncIterator[tuple[str, bytes]]:
        """The ids and bodies alone, in less than half the time: what is looked for is in few of them."""
        async for row in by_ids(self._database, _BODY, await self._held_ids(organisations)):
            yield row["id"], unpack(row["body"])

    async def held_details(self, organisations: Collection[str]) -> AsyncIterator[tuple[str, str]]:
        """The ids and details alone, where there is one."""
        async for row in by_ids(self._database, _DETAIL, await self._held_ids(organisations)):
            yield row["id"], row["detail"]

    async def held_of_ids(self, ids: Iterable[str]) -> AsyncIterator[Held]:
        """What is still held of these, with bodies, in their order."""
        async for row in by_ids(self._database, _WHOLE, ids):
            yield held_of(row)

    async def holding(self, organisations: Collection[str], text: bytes) -> AsyncIterator[Held]:
        """What is held with this text in its body."""
        ids = [one async for one, body in self.held_bodies(organisations) if text in body]
        async for one in self.held_of_ids(ids):
            yield one

    async def _held_ids(self, organisations: Collection[str]) -> Sequence[str]:
        async with self._database.reading() as connection:
            return (await connection.execute(select(held.c.id).where(held.c.org.in_(organisations)))).scalars().all()

    async def every_discard(self, organisations: Collection[str]) -> AsyncIterator[Discarded]:
        """All that was let go and is still kept, a page of them in memory."""
        async for row in pages(
            self._database, select(discards).where(discards.c.org.in_(organisations)), (discards.c.id,)
        ):
            values = {name: row[name] for name in ("id", "org", "event_id", "reason", "who", "why")}
            yield Discarded(**values, body=unpack(row["body"]), at=row["discarded_at"])

    async def calls(
        self,
        organisations: Collection[str],
        *,
        since: datetime,
        owners: Collection[EntityKey],
        xero_ids: Collection[str] = (),
    ) -> list[PastCall]:
        """Calls opened `since` that carried these entities' documents, oldest first.

        With `xero_ids` also payments and allocations of the documents with these ids. 30,000 full calls take some 3 s.
        """
        wanted = _Wanted(owners, xero_ids)
        rows = self._calls(organisations, calls.c.members.is_not(None), since=since)
        found = [past async for row in rows if (past := wanted.past(row)) is not None]
        return sorted(found, key=lambda past: (past.call.opened_at, past.call.id))

    async def referring(self, organisations: Collection[str], number: str, *, since: datetime) -> set[EntityKey]:
        """Entities of which a call `since` carried a document that refers to `number`: sales of an order."""
        text = f'"Reference":{dump(number)}'.encode()
        are_sales = and_(calls.c.kind.in_(_SALES), calls.c.body.is_not(None))
        owners: set[EntityKey] = set()
        async for row in self._calls(organisations, are_sales, since=since):
            if text in unpack(row["body"]):
                owners.update(member.key.owner for member in call_of(row).members if text in member.text)
        return owners

    async def _calls(
        self, organisations: Collection[str], wanted: ColumnElement[bool], *, since: datetime
    ) -> AsyncIterator[Any]:
        """One organisation after the other, the oldest first: the index has no order over several."""
        for org in organisations:
            statement = select(calls).where(calls.c.org == org, wanted)
            async for row in pages(self._database, statement, (calls.c.opened_at, calls.c.id), behind=(since, "")):
                yield row

    async def _read(self, keys: Select[Any]) -> list[Document]:
        async with self._database.reading() as connection:
            wanted = [DocumentKey(*row) for row in (await connection.execute(keys)).all()]
            found = await read_documents(connection, wanted)
        return [found[key] for key in sorted(found)]


class _Wanted:
    """Knows a call that names one of these entities or ids, without reading more of it than it has to."""

    def __init__(self, owners: Collection[EntityKey], xero_ids: Collection[str]) -> None:
        self._owners = frozenset(owners)
        self._in_members = [dump(list(owner))[:-1].encode() + b"," for owner in owners]
        self._ids = [f'"{xero_id}"'.encode() for xero_id in xero_ids if xero_id]

    def past(self, row: Any) -> PastCall | None:
        members = unpack(row["members"])
        # the bodies of these name the document that the money belongs to
        is_money = row["kind"] in MONEY and bool(self._ids)
        named = any(place in members for place in self._in_members)
        if not named and not (is_money and self._names_an_id(members + unpack(row["body"] or b""))):
            return None
        call = call_of(row)
        ours = tuple(one for one in call.members if self._is_ours(one, is_money=is_money))
        return PastCall(call, Lane(row["lane"]), row["closed_at"], row["documents"], ours) if ours else None

    def _is_ours(self, member: Member, *, is_money: bool) -> bool:
        return member.key.owner in self._owners or (is_money and self._names_an_id(member.text))

    def _names_an_id(self, text: bytes) -> bool:
        return any(one in text for one in self._ids)


def _key(table: Any) -> list[ColumnElement[Any]]:
    return [table.c[name] for name in KEY_COLUMNS]


def _of_entity(statement: Select[Any], table: Any, sought: Sought) -> Select[Any]:
    statement = statement.where(table.c.org.in_(sought.organisations))
    for name in _OWNER_COLUMNS[1:]:
        if value := getattr(sought, name):
            statement = statement.where(table.c[name] == value)
    return statement
