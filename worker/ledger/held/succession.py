"""One row for an entity: what is held of it ends once a later event of it is held, or done.

Another copy of one version is a message of its own: a resync publishes each entity anew.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.errors import REASONS
from worker.documents.documents import EntityKey
from worker.ledger.database.statements import among, change, chunks, fetch, of_entities
from worker.ledger.database.tables import held
from worker.ledger.held.held_rows import held_of, row_of, upserting
from worker.ledger.records import PARENT_MISSING, Held, HoldState

DEATHS = frozenset({"message_expired", "message_rejected", "queue_full", "redelivery_limit"})
"""Those of messages that the broker gave up: see `worker.intake.dead_letters`."""

REFUSED = frozenset({*REASONS, *DEATHS, "lane_off", "misrouted", "version_in_future"})
"""The reasons of messages that intake refuses for what they are: none of them says how its entity is."""

_Row = Mapping[str, Any]
_OF_ENTITIES = select(held).where(
    held.c.org == bindparam("of"),
    held.c.source == bindparam("store"),
    held.c.entity == bindparam("sort"),
    among(held.c.entity_id, "ids"),
)
_DELETE = delete(held).where(among(held.c.id, "ids"))


def outdates(newer: Held, older: Held) -> bool:
    """Whether nobody wants `older` beside `newer`: another event of its entity, at the same version or a later one.

    A refused message does so only to what was refused alike: a copy that came astray does not stop a good one.
    """
    if newer.id == older.id or newer.owner is None or newer.owner != older.owner:
        return False
    if newer.version is None or older.version is None or older.version > newer.version:
        return False
    return newer.reason not in REFUSED or newer.reason == older.reason


def outdated_ones(events: Sequence[Held], there: Iterable[Held]) -> frozenset[str]:
    """The ids of those of `events` that are older than what is there of their entities, or than what comes with them.

    Of equal versions the last counts. A row of one of `events` that is there is the event itself, before it came back.
    """
    asked = {one.id for one in events}
    groups: defaultdict[EntityKey | None, list[Held]] = defaultdict(list)
    for one in (*(one for one in there if one.id not in asked), *events):
        groups[one.owner].append(one)
    groups.pop(None, None)
    return frozenset(
        one.id
        for group in groups.values()
        for place, one in enumerate(group)
        if one.id in asked and _is_outdated(one, before=group[:place], behind=group[place + 1 :])
    )


async def held_of_entities(connection: AsyncConnection, owners: Iterable[EntityKey]) -> list[Held]:
    """What is held of them: hardly ever anything."""
    return [held_of(row) for row in await _rows_of(connection, owners)]


async def drop_held(connection: AsyncConnection, completed: Sequence[tuple[EntityKey, datetime]]) -> list[Held]:
    """Delete held events of these entities up to the version: what they asked for is done, or overtaken.

    Returns them, those too that waited for a person.
    """
    to: dict[EntityKey, datetime] = {}
    for owner, version in completed:
        to[owner] = max(version, to.get(owner, version))
    dropped = [one for one in await held_of_entities(connection, to) if _is_up_to(one, to)]
    await _delete(connection, dropped)
    return dropped


async def keep_held(connection: AsyncConnection, dialect: str, events: Sequence[Held], now: datetime) -> list[Held]:
    """Insert, or overwrite what is held of the same event; returns what ends by it, as `drop_held` does.

    What takes another's place waits as long as that did: else a resync a day would make all that is parked new.
    """
    ids = {one.id for one in events}
    there: defaultdict[EntityKey | None, list[_Row]] = defaultdict(list)
    for row in await _rows_of(connection, {one.owner for one in events if one.owner and one.version}):
        if row["id"] not in ids:
            there[held_of(row).owner].append(row)
    ended: dict[str, Held] = {}
    rows = []
    for event in events:
        before = [row for row in there[event.owner] if outdates(event, held_of(row))]
        ended |= {row["id"]: held_of(row) for row in before}
        rows.append(_succeeding(row_of(event, now), before))
    await _delete(connection, ended.values())
    await upserting(dialect).run(connection, rows)
    return list(ended.values())


def _succeeding(row: dict[str, Any], before: Sequence[_Row]) -> dict[str, Any]:
    """`row` in the place of these."""
    row["created_at"] = min(one["created_at"] for one in (row, *before))
    if row["state"] == HoldState.PARENT.value:
        row["state_since"] = min((_has_waited_since(one, row) for one in before), default=row["state_since"])
    return row


def _has_waited_since(one: _Row, row: _Row) -> datetime:
    """Since when `one` has waited for the parent of `row`, be it by itself or, after a day of that, parked."""
    parents = ("parent_source", "parent_entity", "parent_entity_id", "parent_part")
    since: datetime = row["state_since"]
    if all(one[name] == row[name] for name in parents):
        if one["state"] == HoldState.PARENT.value:
            since = one["state_since"]
        elif one["reason"] == PARENT_MISSING:
            since = one["created_at"]
    return since


def _is_outdated(one: Held, *, before: Iterable[Held], behind: Iterable[Held]) -> bool:
    return any(outdates(other, one) for other in behind) or any(
        outdates(other, one) and other.version != one.version for other in before
    )


def _is_up_to(one: Held, to: Mapping[EntityKey, datetime]) -> bool:
    return one.owner is not None and one.version is not None and one.version <= to[one.owner]


async def _rows_of(connection: AsyncConnection, owners: Iterable[EntityKey]) -> list[_Row]:
    found: list[_Row] = []
    for asked in of_entities(owners):
        rows = await fetch(connection, _OF_ENTITIES, asked)
        found += [dict(zip(held.c.keys(), row, strict=True)) for row in rows]
    return found


async def _delete(connection: AsyncConnection, events: Iterable[Held]) -> None:
    for ids in chunks(one.id for one in events):
        await change(connection, _DELETE, {"ids": ids})
