"""How many events of each run the ledger holds for what may take days: another sale, or a person's approval."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from worker.ledger.database.engine import Database
from worker.ledger.database.statements import among, chunks
from worker.ledger.database.tables import IS_CHILD, IS_TIMED, held
from worker.ledger.database.types import unpack
from worker.ledger.records import AWAITING_APPROVAL
from worker.ledger.runs.run_events import run_of_read

_FOR_PARENT = select(held.c.id).where(IS_CHILD)
# what is due is on its way: a worker may have it in memory
_FOR_APPROVAL = select(held.c.id).where(IS_TIMED, held.c.reason == AWAITING_APPROVAL, held.c.until > bindparam("at"))
_BODIES = select(held.c.id, held.c.body).where(among(held.c.id, "ids"))
_AT_ONCE = 256


class HeldOfRuns:
    """Only the message says which run it is of. It is read once, so that who follows a run reads none of them again."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._runs: dict[str, str] = {}

    async def counts(self, connection: AsyncConnection) -> tuple[Counter[str], Counter[str]]:
        """By run: those that wait for their parent, and those that wait until a person approves it."""
        now = await self._database.now(connection)
        parent = (await connection.execute(_FOR_PARENT)).scalars().all()
        approval = (await connection.execute(_FOR_APPROVAL, {"at": now})).scalars().all()
        there = {*parent, *approval}
        runs = {one: run for one, run in self._runs.items() if one in there}
        for ids in chunks(there - runs.keys(), _AT_ONCE):
            rows = (await connection.execute(_BODIES, {"ids": ids})).all()
            runs |= {row.id: run_of_read(unpack(row.body)) for row in rows}
        self._runs = runs
        # one that ended between two of these questions is of none
        return _by_run(parent, runs), _by_run(approval, runs)


def _by_run(ids: Iterable[str], runs: Mapping[str, str]) -> Counter[str]:
    return Counter(runs.get(one, "") for one in ids)
