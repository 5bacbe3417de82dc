"""A sale that an earlier connector booked keeps that one's number, and is dealt with as any other from then on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from schemas.entities import Entity
from schemas.envelope import Event
from tests.support.mapping_cases import VERSION, event, invoice, key, line, payment
from tests.support.serving_fakes import MemoryXero, Served, served
from worker.documents.documents import Kind
from worker.ledger.records import Call, Purpose
from worker.xero.replies.reply import Reply, ReplyKind

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
    return later_version(made) if more else made


def later_version(made: Event) -> Event:
    return made.model_copy(update={"version": VERSION + timedelta(hours=1)})


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


@pytest.mark.parametrize(
    "edited", [line("10.00", "2.00", tax_rate="20", name="Lamp"), line("20.00", "4.00", tax_rate="20")]
)
@pytest.mark.parametrize("knows_the_day", [True, False])
async def test_of_a_sale_that_was_paid_by_then_no_edit_sends_the_payment(
    tmp_path: Path, edited: dict[str, Any], knows_the_day: bool
) -> None:
    owed = {"Total": Decimal(12), "TotalTax": Decimal(2), "AmountDue": Decimal(0), "AmountPaid": Decimal(12)}
    named = {"Date": "2026-03-02", "CurrencyCode": "GBP", "LineAmountTypes": "Exclusive"}
    sold = {"LineItemID": "l-1", "AccountCode": "200", "TaxType": "OUTPUT2", "LineAmount": Decimal(10), "Quantity": 1}
    lines = [sold | {"UnitAmount": Decimal(10), "TaxAmount": Decimal(2)}]
    xero = AskedXero(written={"OLD-1": {**OLD, **owed, **named, "Contact": {"ContactID": "c-1"}, "LineItems": lines}})
    cut_over = {"policy": "adopt", "before": "2026-04-01"}
    ledger = f"sqlite+inline:///{tmp_path}/ledger.db"
    async with served(ledger, xero=xero, cut_over=cut_over, edited_paid="reissue") as one:
        before, later = event(Entity.PAYMENT, payment()), one.session.time.now().date() + timedelta(days=2)
        await one.acked(*one.receive(sale(), before))
        if not knows_the_day:
            await forget_the_day(one)
        await one.acked(*one.receive(later_version(event(Entity.INVOICE, invoice(edited)))))

        await one.acked(*one.receive(before, event(Entity.PAYMENT, payment(id="52", date=str(later)))))

        sent = [member.key.entity_id for call in xero.calls if call.kind is Kind.PAYMENT for member in call.members]
        assert await one.parked() == []
        assert sent == ["52"]


async def test_a_due_date_that_the_earlier_connector_gave_stays(tmp_path: Path) -> None:
    named = {"Date": "2026-03-02", "DueDate": "2026-04-30", "CurrencyCode": "GBP", "LineAmountTypes": "Exclusive"}
    owed = {"Total": Decimal(12), "TotalTax": Decimal(2), "AmountDue": Decimal(12), "Status": "AUTHORISED"}
    sold = {"LineItemID": "l-1", "LineAmount": Decimal(10), "UnitAmount": Decimal(10), "TaxAmount": Decimal(2)}
    xero = AskedXero(written={"OLD-1": {**OLD, **owed, **named, "LineItems": [sold | {"Quantity": 1}]}})
    cut_over = {"policy": "adopt", "before": "2026-04-01"}
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db", xero=xero, cut_over=cut_over) as one:
        await one.acked(*one.receive(sale()))

        await one.acked(*one.receive(sale(order_number="X")))

        [change] = [call for call in xero.calls if call.method == "POST"]
        sent = change.members[0].element
        assert (sent["Reference"], "DueDate" in sent) == ("X", False)


async def forget_the_day(one: Served) -> None:
    """As the rows of earlier versions have it."""
    sold = key("invoice", "31", "invoice")
    row = (await one.ledger.documents.get([sold]))[sold]
    facts = {name: fact for name, fact in row.facts.items() if name != "cut_over_on"}
    await one.ledger.documents.rewrite(one.lease, [row._replace(facts=facts)])


async def test_a_sale_of_which_xero_does_not_say_what_there_is_is_not_booked_beside_it(tmp_path: Path) -> None:
    xero = AskedXero({Kind.INVOICE: [lambda _: Reply(ReplyKind.REFUSED_WHOLE, 400, detail="too many records")]})
    cut_over = {"policy": "adopt", "before": "2026-04-01"}
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db", xero=xero, cut_over=cut_over) as one:
        await one.acked(*one.receive(sale()))

        assert [held.reason for held in await one.parked()] == ["look_up_refused"]
        assert [call.purpose for call in xero.calls if call.kind is Kind.INVOICE] == [Purpose.LOOKUP]
        await one.acked(*one.receive(sale(id="32", number="13")))
        assert list(xero.written) == ["webshop:7", "SHOP-I-webshop-13"]
