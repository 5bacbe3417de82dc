"""A paid sale that was edited is credited and issued anew, however often Xero is out of reach meanwhile."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from schemas.entities import Entity
from schemas.envelope import Event
from tests.support.mapping_cases import VERSION, event, invoice, line, payment
from tests.support.serving_fakes import MemoryXero, Served, served
from tests.support.waiting import until
from worker.clock import SystemClock
from worker.documents.documents import DocumentKey, EntityKey, Kind
from worker.ledger.records import Call, Purpose
from worker.xero.replies.reply import Reply, ReplyKind

NUMBER = "SHOP-I-webshop-100000012"
_BY_HAND = "publish the difference as a credit memo or another sale, or book it by hand in xero; discard this event"


@dataclass
class SlowlyPaid(MemoryXero):
    """Answers a payment only when told so; from then on the sale is paid. `looks` counts questions for invoices."""

    answering: asyncio.Event = field(default_factory=asyncio.Event)
    looks: int = 0

    async def send(self, call: Call) -> Reply:
        if call.kind is Kind.PAYMENT:
            await self.answering.wait()
            self.owes(due="0.00", paid="12.00")
        self.looks += call.kind is Kind.INVOICE and call.purpose is Purpose.LOOKUP
        return await super().send(call)

    def owes(self, *, due: str, paid: str) -> None:
        element = self.written[NUMBER]
        lines = [{**item, "LineItemID": "l-1"} for item in element["LineItems"]]
        amounts = {"AmountDue": Decimal(due), "AmountPaid": Decimal(paid)}
        self.written[NUMBER] = {**element, "LineItems": lines, **amounts}


class Hasty(SystemClock):
    """No wait is long: its time runs ahead instead, by a second at most."""

    def __init__(self) -> None:
        self._ahead_s = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self._ahead_s

    async def sleep(self, seconds: float) -> None:
        await super().sleep(min(seconds, 0.02))
        self._ahead_s += min(seconds, 1.0)


def sale(net: str, tax: str, *, hours: int = 0) -> Event:
    made = event(Entity.INVOICE, invoice(line(net, tax, tax_rate="20")))
    return made.model_copy(update={"version": VERSION + timedelta(hours=hours)})


def out_of_reach(call: Call) -> Reply:
    return Reply(ReplyKind.UNSENT, detail=f"no connection for {call.path}")


def paid(one: Served, number: str = NUMBER) -> None:
    element = one.xero.written[number]
    lines = [{**item, "LineItemID": "l-1"} for item in element["LineItems"]]
    one.xero.written[number] = {**element, "LineItems": lines, "AmountDue": Decimal(0), "AmountPaid": Decimal(12)}


async def test_a_re_issue_waits_for_xero_to_be_in_reach_again(tmp_path: Path) -> None:
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db", edited_paid="reissue") as one:
        one.session.clock = Hasty()
        await one.acked(*one.receive(sale("10.00", "2.00")))
        paid(one)
        one.xero.answers[Kind.CREDIT_NOTE] = [out_of_reach] * 5

        await one.acked(*one.receive(sale("20.00", "4.00", hours=1)))

        assert [(h.reason, h.detail) for h in await one.parked()] == []
        assert {f"{NUMBER}~1", f"{NUMBER}~2"} <= set(one.xero.written)


async def test_a_payment_on_its_way_is_waited_for_before_its_sale_is_re_issued(tmp_path: Path) -> None:
    xero = SlowlyPaid()
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db", xero=xero, edited_paid="reissue") as one:
        await one.acked(*one.receive(sale("10.00", "2.00")))
        xero.owes(due="7.00", paid="5.00")
        [paying] = one.receive(event(Entity.PAYMENT, payment(amount="7.00")))
        await until(one.session.buffer.works, what="the payment")
        await until(lambda: not one.session.buffer.idle(), what="the payment in a call")

        [edited] = one.receive(sale("20.00", "4.00", hours=1))
        next_due = one.session.buffer.next_due
        await until(lambda: xero.looks or next_due(), what="the edit's turn")
        first = next_due()
        await until(lambda: xero.looks or next_due() not in (None, first), what="its next turn")
        assert xero.looks == 0
        xero.answering.set()

        await one.acked(paying, edited)
        allocated = [
            member.element["Amount"] for call in xero.calls if call.kind is Kind.ALLOCATION for member in call.members
        ]
        assert allocated == [Decimal(12)]


async def test_an_amount_that_goes_back_in_the_middle_of_a_re_issue_is_issued_anew_too(tmp_path: Path) -> None:
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db", edited_paid="reissue") as one:
        one.session.clock = Hasty()
        await one.acked(*one.receive(sale("10.00", "2.00")))
        paid(one)
        one.xero.answers[Kind.INVOICE] = [one.xero.take, *[one.xero.refuse] * 3]
        await one.acked(*one.receive(sale("20.00", "4.00", hours=1)))
        [stuck] = await one.parked()
        assert (stuck.reason, stuck.detail) == ("reissue_stuck", f"xero has not taken {NUMBER}~2: no such thing")
        assert one.session.said == {}

        await one.acked(*one.receive(sale("10.00", "2.00", hours=2)))

        credited, issued = (one.xero.written[f"{NUMBER}~{place}"] for place in (1, 2))
        assert (credited["Total"], issued["Total"]) == (Decimal("12.00"), Decimal("12.00"))
        assert await one.parked() == []


async def test_credit_that_xero_has_set_already_is_kept_where_the_ledger_is_older(tmp_path: Path) -> None:
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db", edited_paid="reissue") as one:
        one.session.clock = Hasty()
        await one.acked(*one.receive(sale("10.00", "2.00")))
        paid(one)
        owner = EntityKey("main", "webshop", "invoice", "31")
        parts = [DocumentKey(*owner, part=part) for part in ("invoice", "allocation~1/2")]
        before = await one.ledger.documents.get(parts)
        await one.acked(*one.receive(sale("20.00", "4.00", hours=1)))
        await one.ledger.documents.forget(one.lease, parts)
        await one.ledger.documents.restore(one.lease, list(before.values()))
        credit, issued = (one.xero.written[f"{NUMBER}~{place}"] for place in (1, 2))
        allocation = {"Amount": Decimal(12), "Invoice": {"InvoiceID": issued["InvoiceID"]}}
        one.xero.written[f"{NUMBER}~1"] = {**credit, "Allocations": [allocation]}
        one.xero.answers[Kind.ALLOCATION] = [one.xero.refuse] * 3

        await one.acked(*one.receive(sale("20.00", "4.00", hours=1)))

        rows = await one.ledger.documents.get(parts)
        assert await one.parked() == []
        assert [rows[key].number for key in parts] == [f"{NUMBER}~2", ""]


async def test_a_re_issue_whose_last_look_has_no_answer_is_finished_later_and_nothing_is_made_twice(
    tmp_path: Path,
) -> None:
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db", edited_paid="reissue") as one:
        one.session.clock = Hasty()
        await one.acked(*one.receive(sale("10.00", "2.00")))
        paid(one)
        answers = one.xero.answers[Kind.INVOICE] = [one.xero.take, one.xero.take, out_of_reach]

        await one.acked(*one.receive(sale("20.00", "4.00", hours=1)))

        made = [member.number for call in one.xero.calls if call.method == "PUT" for member in call.members]
        assert sorted(number for number in made if number) == [NUMBER, f"{NUMBER}~1", f"{NUMBER}~2", "webshop:7"]
        assert (len(answers), await one.parked()) == (0, [])


async def test_a_sale_that_was_issued_anew_five_times_is_left_to_a_person(tmp_path: Path) -> None:
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db", edited_paid="reissue") as one:
        one.session.clock = Hasty()
        await one.acked(*one.receive(sale("10.00", "2.00")))
        for time in range(5):
            paid(one, f"{NUMBER}~{2 * time}" if time else NUMBER)
            await one.acked(*one.receive(sale(f"{time + 2}0.00", f"{2 * time + 4}.00", hours=time + 1)))
        paid(one, f"{NUMBER}~10")
        before = set(one.xero.written)

        await one.acked(*one.receive(sale("70.00", "14.00", hours=6)))

        [parked] = await one.parked()
        assert (parked.reason, parked.hint) == ("document_paid", _BY_HAND)
        assert parked.detail.startswith(f"{NUMBER} was issued anew 5 times, which is the most; xero has {NUMBER}~10 ")
        assert set(one.xero.written) == before
