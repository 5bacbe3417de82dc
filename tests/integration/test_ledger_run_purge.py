"""Runs of commands are kept for a time after their end, and while something of them is still on its way."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from producers.runs import Progress, Run, RunState
from producers.store import Stream
from schemas.commands import ResyncAll
from schemas.entities import Entity
from tests.support.agent_fixture import message
from tests.support.fakes import FakeClock
from tests.support.sample_ledger import opened
from worker.ledger.ledger import Ledger
from worker.ledger.runs.runs import StoreRuns

DAY_S = 86_400
INVOICES = Stream("invoices", frozenset({Entity.INVOICE}))


@pytest.fixture
async def ledger(database_url: str, clock: FakeClock) -> AsyncIterator[Ledger]:
    async with opened(database_url, clock=clock) as ledger:
        yield ledger


async def in_charge(ledger: Ledger) -> StoreRuns:
    checkpoints, runs = ledger.store("shop", holder="agent")
    assert await checkpoints.take_charge(1000 * DAY_S)
    return runs


async def record(runs: StoreRuns, name: str) -> Run:
    run = Run(name, "resync-all", ResyncAll())
    await runs.record(run, message(run.name, run.command, run.id))
    return run


async def ended(runs: StoreRuns, name: str, state: RunState) -> Run:
    """With two events on the wire."""
    run = await record(runs, name)
    await runs.begin(run)
    await runs.save_page(run, INVOICES, Progress(last=7, pages=1, rows=2, published=2), [])
    await runs.finish(run, state)
    return run


async def left(ledger: Ledger) -> set[str]:
    return {run.id for run in await ledger.runs.latest(10_000)}


async def test_runs_that_ended_before_the_retention_are_dropped_with_their_progress(
    ledger: Ledger, clock: FakeClock
) -> None:
    runs = await in_charge(ledger)
    old = await record(runs, "old")
    await record(runs, "joined")
    await runs.begin(old)
    await runs.save_page(old, INVOICES, Progress(last=7, pages=1, rows=2), [])
    await runs.finish(old, RunState.DONE)
    await runs.refuse(b"nonsense", "not understood")
    clock.advance(29 * DAY_S)
    await runs.finish(await record(runs, "young"), RunState.FAILED)
    endless = await record(runs, "endless")
    clock.advance(1.5 * DAY_S)

    dropped = await ledger.runs.purge(30)

    assert (dropped, await left(ledger)) == (3, {"young", "endless"})
    assert await ledger.runs.purge(30) == 0
    assert await runs.progress(old) == {}
    assert await runs.wanted(endless)


async def test_a_run_whose_events_wait_in_the_backfill_is_kept_until_they_are_settled(
    ledger: Ledger, clock: FakeClock
) -> None:
    waiting = await ended(await in_charge(ledger), "waiting", RunState.DONE)
    await ledger.runs.add({waiting.id: {"written": 1}})
    clock.advance(40 * DAY_S)

    kept = await ledger.runs.purge(30), await left(ledger)
    await ledger.runs.add({waiting.id: {"parked": 1}})

    assert kept == (0, {"waiting"})
    assert await ledger.runs.purge(30) == 1


async def test_a_run_whose_events_were_never_counted_is_dropped_after_thirteen_months(
    ledger: Ledger, clock: FakeClock
) -> None:
    await ended(await in_charge(ledger), "lost", RunState.CANCELLED)
    clock.advance(timedelta(days=401).total_seconds())

    assert await ledger.runs.purge(30) == 1


async def test_more_runs_than_a_page_are_dropped_at_once(ledger: Ledger, clock: FakeClock) -> None:
    runs = await in_charge(ledger)
    for number in range(1_001):
        await runs.refuse(b"nonsense %d" % number, "not understood")
    clock.advance(31 * DAY_S)

    assert await ledger.runs.purge(30) == 1_001
