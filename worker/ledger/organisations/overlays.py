"""What the console adds to organisations' configurations: read by workers when a session begins."""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from worker.ledger.admin_actions import AdminAction, add
from worker.ledger.database.engine import Database
from worker.ledger.database.statements import upsert
from worker.ledger.database.tables import overlays
from worker.settings.overlay import Entry, Overlay, Table

_OF = (
    select(overlays.c.section, overlays.c.key, overlays.c.value)
    .where(overlays.c.org == bindparam("of"))
    .order_by(overlays.c.section, overlays.c.key)
)
_THIS = (
    overlays.c.org == bindparam("of"),
    overlays.c.section == bindparam("within"),
    overlays.c.key == bindparam("named"),
)
_VALUE = select(overlays.c.value).where(*_THIS)
_REMOVE = delete(overlays).where(*_THIS)
_KEYS = ("org", "section", "key")
_NOTHING = "nothing"


class Overlays:
    """One row per entry; each change is on the admins' record, with what was there before."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, org: str) -> Overlay:
        """An organisation's entries, always in the same order."""
        async with self._database.reading() as connection:
            rows = (await connection.execute(_OF, {"of": org})).all()
        return tuple(Entry(Table(row.section), row.key, row.value) for row in rows)

    async def set(self, org: str, entry: Entry, *, who: str) -> None:
        """Add an entry, or give it another value."""
        async with self._database.transaction() as connection:
            before = await self._value(connection, org, entry.table, entry.key)
            row = {"org": org, "section": entry.table.value, "key": entry.key, "value": entry.value}
            await upsert(self._database.dialect, overlays, _KEYS).run(connection, [row])
            await self._record(connection, org, entry, "mapping.set", who, f"{before or _NOTHING} → {entry.value}")

    async def remove(self, org: str, table: Table, key: str, *, who: str) -> bool:
        """Take an entry back. False where there is none."""
        async with self._database.transaction() as connection:
            before = await self._value(connection, org, table, key)
            if before is None:
                return False
            await connection.execute(_REMOVE, _named(org, table, key))
            gone = Entry(table, key, before)
            await self._record(connection, org, gone, "mapping.remove", who, f"{before} → {_NOTHING}")
            return True

    async def _value(self, connection: AsyncConnection, org: str, table: Table, key: str) -> str | None:
        found: str | None = (await connection.execute(_VALUE, _named(org, table, key))).scalar_one_or_none()
        return found

    async def _record(
        self, connection: AsyncConnection, org: str, entry: Entry, action: str, who: str, change: str
    ) -> None:
        now = await self._database.now(connection)
        done = AdminAction(now, who, action, org, f"{entry.table} {entry.key}", change)
        await add(connection, self._database.dialect, [done])


def _named(org: str, table: Table, key: str) -> dict[str, Any]:
    return {"of": org, "within": table.value, "named": key}
