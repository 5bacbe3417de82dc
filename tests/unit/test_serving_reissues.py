"""A paid sale that was edited is credited and issued anew, however often Xero is out of reach meanwhile."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from schemas.entities import Entity
from schemas.envelope import Event
from tests.serving_fakes import Served, served
from tests.unit.mapping_cases import VERSION, event, invoice, line
from worker.clock import SystemClock
from worker.documents import Kind
from worker.ledger.records import Call
from worker.xero.reply import Reply, ReplyKind

NUMBER = "SHOP-I-webshop-100000012"


class Hasty(SystemClock):
    """No wait is long."""

    async def sleep(self, seconds: float) -> None:
        await super().sleep(min(seconds, 0.02))


def sale(net: str, tax: str, *, hours: int = 0) -> Event:
    made = event(Entity.INVOICE, invoice(line(net, tax, tax_rate="20")))
    return made.model_copy(update={"version": VERSION + timedelta(hours=hours)})


def out_of_reach(call: Call) -> Reply:
    return Reply(ReplyKind.UNSENT, detail=f"no connection for {call.path}")


def paid(one: Served) -> None:
    element = one.xero.written[NUMBER]
    lines = [{**item, "LineItemID": "l-1"} for item in element["LineItems"]]
    one.xero.written[NUMBER] = {**element, "LineItems": lines, "AmountDue": Decimal(0), "AmountPaid": Decimal(12)}


async def test_a_re_issue_waits_for_xero_to_be_in_reach_again(tmp_path: Path) -> None:
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db", edited_paid="reissue") as one:
        one.session.clock = Hasty()
        await one.acked(*one.receive(sale("10.00", "2.00")))
        paid(one)
        one.xero.answers[Kind.CREDIT_NOTE] = [out_of_reach] * 5

        await one.acked(*one.receive(sale("20.00", "4.00", hours=1)))

        assert [(h.reason, h.detail) for h in await one.parked()] == []
        assert {f"{NUMBER}~1", f"{NUMBER}~2"} <= set(one.xero.written)
