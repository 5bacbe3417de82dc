"""What Xero has taken with other sums than were predicted is told, once, and counts as written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from schemas.entities import Entity
from schemas.envelope import Event
from tests.support.mapping_cases import VERSION, credit_memo, event, invoice, key, line, payment
from tests.support.serving_fakes import MemoryXero, Served, served
from worker.documents.documents import Kind
from worker.ledger.records import Held, Member

SOLD = line("756.53", "151.31", tax_rate="20", quantity="275")
SALES = (Kind.INVOICE, Kind.CREDIT_NOTE)


@dataclass
class EvenXero(MemoryXero):
    """Comes to a cent less for each sale, as one does that rounds halves to even."""

    def _element(self, member: Member) -> Mapping[str, Any]:
        element = super()._element(member)
        if member.kind in SALES:
            element = {**element, "Total": element["Total"] - Decimal("0.01")}
            self.written[member.number] = element
        return element


async def sold(one: Served, *events: Event) -> list[Held]:
    for each in events:
        await one.acked(*one.receive(each))
    return await one.parked()


@pytest.mark.parametrize(
    ("sale", "number"),
    [
        pytest.param(event(Entity.INVOICE, invoice(SOLD)), "SHOP-I-webshop-100000012", id="invoice"),
        pytest.param(
            event(
                Entity.CREDIT_MEMO, credit_memo(SOLD, sale={"order_id": "1", "order_number": "1", "date": "2026-03-02"})
            ),
            "SHOP-C-webshop-300000001",
            id="credit note",
        ),
    ],
)
async def test_a_cent_off_is_told_with_both_sums(tmp_path: Path, sale: Event, number: str) -> None:
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db", xero=EvenXero()) as one:
        [held] = await sold(one, sale)

        assert held.reason == "arithmetic"
        assert held.detail == f"xero has taken {number} with total 907.83, expected 907.84"


async def test_the_document_is_kept_and_what_needs_it_goes_on(tmp_path: Path) -> None:
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db", xero=EvenXero()) as one:
        await sold(one, event(Entity.INVOICE, invoice(SOLD)))

        assert len(await sold(one, event(Entity.PAYMENT, payment(amount="907.83")))) == 1

        assert (await one.ledger.documents.get([key("invoice", "31", "invoice")])).popitem()[1].number
        assert [call.kind for call in one.xero.calls][-1] is Kind.PAYMENT


async def test_one_that_waits_in_memory_for_the_document_goes_on_too(tmp_path: Path) -> None:
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db", xero=EvenXero()) as one:
        tags = one.receive(event(Entity.INVOICE, invoice(SOLD)), event(Entity.PAYMENT, payment(amount="907.83")))
        await one.acked(*tags)

        assert [held.reason for held in await one.parked()] == ["arithmetic"]
        assert sum(call.kind is Kind.PAYMENT for call in one.xero.calls) == 1


async def test_it_is_told_once(tmp_path: Path) -> None:
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db", xero=EvenXero()) as one:
        sale = event(Entity.INVOICE, invoice(SOLD))
        await sold(one, sale)
        calls = len(one.xero.calls)
        again = sale.model_copy(update={"version": VERSION + timedelta(hours=1)})

        assert await sold(one, again) == []

        assert len(one.xero.calls) == calls
