"""Which document is in Xero, in which version, and how to find it again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, and_, bindparam, case, delete, literal, select, type_coerce, update
from sqlalchemy.ext.asyncio import AsyncConnection

from worker.documents.documents import DocumentKey, EntityKey, Kind
from worker.instants import instant, micros
from worker.ledger.database.engine import Database
from worker.ledger.database.statements import (
    KEY_COLUMNS,
    Prepared,
    among,
    chunks,
    fetch,
    insert,
    of_entities,
    prepared,
)
from worker.ledger.database.tables import IS_NUMBERED_ANEW, documents
from worker.ledger.database.types import dump, load
from worker.ledger.held.succession import drop_held
from worker.ledger.organisations.leases import fenced
from worker.ledger.records import Count, Document, Lease, uncounted
from worker.ledger.runs.run_counts import add_counts
from worker.ledger.voids import Voided, read_voids, remember_voids

Settled = tuple[DocumentKey, datetime, str]
"""A document, the version that needs no call, and the hash of its content."""

_KEY = len(KEY_COLUMNS)
_COLUMNS = (
    documents.c.kind,
    documents.c.xero_id,
    documents.c.number,
    type_coerce(documents.c.version, BigInteger),  # as it is stored: rows are not gone through for it
    documents.c.content_hash,
    documents.c.facts,
)
# of the key, what is not in the question
_OF_ENTITIES = select(documents.c.entity_id, documents.c.part, *_COLUMNS).where(
    documents.c.org == bindparam("of"),
    documents.c.source == bindparam("store"),
    documents.c.entity == bindparam("sort"),
    among(documents.c.entity_id, "ids"),
)
_BY_NUMBERS = select(*(documents.c[name] for name in KEY_COLUMNS), *_COLUMNS).where(
    documents.c.org == bindparam("of"), documents.c.kind == bindparam("sort"), among(documents.c.number, "numbers")
)
_ANY_REISSUED = (
    select(literal(1))
    .where(documents.c.org == bindparam("of"), documents.c.kind == Kind.INVOICE.value, IS_NUMBERED_ANEW)
    .limit(1)
)
_CODES = (
    select(documents.c.number)
    .distinct()
    .where(
        documents.c.org == bindparam("of"),
        documents.c.kind == Kind.ITEM.value,
        among(documents.c.number, "numbers"),
    )
)
_KINDS = {kind.value: kind for kind in Kind}
_IS_KEY = and_(*(documents.c[name] == bindparam(f"key_{name}") for name in KEY_COLUMNS))
_RAISE_VERSION = (
    update(documents)
    .where(_IS_KEY, documents.c.version <= bindparam("to_version"))
    .values(version=bindparam("to_version", type_=documents.c.version.type), content_hash=bindparam("to_hash"))
)
_DELETE = delete(documents).where(_IS_KEY)
_DELETE_ITEMS = delete(documents).where(
    documents.c.org == bindparam("of"), documents.c.kind == Kind.ITEM.value, among(documents.c.number, "numbers")
)


class Documents:
    """What the ledger knows of Xero's documents."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, keys: Iterable[DocumentKey]) -> dict[DocumentKey, Document]:
        """Those of `keys` that are there, any number of them."""
        async with self._database.reading() as connection:
            return await read_documents(connection, keys)

    async def voided(self, keys: Iterable[DocumentKey]) -> dict[DocumentKey, datetime]:
        """The version in which each was to be gone, of those that were to be before they were ever written."""
        async with self._database.reading() as connection:
            return await read_voids(connection, keys)

    async def by_number(self, org: str, kind: Kind, numbers: Iterable[str]) -> dict[str, Document]:
        """The documents that carry these numbers. Where several do, any one."""
        found: dict[str, Document] = {}
        async with self._database.reading() as connection:
            for piece in chunks(numbers):
                values = {"of": org, "sort": kind.value, "numbers": piece}
                rows = (await connection.execute(_BY_NUMBERS, values)).all()
                found |= {row.number: _document(DocumentKey(*row[:_KEY]), row[_KEY:]) for row in rows}
        return found

    async def has_reissued(self, org: str) -> bool:
        """Whether sales of the organisation were issued anew, now or under an earlier configuration."""
        async with self._database.reading() as connection:
            return (await connection.execute(_ANY_REISSUED, {"of": org})).first() is not None

    async def restore(self, lease: Lease, found: Sequence[Document]) -> None:
        """Put in those that are not there; what is there stays as it is. Raises `LeaseLost`."""
        async with self._database.transaction() as connection:
            await fenced(self._database, connection, lease)
            await _restoring(self._database.dialect).run_rows(connection, [_row(document) for document in found])

    async def rewrite(self, lease: Lease, known: Sequence[Document]) -> None:
        """Xero has these otherwise than was known; it was looked at, not written. Raises `LeaseLost`."""
        async with self._database.transaction() as connection:
            await fenced(self._database, connection, lease)
            await write_documents(connection, self._database.dialect, known)

    async def forget(self, lease: Lease, keys: Collection[DocumentKey]) -> None:
        """Whatever Xero has of these counts no more: others are to be made. Raises `LeaseLost`."""
        async with self._database.transaction() as connection:
            await fenced(self._database, connection, lease)
            await delete_documents(connection, keys)

    async def forget_items(self, lease: Lease, codes: Iterable[str]) -> None:
        """Xero has no items of these codes, whichever products they were. Raises `LeaseLost`."""
        async with self._database.transaction() as connection:
            await fenced(self._database, connection, lease)
            for piece in chunks(codes):
                await connection.execute(_DELETE_ITEMS, {"of": lease.name, "numbers": piece})

    async def settle_unchanged(
        self,
        lease: Lease,
        settled: Sequence[Settled],
        *,
        completed: Sequence[tuple[EntityKey, datetime]],
        voided: Sequence[Voided] = (),
        count: Count = uncounted,
    ) -> None:
        """These documents need no call: the content is in Xero already, or newer content is.

        Versions are raised, never lowered, and the content counts as sent: a person may have made Xero's the same. Held
        rows of completed entities up to the version are dropped, what is `voided` before it was ever there is
        remembered, and `count` says what the runs have of it, in one transaction. Raises `LeaseLost`.
        """
        async with self._database.transaction() as connection:
            now = await fenced(self._database, connection, lease)
            await raise_versions(connection, settled)
            await remember_voids(connection, self._database.dialect, voided, now)
            await add_counts(connection, count(await drop_held(connection, completed)))


