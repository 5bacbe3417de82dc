"""A call that a worker left open as it ended, in good order or not: whoever serves next settles it first."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import timedelta
from pathlib import Path

import pytest

from schemas.entities import Entity
from tests.support.fakes import START, FakeClock
from tests.support.mapping_cases import event, invoice, line
from tests.support.sample_ledger import lease_of, opened
from tests.support.serving_fakes import ORG, FailingOnce, MemoryBroker, MemoryXero, Served, serve
from tests.support.stopping import stopped_after
from tests.support.waiting import until
from worker.documents.documents import DocumentKey, Kind
from worker.ledger.database.errors import LedgerUnavailable
from worker.ledger.ledger import Ledger
from worker.ledger.records import Call, CallState, Purpose
from worker.serving.serving import Stopped
from worker.xero.replies.reply import Reply

GONE = LedgerUnavailable("gone for a moment")
SALE = event(Entity.INVOICE, invoice(line("10.00", "2.00", tax_rate="20"), id="12", number="12"))
INVOICE = DocumentKey(ORG, "webshop", "invoice", "12", "invoice")


class Slow(MemoryXero):
    """Answers what is about invoices only through the gate."""

    async def send(self, call: Call) -> Reply:
        self.calls.append(call)
        if call.kind is Kind.INVOICE:
            await self.gate.wait()
        return self.take(call)


@asynccontextmanager
async def session(ledger: Ledger, xero: MemoryXero) -> AsyncIterator[Served]:
    one = serve(ledger, await lease_of(ledger, name=ORG), MemoryBroker(), xero)
    async with stopped_after(one.task):
        yield one


def carrying(xero: MemoryXero) -> list[Call]:
    return [call for call in xero.calls if call.kind is Kind.INVOICE]


async def settled_by_the_next(ledger: Ledger, xero: MemoryXero) -> None:
    """Nothing comes from the broker: what Xero has is what was sent before."""
    there = dict(xero.written)
    async with session(ledger, xero):
        deadline = asyncio.get_running_loop().time() + 30
        while await ledger.calls.unsettled(ORG):
            assert asyncio.get_running_loop().time() < deadline, "it is settled"
            await asyncio.sleep(0.02)
    assert INVOICE in await ledger.documents.get([INVOICE])
    assert xero.written.keys() == there.keys()


async def test_a_call_whose_end_the_ledger_did_not_take_at_a_stop_is_settled_next(tmp_path: Path) -> None:
    xero = Slow()
    async with opened(f"sqlite+inline:///{tmp_path}/ledger.db") as ledger:
        async with session(ledger, xero) as one:
            xero.gate.clear()
            [tag] = one.receive(SALE)
            await until(lambda: carrying(xero), what="a call in flight")
            calls, one.ledger.calls = one.ledger.calls, FailingOnce(one.ledger.calls, "close", GONE)  # type: ignore[assignment] # a fault
            one.serving.stop()
            xero.gate.set()

            assert isinstance(await one.failure(), LedgerUnavailable)

            one.ledger.calls = calls
            [left] = await ledger.calls.unsettled(ORG)
            assert (left.state, one.broker.acked[tag], one.broker.returned[tag]) == (CallState.OPEN, 0, 1)

        await settled_by_the_next(ledger, xero)

    first, second = carrying(xero)
    assert (second.idempotency_key, second.sends) == (first.idempotency_key, 2)


@pytest.mark.parametrize("minutes_later", [1, 60])
async def test_a_call_whose_end_a_failover_lost_before_a_stop_is_settled_next(
    tmp_path: Path, minutes_later: int
) -> None:
    """Its event was acknowledged, and a worker that starts afterwards remembers nothing."""
    url, xero, clock = f"sqlite+inline:///{tmp_path}/ledger.db", Slow(), FakeClock(START)
    with closing(sqlite3.connect(":memory:")) as standby:
        async with opened(url, clock=clock) as ledger, session(ledger, xero) as one:
            xero.gate.clear()
            [tag] = one.receive(SALE)
            await until(lambda: carrying(xero), what="a call in flight")
            with closing(sqlite3.connect(tmp_path / "ledger.db")) as primary:
                primary.backup(standby)
            xero.gate.set()
            await one.acked(tag)
            assert isinstance(await one.end(), Stopped)
        with closing(sqlite3.connect(tmp_path / "ledger.db")) as promoted:
            standby.backup(promoted)
    clock.advance(timedelta(minutes=minutes_later).total_seconds())

    async with opened(url, clock=clock) as ledger:
        [left] = await ledger.calls.unsettled(ORG)
        assert (left.state, await ledger.documents.get([INVOICE])) == (CallState.OPEN, {})

        await settled_by_the_next(ledger, xero)

    again = Purpose.WRITE if minutes_later == 1 else Purpose.LOOKUP
    assert [call.purpose for call in carrying(xero)] == [Purpose.WRITE, again]
