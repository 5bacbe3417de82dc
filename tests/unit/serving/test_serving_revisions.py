"""An edited sale reaches its document in Xero, in the lines it has; what a person did there stays."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from schemas.entities import Entity
from schemas.envelope import Event
from tests.support.mapping_cases import VERSION, event, invoice, key, line
from tests.support.serving_fakes import ORG, Served, served
from worker.documents.documents import Kind
from worker.ledger.records import Call, Purpose
from worker.xero.replies.reply import Reply, ReplyKind

NUMBER = "SHOP-I-webshop-100000012"


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[Served]:
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db") as one:
        await one.acked(*one.receive(sale("10.00", "2.00")))
        yield one


def sale(net: str, tax: str, *, hours: int = 0) -> Event:
    made = event(Entity.INVOICE, invoice(line(net, tax, tax_rate="20")))
    return made.model_copy(update={"version": VERSION + timedelta(hours=hours)})


def of_invoices(one: Served) -> list[Call]:
    return [call for call in one.xero.calls if call.kind is Kind.INVOICE]


def there(one: Served, **changes: Any) -> None:
    """What became of the invoice in Xero."""
    one.xero.written[NUMBER] = {**one.xero.written[NUMBER], **changes}


async def test_an_edited_sale_is_looked_at_once_and_then_changed_by_id(one: Served) -> None:
    [line_item] = one.xero.written[NUMBER]["LineItems"]
    there(one, LineItems=[{**line_item, "LineItemID": "l-1"}])

    await one.acked(*one.receive(sale("20.00", "4.00", hours=1)))

    _, look, change = of_invoices(one)
    assert (look.purpose, look.path, change.method) == (Purpose.LOOKUP, "/Invoices", "POST")
    [sent] = change.members[0].element["LineItems"]
    assert (sent["LineItemID"], str(sent["TaxAmount"])) == ("l-1", "4")
    assert await one.parked() == []
    document = (await one.ledger.documents.get([key("invoice", "31", "invoice")])).popitem()[1]
    assert document.version == VERSION + timedelta(hours=1)


async def test_a_sale_that_a_person_voided_is_parked_and_not_written(one: Served) -> None:
    there(one, Status="VOIDED")

    await one.acked(*one.receive(sale("20.00", "4.00", hours=1)))

    [held] = await one.parked()
    assert held.reason == "voided_in_xero"
    assert NUMBER in held.detail
    assert [call.method for call in of_invoices(one)] == ["PUT", "GET"]


@pytest.mark.parametrize(("account", "parked"), [("200", []), ("260", ["changed_in_xero"])])
async def test_a_sale_that_goes_back_on_what_a_person_entered_too_is_parked_if_a_line_is_theirs_alone(
    one: Served, account: str, parked: list[str]
) -> None:
    [line_item] = one.xero.written[NUMBER]["LineItems"]
    doubled = {**line_item, "UnitAmount": Decimal(20), "TaxAmount": Decimal(4), "LineAmount": Decimal(20)}
    there(one, LineItems=[doubled | {"AccountCode": account}], Total=Decimal(24), TotalTax=Decimal(4))
    await one.acked(*one.receive(sale("20.00", "4.00", hours=1)))
    assert await one.parked() == []

    await one.acked(*one.receive(sale("10.00", "2.00", hours=2)))

    assert [held.reason for held in await one.parked()] == parked
    assert one.xero.written[NUMBER]["LineItems"][0]["UnitAmount"] == (20 if parked else 10)


async def test_a_sale_that_nobody_edited_costs_no_look(one: Served) -> None:
    await one.acked(*one.receive(sale("10.00", "2.00", hours=1)))

    assert [call.method for call in of_invoices(one)] == ["PUT"]
    assert await one.ledger.held.awaited(ORG, "awaiting_approval") == []


async def test_an_edit_within_the_same_sums_that_xero_failed_at_is_sent_again(one: Served) -> None:
    await one.acked(*one.receive(of_two("5.00", "15.00", hours=1)))
    lines = one.xero.written[NUMBER]["LineItems"]
    there(
        one, LineItems=[{**sent, "LineItemID": f"l-{place}"} for place, sent in enumerate(lines)], TotalTax=Decimal(4)
    )
    one.xero.answers[Kind.INVOICE] = [one.xero.take, lambda _: Reply(ReplyKind.SERVER_ERROR, 500)]

    await one.acked(*one.receive(of_two("15.00", "5.00", hours=2)))

    assert [sent["UnitAmount"] for sent in one.xero.written[NUMBER]["LineItems"]] == [15, 5]
    assert await one.parked() == []


def of_two(mug: str, cup: str, *, hours: int) -> Event:
    lines = [
        line(net, f"{Decimal(net) / 5:.2f}", tax_rate="20", name=name) for name, net in (("Mug", mug), ("Cup", cup))
    ]
    made = event(Entity.INVOICE, invoice(*lines))
    return made.model_copy(update={"version": VERSION + timedelta(hours=hours)})
