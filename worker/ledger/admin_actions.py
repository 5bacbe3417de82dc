"""The record of what people did to the service: who, what, to which of its things, and why. Rows are only added."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from worker.documents.documents import EntityKey
from worker.ledger.database.engine import Database
from worker.ledger.database.statements import plain_insert
from worker.ledger.database.tables import admin_actions

_COLUMNS = [column for column in admin_actions.c if column.name != "id"]


@dataclass(frozen=True, slots=True)
class AdminAction:
    """`action` is the command's words joined by dots (`parked.discard`), `who` an OS user, or the console's.

    `subject` names what it was done to, without personal data: see `entity_subject`. `organisation` is empty where it
    concerns no one of them.
    """

    at: datetime
    who: str
    action: str
    organisation: str
    subject: str
    reason: str


class AdminActions:
    """Adds to the record, and reads it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def record(
        self, action: str, *, who: str, organisation: str = "", subject: str = "", reason: str = ""
    ) -> None:
        """Add one. Do it before the action where that is not in the ledger: what is done is then always on record."""
        async with self._database.transaction() as connection:
            now = await self._database.now(connection)
            done = AdminAction(now, who, action, organisation, subject, reason)
            await add(connection, self._database.dialect, [done])

    async def latest(self, *, organisation: str = "", subject: str = "", limit: int = 100) -> list[AdminAction]:
        """The latest, newest first; only those of an organisation, or of a subject, where they are named."""
        wanted: list[ColumnElement[bool]] = [true()]
        if organisation:
            wanted.append(admin_actions.c.organisation == organisation)
        if subject:
            wanted.append(admin_actions.c.subject == subject)
        statement = select(*_COLUMNS).where(and_(*wanted)).order_by(admin_actions.c.at.desc(), admin_actions.c.id)
        async with self._database.reading() as connection:
            rows = (await connection.execute(statement.limit(limit))).all()
        return [AdminAction(*row) for row in rows]


async def add(connection: AsyncConnection, dialect: str, actions: Iterable[AdminAction]) -> None:
    """Add these in the caller's transaction: the change and its record, or neither."""
    rows: list[dict[str, Any]] = [asdict(one) | {"id": uuid.uuid4().hex} for one in actions]
    await plain_insert(dialect, admin_actions).run(connection, rows)


def entity_subject(owner: EntityKey | None, event_id: str = "") -> str:
    """How an entity is named as a subject, `shop invoice 17`; a message that names none by its event's id."""
    return f"{owner.source} {owner.entity} {owner.entity_id}" if owner else f"message {event_id}"
