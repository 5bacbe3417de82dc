"""Several processes that write to the same rows at once: none locks another out.

SQLite has one writer, who is never in another's way.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace

import psycopg
import pytest

from producers.runs import Run, RunState
from schemas.commands import SyncNow
from schemas.entities import Entity
from tests.support.agent_fixture import message
from tests.support.sample_ledger import ORG, event, lease_of, opened
from tests.support.waiting import until
from worker.documents.documents import Kind
from worker.ledger.held.parked import Chosen
from worker.ledger.ledger import Ledger
from worker.ledger.personal import Erasure, Redacted
from worker.ledger.records import KIND_PAUSED, Held, HoldState

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
_WAITING = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
_ADD = "UPDATE runs SET written = written + 1 WHERE id = %s"
_FENCE = "SELECT 1 FROM leases WHERE name = %s FOR NO KEY UPDATE"
_HOLD = "UPDATE held SET attempt = attempt + 1 WHERE id = %s"


@pytest.fixture
async def ledger(database_url: str) -> AsyncIterator[Ledger]:
    async with opened(database_url) as ledger:
        yield ledger


@pytest.fixture
def other(database_url: str, ledger: Ledger) -> Iterator[psycopg.Connection]:
    """Another process, in the middle of a transaction."""
    with psycopg.connect(database_url.replace("+psycopg", "", 1)) as connection:
        yield connection


async def test_counts_of_the_same_runs_do_not_wait_for_each_other_for_ever(
    ledger: Ledger, other: psycopg.Connection
) -> None:
    for name in ("r1", "r2"):
        await record(ledger, name)
    other.execute(_ADD, ["r1"])

    adding = asyncio.create_task(ledger.runs.add({"r2": {"written": 1}, "r1": {"written": 1}}))
    await until_waiting(other)
    await asyncio.to_thread(other.execute, _ADD, ["r2"])
    other.commit()
    await adding

    assert {one.id: one.written for one in await ledger.runs.latest()} == {"r1": 2, "r2": 2}


async def test_a_command_that_two_agents_write_down_at_once_is_one_run(
    ledger: Ledger, other: psycopg.Connection
) -> None:
    await record(ledger, "r1")
    other.execute("CREATE TEMPORARY TABLE theirs AS SELECT * FROM runs")
    other.execute("DELETE FROM runs")
    other.commit()
    other.execute("INSERT INTO runs SELECT * FROM theirs")

    recording = asyncio.create_task(record(ledger, "r1"))
    await until_waiting(other)
    other.commit()

    assert await recording is RunState.RECORDED
    assert [one.id for one in await ledger.runs.latest()] == ["r1"]


@pytest.mark.parametrize("how", ["retry", "discard", "end a pause", "forget", "purge"])
async def test_who_changes_the_events_that_a_worker_is_changing_waits_before_the_first(
    ledger: Ledger, other: psycopg.Connection, how: str
) -> None:
    state, reason = (HoldState.TIME, KIND_PAUSED) if how == "end a pause" else (HoldState.PERSON, "tax_unmapped")
    events = [replace(event(number, state), reason=reason) for number in (1, 2)]
    await ledger.held.hold(await lease_of(ledger), events)
    other.execute(_FENCE, [ORG])
    other.execute(_HOLD, [events[1].id])

    changing = asyncio.create_task(change(ledger, how, events))
    await until_waiting(other)
    await asyncio.to_thread(other.execute, _HOLD, [events[0].id])
    other.commit()
    await changing

    assert len(await ledger.parked.rows(Chosen())) == (2 if how in ("forget", "purge") else 0)


async def change(ledger: Ledger, how: str, events: Sequence[Held]) -> None:
    match how:
        case "retry":
            await ledger.parked.retry(Chosen(ids=tuple(one.id for one in events)), who="ann")
        case "discard":
            await ledger.parked.discard(Chosen(organisations=(ORG,)), who="ann", reason="spam")
        case "end a pause":
            await ledger.pauses.clear(ORG, Kind.INVOICE)
        case "forget":
            emptied = tuple(Redacted(one.id, one.body, "") for one in events)
            await ledger.personal.erase(ORG, Erasure(redacted=emptied), [], who="ann", why="asked for it")
        case _:
            await ledger.parked.purge(-1)  # up to tomorrow: what was parked just now as well


async def record(ledger: Ledger, name: str) -> RunState:
    _, runs = ledger.store("shop", holder="a1")
    run = Run(name, "sync-now", SyncNow(entity=Entity.INVOICE, ids=("1",)))
    return await runs.record(run, message(run.name, run.command, run.id))


async def until_waiting(other: psycopg.Connection) -> None:
    """Until the ledger's statement waits for what `other` has locked."""
    await until(lambda: other.execute(_WAITING).fetchone(), what="a statement that waits")