async def read_documents(connection: AsyncConnection, keys: Iterable[DocumentKey]) -> dict[DocumentKey, Document]:
    """`Documents.get` inside a transaction."""
    asked_for = list(keys)
    wanted: dict[tuple[str, ...], DocumentKey] = dict(zip(asked_for, asked_for, strict=True))
    found: dict[DocumentKey, Document] = {}
    for asked in of_entities(wanted.values()):
        owner = asked["of"], asked["store"], asked["sort"]
        for entity_id, part, *columns in await fetch(connection, _OF_ENTITIES, asked):
            key = wanted.get((*owner, entity_id, part))
            if key is not None:
                found[key] = _document(key, columns)
    return found


async def read_item_codes(connection: AsyncConnection, org: str, codes: Iterable[str]) -> frozenset[str]:
    """Those of `codes` that are items of the organisation."""
    found: set[str] = set()
    for piece in chunks(codes):
        found.update(code for (code,) in await fetch(connection, _CODES, {"of": org, "numbers": piece}))
    return frozenset(found)


async def write_documents(connection: AsyncConnection, dialect: str, written: Sequence[Document]) -> None:
    """Insert or overwrite; a version never goes down."""
    await _writing(dialect).run_rows(connection, [_row(document) for document in written])


async def delete_documents(connection: AsyncConnection, keys: Collection[DocumentKey]) -> None:
    """Forget these; unknown ones are no error."""
    if keys:
        await connection.execute(_DELETE, [_where(key) for key in keys])


async def raise_versions(connection: AsyncConnection, to: Sequence[Settled]) -> None:
    """Raise the versions of documents that are there."""
    if to:
        rows = [_where(key) | {"to_version": version, "to_hash": content} for key, version, content in to]
        await connection.execute(_RAISE_VERSION, rows)


@cache
def _writing(dialect: str) -> Prepared:
    statement = insert(dialect, documents)
    new = statement.excluded
    changed = {name: new[name] for name in ("kind", "xero_id", "number", "content_hash", "facts")}
    changed["version"] = case((new.version > documents.c.version, new.version), else_=documents.c.version)
    return prepared(dialect, statement.on_conflict_do_update(index_elements=list(KEY_COLUMNS), set_=changed))


@cache
def _restoring(dialect: str) -> Prepared:
    return prepared(dialect, insert(dialect, documents).on_conflict_do_nothing(index_elements=list(KEY_COLUMNS)))


class _Facts(Mapping[str, Any]):
    """Facts as they are stored: read when somebody asks, which for most documents nobody does."""

    __slots__ = ("_read", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._read: Mapping[str, Any] | None = None

    def __getitem__(self, name: str) -> Any:
        return self._all()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def __repr__(self) -> str:
        return repr(dict(self))

    def _all(self) -> Mapping[str, Any]:
        if self._read is None:
            self._read = load(self._text)
        return self._read


def _where(key: DocumentKey | EntityKey) -> dict[str, Any]:
    return {f"key_{name}": value for name, value in zip(KEY_COLUMNS, key, strict=False)}


def _row(document: Document) -> tuple[Any, ...]:
    """The table's columns, in their order."""
    version, facts = micros(document.version), dump(document.facts)
    return (*document.key, str(document.kind), document.xero_id, document.number, version, document.content_hash, facts)


def _document(key: DocumentKey, columns: Sequence[Any]) -> Document:
    """Of `_COLUMNS`, by position: this runs hundreds of times a call."""
    kind, xero_id, number, version, content_hash, facts = columns
    return Document(key, _KINDS[kind], xero_id, number, instant(version), content_hash, _Facts(facts))
