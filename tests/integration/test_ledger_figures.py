"""What waits in the ledger, counted, and a store's current run, on both databases."""

from __future__ import annotations

from producers.runs import Run, RunState
from schemas.commands import ResyncAll, SyncNow
from schemas.entities import Entity
from tests.support.agent_fixture import message
from tests.support.fakes import START, FakeClock
from tests.support.sample_ledger import ORG, event, lease_of, open_call, write
from worker.ledger.figures import HeldGroup
from worker.ledger.ledger import Ledger
from worker.ledger.records import HoldState


async def test_held_events_are_counted_by_state_and_reason_with_the_oldest_of_each(
    ledger: Ledger, clock: FakeClock
) -> None:
    lease = await lease_of(ledger)
    other = await lease_of(ledger, name="other")
    await ledger.held.hold(lease, [event(1, HoldState.PERSON, reason="totals")])
    clock.advance(60)
    await ledger.held.hold(lease, [event(2, HoldState.PERSON, reason="totals"), event(3, HoldState.TIME)])
    await ledger.held.hold(other, [event(4, HoldState.PERSON, org="other")])

    waiting = await ledger.figures.waiting(ORG)

    assert set(waiting.held) == {
        HeldGroup(HoldState.PERSON, "totals", 2, START),
        HeldGroup(HoldState.TIME, "because", 1, clock.now()),
    }
    assert (waiting.uncertain_calls, waiting.now) == (0, clock.now())


async def test_only_calls_that_are_uncertain_count_as_such(ledger: Ledger) -> None:
    lease = await lease_of(ledger)
    calls = [await open_call(ledger, lease, write(number)) for number in range(3)]
    for call in calls[:2]:
        await ledger.calls.mark_uncertain(lease, call.id, status=None, detail="no reply")
    await ledger.calls.close(lease, calls[0].id, status=200)

    assert (await ledger.figures.waiting(ORG)).uncertain_calls == 1


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
