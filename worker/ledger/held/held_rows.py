"""Held events as rows, and back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import case

from schemas.envelope import Lane
from worker.documents.documents import DocumentKey, EntityKey
from worker.ledger.database.statements import Prepared, insert, prepared
from worker.ledger.database.tables import held
from worker.ledger.database.types import NOTHING, pack, unpack
from worker.ledger.records import Held, HoldState

_KEPT = ("id", "org", "created_at", "state_since")


@cache
def upserting(dialect: str) -> Prepared:
    """One row per message: holding it again keeps when it first came, and since when it has been in its state.

    And its words: a worker may have had in memory what somebody was taken out of meanwhile.
    """
    statement = insert(dialect, held)
    new = statement.excluded
    changed = {column.name: new[column.name] for column in held.columns if column.name not in _KEPT}
    changed["body"] = case((held.c.body == NOTHING, new.body), else_=held.c.body)
    changed["state_since"] = case((held.c.state == new.state, held.c.state_since), else_=new.state_since)
    return prepared(dialect, statement.on_conflict_do_update(index_elements=["id"], set_=changed))


def row_of(event: Held, now: datetime) -> dict[str, Any]:
    """Its columns; the body compressed."""
    owner: tuple[str | None, ...] = event.owner or (None,) * 4
    parent: tuple[str | None, ...] = event.parent or (None,) * 5
    return {
        "id": event.id,
        "org": event.org,
        "state": event.state.value,
        "lane": event.lane.value,
        "body": pack(event.body),
        "event_id": event.event_id,
        "source": owner[1],
        "entity": owner[2],
        "entity_id": owner[3],
        "version": event.version,
        "reason": event.reason,
        "detail": event.detail,
        "hint": event.hint,
        "until": event.until,
        "parent_source": parent[1],
        "parent_entity": parent[2],
        "parent_entity_id": parent[3],
        "parent_part": parent[4],
        "attempt": event.attempt,
        "created_at": event.created_at or now,
        "state_since": now,
    }


def held_of(row: Mapping[Any, Any]) -> Held:
    """The event of a row; its body is empty where the row comes without."""
    return Held(
        id=row["id"],
        org=row["org"],
        state=HoldState(row["state"]),
        lane=Lane(row["lane"]),
        body=unpack(row["body"]) if "body" in row else b"",
        event_id=row["event_id"],
        owner=_owner(row),
        version=row["version"],
        reason=row["reason"],
        detail=row["detail"],
        hint=row["hint"],
        until=row["until"],
        parent=_parent(row),
        attempt=row["attempt"],
        created_at=row["created_at"],
    )


def _owner(row: Mapping[Any, Any]) -> EntityKey | None:
    if row["source"] is None:
        return None
    return EntityKey(row["org"], row["source"], row["entity"], row["entity_id"])


def _parent(row: Mapping[Any, Any]) -> DocumentKey | None:
    if row["parent_source"] is None:
        return None
    names = ("parent_source", "parent_entity", "parent_entity_id", "parent_part")
    return DocumentKey(row["org"], *(row[name] for name in names))
