"""After `ledger rebuild`: it knows the payment alone of a sale that was on hold, and a backup still holds events."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from schemas.entities import Entity
from tests.support.mapping_cases import event, invoice, key, line, payment
from tests.support.sample_ledger import lease_of, opened
from tests.support.serving_fakes import ORG, MemoryBroker, MemoryXero, serve
from tests.support.stopping import stopped_after
from tests.unit.serving.test_serving_overtaken import held
from worker.documents.documents import DocumentKey, Kind
from worker.ledger.ledger import Ledger
from worker.ledger.records import Call, Document, HoldState, Lease, Purpose
from worker.rebuild.restoring import UNKNOWN
from worker.xero.replies.reply import Reply, ReplyKind

SALE, PAID = event(Entity.INVOICE, invoice(line("10.00", "2.00", tax_rate="20"))), event(Entity.PAYMENT, payment())
SALE_KEY, PAID_KEY = key("invoice", "31", "invoice"), key("payment", "51", "payment/1")


def taken(call: Call) -> Reply:
    error = {"StatusAttributeString": "ERROR", "ValidationErrors": [{"Message": "Invoice # must be unique."}]}
    return Reply(ReplyKind.ANSWERED, 400, tuple({"InvoiceNumber": m.number, **error} for m in call.members))


@asynccontextmanager
async def booked(tmp_path: Path) -> AsyncIterator[tuple[Ledger, Lease, MemoryXero, dict[DocumentKey, Document]]]:
    """A ledger that has lost the sale and its payment, both of which Xero has, and what it knew of them."""
    xero = MemoryXero()
    async with opened(f"sqlite+inline:///{tmp_path}/ledger.db") as ledger:
        lease = await lease_of(ledger, name=ORG)
        before = serve(ledger, lease, MemoryBroker(), xero)
        await before.acked(*before.receive(SALE, PAID))
        await before.end()
        known = await ledger.documents.get([SALE_KEY, PAID_KEY])
        await ledger.documents.forget(lease, known)
        xero.calls.clear()
        yield ledger, lease, xero, known


def written(xero: MemoryXero) -> list[Kind | None]:
    return [call.kind for call in xero.calls if call.purpose is Purpose.WRITE]


async def test_the_payment_of_a_sale_on_hold_waits_for_its_release_and_is_not_made_twice(tmp_path: Path) -> None:
    async with booked(tmp_path) as (ledger, lease, xero, known):
        await ledger.documents.restore(lease, [known[PAID_KEY]._replace(content_hash=UNKNOWN)])
        one = serve(ledger, lease, MemoryBroker(), xero)

        async with stopped_after(one.task):
            await one.acked(*one.receive(PAID))
            await one.waits(HoldState.PARENT, 1)
            xero.answers[Kind.INVOICE] = [taken]
            await one.acked(*one.receive(SALE))
            await one.waits(HoldState.PARENT, 0)
            await one.waits(HoldState.TIME, 0)

        assert written(xero) == [Kind.INVOICE]
        assert sum("PaymentID" in element for element in xero.written.values()) == 1
        assert await one.parked() == []
        assert (await ledger.documents.get([PAID_KEY]))[PAID_KEY].content_hash == known[PAID_KEY].content_hash


async def test_what_a_backup_holds_of_a_document_that_was_restored_ends_without_a_call(tmp_path: Path) -> None:
    async with booked(tmp_path) as (ledger, lease, xero, known):
        waits = held(PAID, await ledger.now())
        await ledger.held.hold(lease, [replace(waits, state=HoldState.PARENT, until=None, parent=SALE_KEY)])
        await ledger.documents.restore(lease, list(known.values()))
        one = serve(ledger, lease, MemoryBroker(), xero)

        async with stopped_after(one.task):
            await one.waits(HoldState.PARENT, 0)
            await one.waits(HoldState.TIME, 0)

        assert written(xero) == []
        assert await one.parked() == []
