"""A sale that an earlier connector booked keeps that one's number, and is dealt with as any other from then on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from schemas.entities import Entity
from schemas.envelope import Event
from tests.serving_fakes import MemoryXero, served
from tests.unit.mapping_cases import VERSION, event, invoice, line
from worker.documents import Kind
from worker.ledger.records import Call
from worker.xero.reply import Reply, ReplyKind

OLD = {"InvoiceID": "old-1", "InvoiceNumber": "OLD-1", "Type": "ACCREC", "Reference": "200000034", "Status": "PAID"}


@dataclass
class AskedXero(MemoryXero):
    """Lists only the invoices whose numbers or ids it is asked for."""

    def _listed(self, call: Call) -> Iterator[Mapping[str, Any]]:
        names = {"IDs": "InvoiceID", "InvoiceNumbers": "InvoiceNumber"}
        asked = [(name, call.params[key].split(",")) for key, name in names.items() if key in call.params]
        for element in super()._listed(call):
            if all(element[name] in values for name, values in asked):
                yield element


def sale(**more: Any) -> Event:
    made = event(Entity.INVOICE, invoice(line("10.00", "2.00", tax_rate="20"), **more))
    return made.model_copy(update={"version": VERSION + timedelta(hours=1)}) if more else made


def frozen(call: Call) -> Reply:
    error = {
        "StatusAttributeString": "ERROR",
        "ValidationErrors": [{"Message": "not of valid status for modification"}],
    }
    return Reply(ReplyKind.ANSWERED, 200, ({**error, "InvoiceID": call.members[0].xero_id},))


async def test_an_adopted_sale_that_is_paid_and_then_cancelled_is_for_a_person(tmp_path: Path) -> None:
    xero = AskedXero(written={"OLD-1": {**OLD, "Total": "12.00", "AmountDue": "0.00"}})
    cut_over = {"policy": "adopt", "before": "2026-04-01"}
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db", xero=xero, cut_over=cut_over) as one:
        await one.acked(*one.receive(sale()))
        xero.answers[Kind.INVOICE] = [frozen]

        await one.acked(*one.receive(sale(cancelled=True)))

        assert [held.reason for held in await one.parked()] == ["cancelled_paid"]
