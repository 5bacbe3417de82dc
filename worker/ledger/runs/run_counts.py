"""What became of a run's events, added to its record in the transaction that ends them: no crash comes in between."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import bindparam, update
from sqlalchemy.ext.asyncio import AsyncConnection

from worker.ledger.database.store_tables import runs
from worker.ledger.records import Tally

_ADDED = ("written", "unchanged", "parked", "calls")
_ADD = (
    update(runs).where(runs.c.id == bindparam("this")).values({name: runs.c[name] + bindparam(name) for name in _ADDED})
)


async def add_counts(connection: AsyncConnection, *counts: Tally) -> None:
    """Add to the runs' `written`, `unchanged`, `parked` and `calls`, all that a transaction has to add at once.

    A correlation id that is no run's is no error. Nothing is asked of the database where there is nothing to add.
    """
    if any(counts):
        # in the same order everywhere: two workers that each wait for the other's rows would wait for ever
        await connection.execute(_ADD, [_row(run_id, counts) for run_id in sorted(set().union(*counts))])


def _row(run_id: str, counts: Iterable[Tally]) -> dict[str, Any]:
    of_run = [one[run_id] for one in counts if run_id in one]
    return {"this": run_id} | {name: sum(one.get(name, 0) for one in of_run) for name in _ADDED}
