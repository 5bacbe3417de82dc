"""A payment that the store takes back while its sale is issued anew, or is about to be."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from schemas.entities import Entity
from schemas.envelope import Event
from tests.support.mapping_cases import VERSION, event, key, payment, removed
from tests.support.serving_fakes import MemoryXero, Served, served
from tests.support.waiting import until
from tests.unit.serving.test_serving_reissues import NUMBER, Hasty, paid, sale
from worker.documents.documents import Action, Kind
from worker.ledger.records import Call, Purpose
from worker.xero.endpoints import inner
from worker.xero.replies.reply import Reply

SALE = key("invoice", "31", "invoice")


@dataclass
class NamingXero(MemoryXero):
    """Names the invoice that a payment is on. Answers what is of `slow` kind and action only when told so."""

    slow: tuple[Kind, Action] | None = None
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    answering: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, call: Call) -> Reply:
        if call.purpose is Purpose.WRITE and (call.kind, call.members[0].action) == self.slow:
            self.asked.set()
            await self.answering.wait()
        return await super().send(call)

    def _listed(self, call: Call) -> Iterator[Mapping[str, Any]]:
        numbers = {
            one.get("InvoiceID"): one["InvoiceNumber"] for one in self.written.values() if "InvoiceNumber" in one
        }
        for element in super()._listed(call):
            on = inner(element, "Invoice")
            named = {"Invoice": {**on, "InvoiceNumber": numbers[on["InvoiceID"]]}} if on else {}
            yield {"Status": "AUTHORISED", **element, **named}

    def count(self, kind: Kind, purpose: Purpose) -> int:
        return sum(call.kind is kind and call.purpose is purpose for call in self.calls)


@dataclass
class LookedAt(NamingXero):
    """Shows sales when told so, as they were when it was asked."""

    looking: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, call: Call) -> Reply:
        reply = await super().send(call)
        if call.kind is Kind.INVOICE and call.purpose is Purpose.LOOKUP:
            await self.looking.wait()
        return reply


def gone() -> Event:
    return removed(Entity.PAYMENT, "51").model_copy(update={"version": VERSION + timedelta(hours=1)})


async def sold_and_paid(one: Served) -> None:
    """A sale and its payment, and time that passes at once."""
    one.session.clock = Hasty()
    await one.acked(*one.receive(sale("10.00", "2.00")))
    await one.acked(*one.receive(event(Entity.PAYMENT, payment())))
    paid(one)


async def test_a_payment_taken_back_while_its_sale_is_issued_anew_is_told_when_that_is_done(tmp_path: Path) -> None:
    xero = NamingXero()
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db", xero=xero, edited_paid="reissue") as one:
        await sold_and_paid(one)
        xero.slow = (Kind.CREDIT_NOTE, Action.SAVE)
        [edited] = one.receive(sale("20.00", "4.00", hours=1))
        await xero.asked.wait()

        [back] = one.receive(gone())
        await until(lambda: xero.count(Kind.PAYMENT, Purpose.LOOKUP) > 1, what="a second look at the payment")
        assert (xero.count(Kind.PAYMENT, Purpose.WRITE), await one.parked()) == (1, [])
        xero.answering.set()
        await one.acked(edited, back)

        [parked] = await one.parked()
        assert (parked.reason, parked.detail.split(",")[0]) == ("sale_reissued", f"it is on {NUMBER}")
        assert f"take credit note {NUMBER}~1 off {NUMBER}~2, set it against {NUMBER} " in parked.hint
        assert xero.count(Kind.PAYMENT, Purpose.WRITE) == 1


@pytest.mark.parametrize("is_gone", [False, True], ids=["under way", "gone"])
async def test_a_sale_whose_payment_is_deleted_while_it_is_looked_at_is_looked_at_again_and_not_issued_anew(
    tmp_path: Path, is_gone: bool
) -> None:
    xero = LookedAt()
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db", xero=xero, edited_paid="reissue") as one:
        await sold_and_paid(one)
        xero.slow = None if is_gone else (Kind.PAYMENT, Action.VOID)
        xero.looking.clear()
        [edited] = one.receive(sale("20.00", "4.00", hours=1))
        await until(lambda: xero.count(Kind.INVOICE, Purpose.LOOKUP), what="the look at the sale")

        [back] = one.receive(gone())
        await (one.acked(back) if is_gone else xero.asked.wait())
        xero.written[NUMBER] = {**xero.written[NUMBER], "AmountDue": Decimal(12), "AmountPaid": Decimal(0)}
        xero.looking.set()
        if not is_gone:
            await until(lambda: (slot := one.session.buffer.slot(SALE)) and not slot.in_flight, what="the sale waiting")
        xero.answering.set()
        await one.acked(back, edited)

        assert (xero.written[NUMBER]["Total"], xero.count(Kind.CREDIT_NOTE, Purpose.WRITE)) == (Decimal(24), 0)
        assert await one.parked() == []


@pytest.mark.parametrize("was", ["reissue", "park"])
async def test_a_payment_is_asked_for_its_invoice_after_sales_were_issued_anew_and_only_then(
    tmp_path: Path, was: str
) -> None:
    xero, url = NamingXero(), f"sqlite+inline:///{tmp_path}/ledger.db"
    async with served(url, xero=xero, edited_paid=was) as one:
        await sold_and_paid(one)
        if was == "reissue":
            await one.acked(*one.receive(sale("20.00", "4.00", hours=1)))

    async with served(url, xero=xero, edited_paid="park") as one:
        await one.acked(*one.receive(gone()))

        looks, deletions = xero.count(Kind.PAYMENT, Purpose.LOOKUP), xero.count(Kind.PAYMENT, Purpose.WRITE) - 1
        assert (looks, deletions) == ((1, 0) if was == "reissue" else (0, 1))
        assert [parked.reason for parked in await one.parked()] == (["sale_reissued"] if was == "reissue" else [])
