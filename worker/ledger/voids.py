"""Documents that were to be gone before they were ever written: no older version that comes later makes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache

from sqlalchemy import bindparam, case, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from worker.documents.documents import DocumentKey
from worker.ledger.database.statements import (
    KEY_COLUMNS,
    Prepared,
    among,
    fetch,
    insert,
    key_values,
    of_entities,
    prepared,
)
from worker.ledger.database.tables import voids

Voided = tuple[DocumentKey, datetime]
"""A document, and the version in which it was to be gone."""

_OF_ENTITIES = select(*(voids.c[name] for name in KEY_COLUMNS), voids.c.version).where(
    voids.c.org == bindparam("of"),
    voids.c.source == bindparam("store"),
    voids.c.entity == bindparam("sort"),
    among(voids.c.entity_id, "ids"),
)
_DROP = delete(voids).where(voids.c.recorded_at < bindparam("before"))


async def remember_voids(connection: AsyncConnection, dialect: str, voided: Sequence[Voided], now: datetime) -> None:
    """Keep the newest version in which each was to be gone."""
    rows = [key_values(key) | {"version": version, "recorded_at": now} for key, version in voided]
    await _remembering(dialect).run(connection, rows)


async def read_voids(connection: AsyncConnection, keys: Iterable[DocumentKey]) -> dict[DocumentKey, datetime]:
    """The version in which each was to be gone, of those of which that is known."""
    found: dict[DocumentKey, datetime] = {}
    for asked in of_entities(keys):
        rows = await fetch(connection, _OF_ENTITIES, asked)
        found |= {DocumentKey(*key): version for *key, version in rows}
    return found


async def drop_voids(connection: AsyncConnection, before: datetime) -> None:
    """Forget what was recorded before that time."""
    await connection.execute(_DROP, {"before": before})


@cache
def _remembering(dialect: str) -> Prepared:
    statement = insert(dialect, voids)
    new = statement.excluded
    changed = {
        "version": case((new.version > voids.c.version, new.version), else_=voids.c.version),
        "recorded_at": new.recorded_at,
    }
    return prepared(dialect, statement.on_conflict_do_update(index_elements=list(KEY_COLUMNS), set_=changed))
