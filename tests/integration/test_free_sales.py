"""A sale of 0.00, which Xero marks as paid at once, changes in the store."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from schemas.entities import Entity
from schemas.envelope import Event
from tests.support.mapping_cases import event, invoice, line, payment
from tests.support.sandbox_fixture import SandboxControl
from tests.support.sandbox_session import later, served_by

NUMBER = "SHOP-I-webshop-100000012"
FREE, DEARER = line("0.00", "0.00", tax_rate="20"), line("10.00", "2.00", tax_rate="20")


def sale(*lines: dict[str, object]) -> Event:
    return event(Entity.INVOICE, invoice(*lines))


def totals(sandbox: SandboxControl) -> dict[str, Decimal]:
    return {one["InvoiceNumber"]: Decimal(str(one["Total"])) for one in sandbox.documents("invoices")}


async def test_it_is_for_a_person_once_it_costs_something(sandbox: SandboxControl, tmp_path: Path) -> None:
    async with served_by(sandbox, tmp_path) as one:
        await one.acked(*one.receive(sale(FREE)))

        await one.acked(*one.receive(later(sale(DEARER), 1)))

        [held] = await one.parked()
        assert held.reason == "document_paid"
        assert totals(sandbox) == {NUMBER: 0}
        assert "marks what is of 0.00 as paid at once" in held.hint


async def test_it_is_issued_anew_where_paid_sales_are_and_its_payment_is_booked(
    sandbox: SandboxControl, tmp_path: Path
) -> None:
    async with served_by(sandbox, tmp_path, edited_paid="reissue") as one:
        await one.acked(*one.receive(sale(FREE)))

        await one.acked(*one.receive(later(sale(DEARER), 1)))
        await one.acked(*one.receive(event(Entity.PAYMENT, payment())))

        assert await one.parked() == []
        assert totals(sandbox) == {NUMBER: 0, f"{NUMBER}~2": 12}
        assert [one["Invoice"]["InvoiceNumber"] for one in sandbox.documents("payments")] == [f"{NUMBER}~2"]


async def test_its_words_change_like_those_of_any_paid_sale(sandbox: SandboxControl, tmp_path: Path) -> None:
    async with served_by(sandbox, tmp_path) as one:
        await one.acked(*one.receive(sale(FREE)))

        await one.acked(*one.receive(later(sale({**FREE, "name": "A sample"}), 1)))

        assert await one.parked() == []
        [there] = sandbox.documents("invoices")
        assert "A sample" in there["LineItems"][0]["Description"]
