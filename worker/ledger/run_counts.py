"""What became of a run's events, added to its record in the transaction that ends them: no crash comes in between."""

from __future__ import annotations

from sqlalchemy import bindparam, update
from sqlalchemy.ext.asyncio import AsyncConnection

from worker.ledger.records import Tally
from worker.ledger.store_tables import runs

_ADDED = ("written", "unchanged", "parked", "calls")
_ADD = (
    update(runs).where(runs.c.id == bindparam("this")).values({name: runs.c[name] + bindparam(name) for name in _ADDED})
)


async def add_counts(connection: AsyncConnection, counts: Tally) -> None:
    """Add to the runs' `written`, `unchanged`, `parked` and `calls`. A correlation id that is no run's is no error.

    Nothing is asked of the database where there is nothing to add.
    """
    if counts:
        # in the same order everywhere: two workers that each wait for the other's rows would wait for ever
        rows = [{"this": run_id} | {name: counts[run_id].get(name, 0) for name in _ADDED} for run_id in sorted(counts)]
        await connection.execute(_ADD, rows)
