"""What a store's agent remembers, on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from producers.checkpoints import Address, Checkpoints, Memory, NotInCharge
from producers.runs import Progress, Run, Runs, RunState
from producers.store import Cursor
from schemas.commands import ResyncAll, SyncNow
from schemas.entities import Entity
from tests.support.agent_fixture import message
from tests.support.fake_store import CUSTOMERS, INVOICES, OPENED
from tests.support.fakes import FakeClock
from tests.support.sample_ledger import opened
from worker.ledger.ledger import Ledger

INVOICE = Address(Entity.INVOICE, "7", "main")
PAYMENT = Address(Entity.PAYMENT, "invoice-7", "main")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(OPENED)


@pytest.fixture
async def ledger(database_url: str, clock: FakeClock) -> AsyncIterator[Ledger]:
    async with opened(database_url, clock=clock) as ledger:
        yield ledger


async def in_charge(ledger: Ledger, holder: str = "a1", store: str = "shop") -> tuple[Checkpoints, Runs]:
    checkpoints, runs = ledger.store(store, holder=holder)
    assert await checkpoints.take_charge(15)
    return checkpoints, runs


async def test_what_is_saved_is_there_for_the_next_agent(ledger: Ledger) -> None:
    checkpoints, _ = await in_charge(ledger)
    memories = [Memory(7, {INVOICE: "h1", PAYMENT: "h2"}), Memory(8, {}, broken="payment is missing")]
    await checkpoints.begin(INVOICES, Cursor(OPENED), OPENED)

    await checkpoints.save(INVOICES, memories, Cursor(OPENED + timedelta(seconds=3), 2**41 + 7))
    await checkpoints.hand_over()

    later, _ = await in_charge(ledger, "a2")
    reading = await later.reading(INVOICES)
    assert reading is not None
    assert (reading.cursor, reading.begun_at) == (Cursor(OPENED + timedelta(seconds=3), 2**41 + 7), OPENED)
    assert await later.memories(INVOICES, [6, 7, 8]) == {7: memories[0], 8: memories[1]}
    assert await later.memories(CUSTOMERS, [7]) == {}
    assert await later.reading(CUSTOMERS) is None


async def test_a_store_has_one_agent_and_an_old_one_saves_nothing(ledger: Ledger, clock: FakeClock) -> None:
    old, runs = await in_charge(ledger)
    young, _ = ledger.store("shop", holder="a2")
    early = await young.take_charge(15)

    clock.advance(16)

    assert not early
    assert await young.take_charge(15)
    assert not await old.take_charge(15)
    run = Run("r1", "resync-all", ResyncAll())
    for attempt in (
        old.save(INVOICES, [Memory(7, {INVOICE: "h1"})], Cursor(OPENED)),
        old.forget(INVOICES, {7: OPENED}),
        old.begin(INVOICES, Cursor(OPENED), OPENED),
        runs.begin(run),
        runs.finish(run, RunState.DONE),
        runs.save_page(run, INVOICES, Progress(), ()),
    ):
        with pytest.raises(NotInCharge):
            await attempt
    assert await young.memories(INVOICES, [7]) == {}


async def test_two_stores_have_an_agent_each(ledger: Ledger) -> None:
    shop, _ = await in_charge(ledger)
    other, _ = await in_charge(ledger, "a2", store="other")
    for one in (shop, other):
        await one.begin(INVOICES, Cursor(OPENED), OPENED)
    await shop.save(INVOICES, [Memory(7, {INVOICE: "h1"})])

    assert await other.memories(INVOICES, [7]) == {}


async def test_published_rows_are_listed_in_pieces_without_those_that_led_to_nothing(ledger: Ledger) -> None:
    checkpoints, _ = await in_charge(ledger)
    await checkpoints.save(INVOICES, [Memory(n, {INVOICE: "h"} if n % 2 else {}) for n in range(1, 12)])

    first = await checkpoints.published_between(INVOICES, 1, 9, 2)
    rest = await checkpoints.published_between(INVOICES, first[-1].row_id, None, 100)
    await checkpoints.forget(INVOICES, {3: OPENED, 5: OPENED})

    assert [one.row_id for one in first] == [3, 5]
    assert [one.row_id for one in rest] == [7, 9, 11]
    assert [one.row_id for one in await checkpoints.published_between(INVOICES, 0, None, 100)] == [1, 7, 9, 11]


async def test_a_row_that_is_gone_keeps_when_it_was_removed_whatever_is_saved_of_it_later(ledger: Ledger) -> None:
    checkpoints, _ = await in_charge(ledger)
    await checkpoints.save(INVOICES, [Memory(7, {INVOICE: "h1"}, broken="its tax is missing")])

    await checkpoints.forget(INVOICES, {7: OPENED})
    gone = await checkpoints.memories(INVOICES, [7])
    await checkpoints.save(INVOICES, [Memory(7, {INVOICE: "h2"})])

    assert gone == {7: Memory(7, removed_at=OPENED)}
    assert await checkpoints.memories(INVOICES, [7]) == {7: Memory(7, {INVOICE: "h2"}, removed_at=OPENED)}


async def test_the_latest_version_of_a_row_stays_whatever_older_one_is_saved(ledger: Ledger) -> None:
    checkpoints, _ = await in_charge(ledger)
    latest = OPENED + timedelta(hours=3)
    await checkpoints.save(INVOICES, [Memory(7, {INVOICE: "h1"}, version=latest)])

    await checkpoints.save(INVOICES, [Memory(7, {INVOICE: "h2"}, version=OPENED)])
    await checkpoints.save(INVOICES, [Memory(7, {INVOICE: "h2"}, broken="its tax is missing")])

    assert (await checkpoints.memories(INVOICES, [7]))[7].version == latest


async def test_many_rows_are_saved_and_read_at_once(ledger: Ledger) -> None:
    checkpoints, _ = await in_charge(ledger)
    memories = [Memory(n, {Address(Entity.INVOICE, str(n), "main"): f"h{n}"}) for n in range(1, 3001)]

    await checkpoints.save(INVOICES, memories)

    assert list((await checkpoints.memories(INVOICES, range(1, 3001))).values()) == memories


async def test_a_command_is_recorded_once_and_worked_off_in_order(ledger: Ledger, clock: FakeClock) -> None:
    _, runs = await in_charge(ledger)
    first = Run("first", "resync-all", ResyncAll(entities=(Entity.INVOICE,)))
    second = Run("second", "resync-all", ResyncAll(entities=(Entity.CUSTOMER,)))
    for run in (first, second, first):
        await runs.record(run, message(run.name, run.command, run.id))
        clock.advance(1)

    assert await runs.next("resync-all") == first
    assert await runs.begin(first)
    assert await runs.next("resync-all") == first
    await runs.finish(first, RunState.DONE)
    assert await runs.next("resync-all") == second
    assert await runs.next("sync-now") is None
    assert [run.id for run in await ledger.runs.latest()] == ["second", "first"]


async def test_pages_add_up_and_a_cancelled_run_says_so_at_its_next_page(ledger: Ledger) -> None:
    checkpoints, runs = await in_charge(ledger)
    run = Run("r1", "resync-all", ResyncAll())
    await runs.record(run, message(run.name, run.command, run.id))
    await runs.begin(run)

    wanted = await runs.save_page(run, INVOICES, Progress(10, 1, 10, 20), [Memory(7, {INVOICE: "h1"})])
    assert await ledger.runs.cancel("r1", why="by a test")
    still = await runs.save_page(run, INVOICES, Progress(20, 2, 20, 40, total=99), [Memory(8, {INVOICE: "h2"})])
    await runs.finish(run, RunState.DONE)

    status = await ledger.runs.get("r1")
    assert status is not None
    assert (wanted, still, status.state, status.detail) == (True, False, RunState.CANCELLED, "by a test")
    assert status.streams == {"invoices": Progress(20, 2, 20, 40, total=99)}
    assert set(await checkpoints.memories(INVOICES, [7, 8])) == {7, 8}


async def test_a_run_goes_on_until_it_has_ended(ledger: Ledger) -> None:
    _, runs = await in_charge(ledger)
    done, *_ = started = [Run(run_id, "sync-now", SyncNow(entity=Entity.INVOICE, ids=["7"])) for run_id in "abc"]
    for run in started:
        await runs.record(run, message(run.name, run.command, run.id))
        assert await ledger.runs.go_on({run.id, "no-run"})
    await runs.begin(done)
    assert await ledger.runs.go_on({"a"})

    await runs.finish(done, RunState.DONE)
    await ledger.runs.cancel("b", why="by a test")

    assert not await ledger.runs.go_on({"a", "b", "no-run"})
    assert await ledger.runs.go_on({"a", "c"})


async def test_a_refused_message_is_kept_once_with_its_reason(ledger: Ledger) -> None:
    _, runs = await in_charge(ledger)

    for _ in range(2):
        await runs.refuse(b"\xff not json", "undecodable: expected JSON")

    [status] = await ledger.runs.latest()
    assert (status.state, status.detail) == (RunState.REFUSED, "undecodable: expected JSON")


async def test_what_becomes_of_a_runs_events_adds_up(ledger: Ledger) -> None:
    _, runs = await in_charge(ledger)
    for name in ("r1", "r2"):
        run = Run(name, "sync-now", SyncNow(entity=Entity.INVOICE, ids=("1",)))
        await runs.record(run, message(run.name, run.command, run.id))

    await ledger.runs.add({"r1": {"written": 3, "calls": 1}, "r2": {"parked": 1}})
    await ledger.runs.add({"r1": {"unchanged": 2, "calls": 1}, "somebody else's": {"written": 9}})
    await ledger.runs.add({})

    status = {one.id: one for one in await ledger.runs.latest()}
    first, second = status["r1"], status["r2"]
    assert (first.written, first.unchanged, first.parked, first.calls) == (3, 2, 0, 2)
    assert (second.written, second.parked, second.settled) == (0, 1, 1)
