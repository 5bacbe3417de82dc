"""Events whose parent turns out not to be there wait for it in the ledger; the worker does not try in vain."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from producers.runs import Run
from schemas.commands import ResyncAll
from schemas.entities import Entity
from tests.support.agent_fixture import message
from tests.support.fakes import FakeClock
from tests.support.grown_ledger import orphan
from tests.support.mapping_cases import VERSION, credit_memo, event, invoice, line, payment, removed
from tests.support.sample_ledger import lease_of, opened
from tests.support.serving_fakes import ORG, MemoryBroker, MemoryXero, Served, serve, served
from tests.support.waiting import until
from worker.clock import SystemClock
from worker.documents.documents import Kind
from worker.ledger.database.engine import Database
from worker.ledger.database.upgrade import upgrade
from worker.ledger.ledger import Ledger
from worker.ledger.records import HoldState

INVOICE = invoice(line("10.00", "2.00", tax_rate="20"))


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[Served]:
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db") as one:
        yield one


async def settled(ledger: Ledger, run_id: str) -> int:
    """How many events of a run are, when it is the first or 10 seconds have passed."""
    for _ in range(500):
        status = await ledger.runs.get(run_id)
        if status is not None and status.settled:
            return status.settled
        await asyncio.sleep(0.02)
    return 0


async def test_a_payment_waits_when_its_invoice_was_refused_and_then_cancelled(one: Served) -> None:
    [contact] = one.receive(event(Entity.CUSTOMER, {"id": "7", "email": "jo@example.com", "first_name": "Jo"}))
    await one.acked(contact)
    one.xero.answers[Kind.INVOICE] = [one.xero.refuse]
    one.xero.gate.clear()
    [first] = one.receive(event(Entity.INVOICE, INVOICE))
    await until(lambda: any(call.kind is Kind.INVOICE for call in one.xero.calls), what="the invoice's call")
    cancelled = event(Entity.INVOICE, {**INVOICE, "cancelled": True})
    [second] = one.receive(cancelled.model_copy(update={"version": VERSION + timedelta(hours=1)}))
    [child] = one.receive(event(Entity.PAYMENT, payment()))
    await until(lambda: len(one.session.buffer) == 3, what="three events in memory")

    one.xero.gate.set()

    await one.acked(first, second, child)
    assert await one.waiting(HoldState.PARENT) == 1
    assert len(one.session.buffer) == 0


async def test_a_refund_and_its_money_wait_when_the_sale_was_refused(one: Served) -> None:
    one.xero.answers[Kind.INVOICE] = [one.xero.refuse]
    one.xero.gate.clear()
    [sale] = one.receive(event(Entity.INVOICE, INVOICE))
    memo = event(Entity.CREDIT_MEMO, credit_memo(line("10.00", "2.00", tax_rate="20")))
    money = event(Entity.PAYMENT, payment(direction="out", credit_memo_id="41"))
    others = one.receive(memo, money)
    await until(lambda: len(one.session.buffer) == 3, what="three events in memory")

    one.xero.gate.set()

    await one.acked(sale, *others)
    assert await one.waiting(HoldState.PARENT) == 2
    assert len(one.session.buffer) == 0


async def test_a_refund_that_was_taken_back_while_it_waited_is_not_booked(one: Served) -> None:
    refund = event(Entity.CREDIT_MEMO, credit_memo(line("10.00", "2.00", tax_rate="20")))
    back = removed(Entity.CREDIT_MEMO, "41").model_copy(update={"version": VERSION + timedelta(hours=1)})
    await one.acked(*one.receive(refund))
    assert await one.waiting(HoldState.PARENT) == 1

    await one.acked(*one.receive(back))
    assert await one.waiting(HoldState.PARENT) == 0
    await one.acked(*one.receive(event(Entity.INVOICE, INVOICE), event(Entity.PAYMENT, payment())))

    assert not any(name.startswith("SHOP-C-") for name in one.xero.written)


async def test_a_payment_that_was_removed_while_it_waited_is_not_booked(one: Served) -> None:
    gone = removed(Entity.PAYMENT, "51").model_copy(update={"version": VERSION + timedelta(hours=1)})
    await one.acked(*one.receive(event(Entity.PAYMENT, payment())))

    await one.acked(*one.receive(gone))
    await one.acked(*one.receive(event(Entity.INVOICE, INVOICE)))

    assert await one.waiting(HoldState.PARENT) + await one.waiting(HoldState.TIME) == 0
    assert not any(call.kind is Kind.PAYMENT for call in one.xero.calls)


async def test_a_payment_whose_invoice_came_back_into_memory_goes_on(one: Served) -> None:
    [child] = one.receive(event(Entity.PAYMENT, payment()))
    await one.acked(child)
    assert await one.waiting(HoldState.PARENT) == 1

    await one.acked(*one.receive(event(Entity.INVOICE, INVOICE)))

    await until(lambda: any(name.startswith("SHOP-P-") for name in one.xero.written), what="the payment")
    await until(lambda: len(one.session.buffer) == 0, what="an empty buffer")
    assert await one.waiting(HoldState.PARENT) + await one.waiting(HoldState.TIME) == 0


async def test_a_runs_payment_that_waited_in_vain_is_one_of_its_parked_ones(tmp_path: Path) -> None:
    clock = FakeClock()
    async with opened(f"sqlite+inline:///{tmp_path}/ledger.db", clock=clock) as ledger:
        run = Run("run-1", "resync-all", ResyncAll())
        await ledger.store("webshop", holder="agent")[1].record(run, message(run.name, run.command, run.id))
        one = serve(ledger, await lease_of(ledger, name=ORG), MemoryBroker(), MemoryXero())
        orphan = event(Entity.PAYMENT, payment()).model_copy(update={"correlation_id": "run-1"})
        await one.acked(*one.receive(orphan))
        await one.end()

        clock.advance(timedelta(hours=25).total_seconds())
        one = serve(ledger, await lease_of(ledger, name=ORG), MemoryBroker(), MemoryXero())

        await one.parks(1)
        assert await settled(ledger, "run-1") == 1
        await one.end()


async def test_all_that_waited_too_long_is_parked_by_one_sweep(tmp_path: Path) -> None:
    url, many = f"sqlite+inline:///{tmp_path}/ledger.db", 700
    await upgrade(url)
    database = Database(url)
    await orphan(database, many, state_since=SystemClock().now() - timedelta(hours=25))
    await database.close()

    async with served(url) as one:
        deadline = asyncio.get_running_loop().time() + 20
        while await one.waiting(HoldState.PARENT):
            assert asyncio.get_running_loop().time() < deadline
            await asyncio.sleep(0.02)

        assert await one.waiting(HoldState.PERSON) == many
