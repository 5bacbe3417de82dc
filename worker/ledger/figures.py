"""What waits in the ledger, in figures: for metrics."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, select

from worker.ledger.database.engine import Database
from worker.ledger.database.tables import IS_PENDING, calls, held
from worker.ledger.records import CallState, HoldState

_HELD = (
    select(held.c.state, held.c.reason, func.count(), func.min(held.c.created_at))
    .where(held.c.org == bindparam("of"))
    .group_by(held.c.state, held.c.reason)
)
_UNCERTAIN = (
    select(func.count())
    .select_from(calls)
    .where(calls.c.org == bindparam("of"), IS_PENDING, calls.c.state == CallState.UNCERTAIN.value)
)


@dataclass(frozen=True, slots=True)
class HeldGroup:
    """Events held alike, the oldest of them since `oldest`."""

    state: HoldState
    reason: str
    count: int
    oldest: datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """What an organisation has waiting at `now`, the ledger's time."""

    held: tuple[HeldGroup, ...]
    uncertain_calls: int
    now: datetime


class Figures:
    """Counts, in one reading."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def waiting(self, org: str) -> Waiting:
        """Held events by state and reason, and calls that are uncertain."""
        async with self._database.reading() as connection:
            rows = (await connection.execute(_HELD, {"of": org})).all()
            groups = tuple(HeldGroup(HoldState(state), reason, count, oldest) for state, reason, count, oldest in rows)
            uncertain = (await connection.execute(_UNCERTAIN, {"of": org})).scalar_one()
            return Waiting(groups, uncertain, await self._database.now(connection))
