"""How much waits in the ledger, for any number of organisations in a question or two."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, select

from schemas.envelope import Lane
from worker.ledger.database.engine import Database
from worker.ledger.database.statements import among
from worker.ledger.database.tables import IS_PENDING, IS_TIMED, calls, held
from worker.ledger.records import CallState, HoldState

_HELD = (
    select(
        held.c.org, held.c.state, held.c.reason, func.count().label("count"), func.min(held.c.created_at).label("at")
    )
    .where(among(held.c.org, "names"))
    .group_by(held.c.org, held.c.state, held.c.reason)
)
_DUE = (
    select(held.c.org, held.c.lane, func.count().label("due"))
    .where(among(held.c.org, "names"), IS_TIMED, held.c.until <= bindparam("at"))
    .group_by(held.c.org, held.c.lane)
)
_CALLS = (
    select(calls.c.org, calls.c.state, func.count().label("count"))
    .where(among(calls.c.org, "names"), IS_PENDING)
    .group_by(calls.c.org, calls.c.state)
)


@dataclass(frozen=True, slots=True)
class HeldCount:
    """Events of one organisation that wait for the same; the oldest of them came at `oldest`."""

    state: HoldState
    reason: str
    count: int
    oldest: datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """What of one organisation waits: events, and calls that are not settled."""

    held: Sequence[HeldCount] = ()
    calls: Mapping[CallState, int] = field(default_factory=dict)


class Overview:
    """Counts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def waiting(self, organisations: Collection[str]) -> dict[str, Waiting]:
        """By organisation; each of them is there."""
        names = {"names": list(organisations)}
        async with self._database.reading() as connection:
            held_rows: Sequence[Any] = (await connection.execute(_HELD, names)).all()
            call_rows: Sequence[Any] = (await connection.execute(_CALLS, names)).all()
        events: defaultdict[str, list[HeldCount]] = defaultdict(list)
        for row in held_rows:
            events[row.org].append(HeldCount(HoldState(row.state), row.reason, row.count, row.at))
        pending: defaultdict[str, dict[CallState, int]] = defaultdict(dict)
        for row in call_rows:
            pending[row.org][CallState(row.state)] = row.count
        return {name: Waiting(tuple(sorted(events[name], key=_order)), pending[name]) for name in organisations}

    async def due(self, organisations: Collection[str]) -> dict[str, Counter[Lane]]:
        """By organisation, each of them there: held events whose time has come, as after a retry, by their lane.

        Those that a worker has in memory are among them until they are done.
        """
        due: dict[str, Counter[Lane]] = {name: Counter() for name in organisations}
        async with self._database.reading() as connection:
            values = {"names": list(organisations), "at": await self._database.now(connection)}
            for row in await connection.execute(_DUE, values):
                due[row.org][Lane(row.lane)] = row.due
        return due


def _order(one: HeldCount) -> tuple[str, int, str]:
    """The most frequent reasons of a state first."""
    return one.state, -one.count, one.reason
