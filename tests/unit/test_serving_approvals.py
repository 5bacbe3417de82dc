"""Approvals are looked for while documents are being written: what was written meanwhile stays known."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from schemas.entities import Entity
from schemas.envelope import Event
from tests.serving_fakes import MemoryXero, served
from tests.unit.mapping_cases import VERSION, event, invoice, line, payment
from worker.approvals import Approvals
from worker.ledger.records import Call
from worker.xero.reply import Reply

NUMBER = "SHOP-I-webshop-100000012"


@dataclass
class SlowLists(MemoryXero):
    """`meanwhile` happens before the drafts are listed."""

    meanwhile: Callable[[], Awaitable[None]] | None = None

    async def send(self, call: Call) -> Reply:
        if self.meanwhile is not None and "Statuses" in call.params:
            await self.meanwhile()
        return await super().send(call)


def sale(net: str, tax: str, *, hours: int = 0) -> Event:
    made = event(Entity.INVOICE, invoice(line(net, tax, tax_rate="20")))
    return made.model_copy(update={"version": VERSION + timedelta(hours=hours)})


async def test_a_sale_edited_during_the_look_goes_back_to_its_first_amounts(tmp_path: Path) -> None:
    xero = SlowLists()
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db", xero=xero, document_status="draft") as one:
        await one.acked(*one.receive(sale("10.00", "2.00")))
        await one.acked(*one.receive(event(Entity.PAYMENT, payment())))
        xero.written[NUMBER] = {**xero.written[NUMBER], "Status": "AUTHORISED"}

        async def edit() -> None:
            await one.acked(*one.receive(sale("20.00", "4.00", hours=1)))

        xero.meanwhile = edit
        await Approvals(session=one.session).look()
        assert str(xero.written[NUMBER]["Total"]) == "24.00"

        await one.acked(*one.receive(sale("10.00", "2.00", hours=2)))

        assert str(xero.written[NUMBER]["Total"]) == "12.00"
        assert await one.parked() == []
