"""The run of a command that counts for its store, on both databases."""

from __future__ import annotations

from producers.runs import Run, RunState
from schemas.commands import ResyncAll, SyncNow
from schemas.entities import Entity
from tests.support.agent_fixture import message
from tests.support.fakes import FakeClock
from worker.ledger.ledger import Ledger


async def test_the_current_run_of_a_command_is_the_one_under_way_else_the_last(
    ledger: Ledger, clock: FakeClock
) -> None:
    checkpoints, runs = ledger.store("shop", holder="a1")
    assert await checkpoints.take_charge(3600)
    first = Run("r1", "resync-all", ResyncAll(entities=(Entity.INVOICE,)))
    for run in (
        first,
        Run("r2", "resync-all", ResyncAll()),
        Run("r3", "sync-now", SyncNow(entity=Entity.ORDER, ids=("1",))),
    ):
        clock.advance(1)
        await runs.record(run, message(run.name, run.command, run.id))
    recorded = await ledger.runs.newest("shop", "resync-all")
    await runs.begin(first)
    under_way = await ledger.runs.newest("shop", "resync-all")
    await runs.finish(first, RunState.DONE)
    last = await ledger.runs.newest("shop", "resync-all")

    assert [run.id if run else None for run in (recorded, under_way, last)] == ["r2", "r1", "r2"]
    assert await ledger.runs.newest("elsewhere", "resync-all") is None
    assert await ledger.runs.newest("shop", "resync") is None
