"""Approvals: under another number too, and while documents are being written, when what was written stays known."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from schemas.entities import Entity
from schemas.envelope import Event
from tests.support.fakes import FakeClock
from tests.support.mapping_cases import VERSION, credit_memo, event, invoice, line, payment
from tests.support.sample_ledger import lease_of, opened
from tests.support.serving_fakes import ORG, MemoryBroker, MemoryXero, serve, served
from tests.support.stopping import stopped_after
from worker.budget.corrections import Headers
from worker.calls.approvals import Approvals
from worker.documents.documents import Kind
from worker.ledger.records import Call
from worker.xero.replies.reply import Reply

NUMBER = "SHOP-I-webshop-100000012"


@dataclass
class SlowLists(MemoryXero):
    """`meanwhile` happens before the drafts are listed."""

    meanwhile: Callable[[], Awaitable[None]] | None = None

    async def send(self, call: Call) -> Reply:
        if self.meanwhile is not None and "Statuses" in call.params:
            await self.meanwhile()
        return await super().send(call)


class Filtering(MemoryXero):
    """Credit notes are found by the terms that are asked for."""

    def _listed(self, call: Call) -> Iterator[Mapping[str, Any]]:
        terms = re.findall(r'(\w+)==(?:guid\()?"([^"]*)"', call.params.get("where", ""))
        for element in super()._listed(call):
            if not terms or any(str(element.get(name)) == value for name, value in terms):
                yield element


async def test_a_credit_note_renumbered_at_its_approval_has_its_refund_booked(tmp_path: Path) -> None:
    xero = Filtering()
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db", xero=xero, document_status="draft") as one:
        await one.acked(*one.receive(sale("10.00", "2.00")))
        memo = event(Entity.CREDIT_MEMO, credit_memo(line("10.00", "2.00", tax_rate="20")))
        await one.acked(*one.receive(memo))
        refund = payment(direction="out", credit_memo_id=memo.data.id)
        await one.acked(*one.receive(event(Entity.PAYMENT, refund)))
        number = next(number for number, note in xero.written.items() if "CreditNoteID" in note)
        for approved, changes in ((NUMBER, {}), (number, {"CreditNoteNumber": "CN-0042"})):
            xero.written[approved] = {**xero.written[approved], "Status": "AUTHORISED", **changes}

        await Approvals(session=one.session).look()
        await one.written(Kind.PAYMENT, 1)

        assert await one.parked() == []


async def test_a_probe_of_a_spent_day_is_left_to_what_waits(tmp_path: Path) -> None:
    clock = FakeClock()
    async with opened(f"sqlite+inline:///{tmp_path}/ledger.db", clock=clock) as ledger:
        lease = await lease_of(ledger, name=ORG)
        one = serve(ledger, lease, MemoryBroker(), MemoryXero(), document_status="draft")
        async with stopped_after(one.task):
            await one.acked(*one.receive(sale("10.00", "2.00"), event(Entity.PAYMENT, payment())))
            await ledger.calls.correct(ORG, Headers(day_remaining=0))
            clock.advance(16 * 60)
            before = len(one.xero.calls)

            await Approvals(session=one.session).look()
            of_the_spent_day = one.xero.calls[before:]
            clock.advance(24 * 3_600)
            await Approvals(session=one.session).look()

            assert of_the_spent_day == []
            assert ["Statuses" in call.params for call in one.xero.calls[before:]] == [True]


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


async def test_what_is_still_a_draft_is_not_read_beside_the_list_of_drafts(tmp_path: Path) -> None:
    xero = MemoryXero()
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db", xero=xero, document_status="draft") as one:
        await one.acked(*one.receive(sale("10.00", "2.00")))
        await one.acked(*one.receive(event(Entity.PAYMENT, payment())))
        before = len(xero.calls)

        await Approvals(session=one.session).look()

        assert [call.params["page"] for call in xero.calls[before:]] == ["1"]
