"""The memory of a store's agent, kept in the ledger: cursors, and what was published of each row."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from producers.checkpoints import Address, Memory, Reading, reconciled
from producers.store import Cursor, Stream
from schemas.entities import Entity
from worker.ledger.database.engine import Database
from worker.ledger.database.statements import chunks, insert, upsert
from worker.ledger.database.store_tables import store_rows, store_streams
from worker.ledger.runs.charge import Charge, told

_STREAM = (store_streams.c.store == bindparam("of"), store_streams.c.stream == bindparam("list"))
_READING = select(store_streams).where(*_STREAM)
_SAVE_CURSOR = (
    update(store_streams)
    .where(*_STREAM)
    .values(cursor_at=bindparam("at", type_=store_streams.c.cursor_at.type), cursor_id=bindparam("row"))
)
_SAVE_SWEPT = (
    update(store_streams).where(*_STREAM).values(swept_at=bindparam("at", type_=store_streams.c.swept_at.type))
)
_OF_STREAM = (store_rows.c.store == bindparam("of"), store_rows.c.stream == bindparam("list"))
_ROWS = (
    store_rows.c.row_id,
    store_rows.c.published,
    store_rows.c.broken,
    store_rows.c.version,
    store_rows.c.removed_at,
)
_BY_IDS = store_rows.c.row_id.in_(bindparam("ids", expanding=True))
_THESE = select(*_ROWS).where(*_OF_STREAM, _BY_IDS)
_LOCKED = _THESE.order_by(store_rows.c.row_id).with_for_update()
_BETWEEN = (
    select(*_ROWS)
    .where(*_OF_STREAM, store_rows.c.row_id > bindparam("after"), store_rows.c.published != "{}")
    .where(store_rows.c.row_id <= bindparam("until"))
    .order_by(store_rows.c.row_id)
    .limit(bindparam("most"))
)
_BROKEN = (
    select(*_ROWS)
    .where(*_OF_STREAM, store_rows.c.row_id > bindparam("after"), store_rows.c.broken != "")
    .order_by(store_rows.c.row_id)
    .limit(bindparam("most"))
)
_HIGHEST = 2**63 - 1
_FORGET = (
    update(store_rows)
    .where(*_OF_STREAM, store_rows.c.row_id == bindparam("row"))
    .values(published="{}", broken="", removed_at=bindparam("at", type_=store_rows.c.removed_at.type))
)


class StoreCheckpoints:
    """Implements `producers.checkpoints.Checkpoints` for one agent of one store."""

    def __init__(self, database: Database, charge: Charge, *, store: str) -> None:
        self._database = database
        self._charge = charge
        self._store = store

    async def take_charge(self, ttl_s: float) -> bool:
        """See the protocol."""
        return await self._charge.take(ttl_s)

    async def hand_over(self) -> None:
        """See the protocol."""
        await self._charge.hand_over()

    async def reading(self, stream: Stream) -> Reading | None:
        """See the protocol."""
        with told():
            async with self._database.reading() as connection:
                row = (await connection.execute(_READING, self._of(stream))).one_or_none()
        return Reading(Cursor(row.cursor_at, row.cursor_id), row.begun_at, row.swept_at) if row else None

    async def begin(self, stream: Stream, cursor: Cursor, at: datetime) -> Reading:
        """See the protocol."""
        values = {"cursor_at": cursor.changed_at, "cursor_id": cursor.id, "begun_at": at, "swept_at": at}
        async with self._charge.transaction() as (connection, _):
            statement = insert(self._database.dialect, store_streams).on_conflict_do_nothing()
            await connection.execute(statement, _key(self._store, stream) | values)
        return Reading(cursor, at, at)

    async def memories(self, stream: Stream, row_ids: Iterable[int]) -> dict[int, Memory]:
        """See the protocol."""
        found: dict[int, Memory] = {}
        with told():
            async with self._database.reading() as connection:
                for piece in chunks(row_ids):
                    rows = (await connection.execute(_THESE, self._of(stream) | {"ids": piece})).all()
                    found |= {row[0]: _memory(row) for row in rows}
        return found

    async def save(self, stream: Stream, memories: Sequence[Memory], cursor: Cursor | None = None) -> None:
        """See the protocol."""
        async with self._charge.transaction() as (connection, _):
            await save_memories(connection, self._database.dialect, self._store, stream, memories)
            if cursor is not None:
                values = {"at": cursor.changed_at, "row": cursor.id}
                await connection.execute(_SAVE_CURSOR, self._of(stream) | values)

    async def published_between(self, stream: Stream, after: int, until: int | None, limit: int) -> list[Memory]:
        """See the protocol."""
        bounds = {"after": after, "until": _HIGHEST if until is None else until, "most": limit}
        with told():
            async with self._database.reading() as connection:
                rows = (await connection.execute(_BETWEEN, self._of(stream) | bounds)).all()
        return [_memory(row) for row in rows]

    async def broken_after(self, stream: Stream, after: int, limit: int) -> list[Memory]:
        """See the protocol."""
        with told():
            async with self._database.reading() as connection:
                rows = (await connection.execute(_BROKEN, self._of(stream) | {"after": after, "most": limit})).all()
        return [_memory(row) for row in rows]

    async def forget(self, stream: Stream, removed_at: Mapping[int, datetime]) -> None:
        """See the protocol."""
        rows = [self._of(stream) | {"row": row_id, "at": version} for row_id, version in removed_at.items()]
        async with self._charge.transaction() as (connection, _):
            if rows:
                await connection.execute(_FORGET, rows)

    async def save_swept(self, stream: Stream, at: datetime) -> None:
        """See the protocol."""
        async with self._charge.transaction() as (connection, _):
            await connection.execute(_SAVE_SWEPT, self._of(stream) | {"at": at})

    def _of(self, stream: Stream) -> dict[str, Any]:
        return {"of": self._store, "list": stream.name}


async def save_memories(
    connection: AsyncConnection, dialect: str, store: str, stream: Stream, memories: Sequence[Memory]
) -> None:
    """Insert or overwrite rows of `store_rows`, as far as nobody else has saved them meanwhile."""
    stored: dict[int, Memory] = {}
    for piece in chunks(memory.row_id for memory in memories):
        found = await connection.execute(_LOCKED, {"of": store, "list": stream.name, "ids": piece})
        stored |= {row[0]: _memory(row) for row in found}
    agreed = [reconciled(memory, stored.get(memory.row_id, Memory(memory.row_id))) for memory in memories]
    statement = upsert(dialect, store_rows, ("store", "stream", "row_id"))
    await statement.run(connection, [_key(store, stream) | _row(memory) for memory in agreed])


def _key(store: str, stream: Stream) -> dict[str, Any]:
    return {"store": store, "stream": stream.name}


def _row(memory: Memory) -> dict[str, Any]:
    # no part of an address holds a space
    published = {" ".join(address): content for address, content in memory.published.items()}
    text = json.dumps(published, separators=(",", ":"))
    return {
        "row_id": memory.row_id,
        "published": text,
        "broken": memory.broken,
        "version": memory.version,
        "removed_at": memory.removed_at,
    }


def _memory(row: Sequence[Any]) -> Memory:
    row_id, published, broken, version, removed_at = row
    contents = {_address(text): content for text, content in json.loads(published).items()}
    return Memory(row_id, contents, broken, version=version, removed_at=removed_at)


def _address(text: str) -> Address:
    entity, entity_id, organisation = text.split(" ")
    return Address(Entity(entity), entity_id, organisation)
