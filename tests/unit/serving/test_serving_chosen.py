"""What a person chose for a sale in Xero stays, however often the store changes other things of it."""

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
from tests.support.serving_fakes import Served, served
from tests.unit.serving.test_serving_reissues import NUMBER, Hasty

SOLD = key("invoice", "31", "invoice")


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[Served]:
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db") as one:
        await one.acked(*one.receive(sale("Mug")))
        yield one


def sale(name: str, *, hours: int = 0, net: str = "10.00", tax: str = "2.00", **more: Any) -> Event:
    made = event(Entity.INVOICE, invoice({**line(net, tax, tax_rate="20"), "name": name}, **more))
    return made.model_copy(update={"version": VERSION + timedelta(hours=hours)})


def person(one: Served, **changes: Any) -> None:
    """What a person makes of the invoice in Xero."""
    element = one.xero.written[NUMBER]
    lines = [{**item, "LineItemID": "l-1"} for item in element["LineItems"]]
    one.xero.written[NUMBER] = {**element, "LineItems": lines, **changes}


def pays(one: Served) -> None:
    person(one, AmountDue=Decimal(0), AmountPaid=Decimal(12))


def issued_anew(one: Served) -> list[str]:
    return [number for number in one.xero.written if "~" in number]


async def edit(one: Served, changed: Event) -> list[str]:
    """What is parked, by its reasons, once the store has published `changed`."""
    await one.acked(*one.receive(changed))
    return [held.reason for held in await one.parked()]


async def test_another_contact_stays_over_several_edits(one: Served) -> None:
    person(one, Contact={"ContactID": "merged"})

    for hours, name in enumerate(("Cup", "Bowl"), start=1):
        assert await edit(one, sale(name, hours=hours)) == []

    shown = one.xero.written[NUMBER]
    assert (shown["Contact"], shown["LineItems"][0]["Description"]) == ({"ContactID": "merged"}, "Bowl")
    assert b"_left" not in (one.xero.calls[-1].body or b"_left")


async def test_another_day_stays_over_several_edits(one: Served) -> None:
    person(one, Date="2026-04-01")

    for hours, name in enumerate(("Cup", "Bowl"), start=1):
        assert await edit(one, sale(name, hours=hours)) == []

    shown = one.xero.written[NUMBER]
    assert (shown["Date"], shown["LineItems"][0]["Description"]) == ("2026-04-01", "Bowl")


async def test_a_day_that_store_and_person_moved_apart_is_for_a_person_to_settle(one: Served) -> None:
    person(one, Date="2026-04-01")

    reasons = await edit(one, sale("Cup", hours=1, date="2026-03-05"))

    [held] = await one.parked()
    assert (reasons, one.xero.written[NUMBER]["Date"]) == (["changed_in_xero"], "2026-04-01")
    assert "of 2026-04-01" in held.detail
    assert "it was left with total 12.00, dated 2026-03-02; the store says 2026-03-05" in held.detail


async def test_a_day_that_the_store_has_too_is_the_stores_from_then_on(one: Served) -> None:
    person(one, Date="2026-04-01")
    await edit(one, sale("Mug", hours=1, date="2026-04-01"))

    assert await edit(one, sale("Mug", hours=2, date="2026-04-02")) == []

    assert one.xero.written[NUMBER]["Date"] == "2026-04-02"


async def test_a_day_that_a_person_entered_with_the_stores_new_amount_is_the_stores_from_then_on(one: Served) -> None:
    [line_item] = one.xero.written[NUMBER]["LineItems"]
    doubled = {**line_item, "UnitAmount": Decimal(20), "TaxAmount": Decimal(4), "LineAmount": Decimal(20)}
    person(one, Date="2026-04-01", LineItems=[doubled], Total=Decimal(24), TotalTax=Decimal(4))
    await edit(one, sale("Mug", hours=1, date="2026-04-01", net="20.00", tax="4.00"))

    assert await edit(one, sale("Mug", hours=2, date="2026-04-02", net="20.00", tax="4.00")) == []

    assert one.xero.written[NUMBER]["Date"] == "2026-04-02"


@pytest.mark.parametrize("policy", ["reissue", "park"])
async def test_a_day_that_a_person_chose_for_a_paid_sale_is_no_change_of_the_store(tmp_path: Path, policy: str) -> None:
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db", edited_paid=policy) as one:
        one.session.clock = Hasty()
        await one.acked(*one.receive(sale("Mug")))
        person(one, Date="2026-04-01")
        pays(one)

        for hours, name in enumerate(("Cup", "Bowl"), start=1):
            assert await edit(one, sale(name, hours=hours)) == []

        shown = one.xero.written[NUMBER]
        assert (shown["Date"], shown["LineItems"][0]["Description"]) == ("2026-04-01", "Bowl")
        assert issued_anew(one) == []


async def test_a_paid_sale_on_a_day_that_a_person_chose_is_not_issued_anew(tmp_path: Path) -> None:
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db", edited_paid="reissue") as one:
        one.session.clock = Hasty()
        await one.acked(*one.receive(sale("Mug")))
        person(one, Date="2026-04-01")
        pays(one)

        assert await edit(one, sale("Mug", hours=1, net="20.00", tax="4.00")) == ["document_paid"]

        assert issued_anew(one) == []


@pytest.mark.parametrize("paid", ["0", "5", "12"])
async def test_a_due_date_that_the_store_changes_reaches_xero_each_time(one: Served, paid: str) -> None:
    for hours, due in enumerate(("2026-04-16", "2026-05-16"), start=1):
        person(one, AmountDue=12 - Decimal(paid), AmountPaid=Decimal(paid))

        assert await edit(one, sale("Mug", hours=hours, due_date=due)) == []

        assert one.xero.written[NUMBER]["DueDate"] == due


@pytest.mark.parametrize("paid", ["0", "5", "12"])
async def test_a_due_date_that_a_person_chose_stays_whatever_the_stores_is(one: Served, paid: str) -> None:
    person(one, DueDate="2026-06-30")

    for hours, due in enumerate(("2026-03-02", "2026-04-16", "2026-05-16"), start=1):
        person(one, AmountDue=12 - Decimal(paid), AmountPaid=Decimal(paid))
        assert await edit(one, sale(f"Mug {hours}", hours=hours, due_date=due)) == []

    shown = one.xero.written[NUMBER]
    assert (shown["DueDate"], shown["LineItems"][0]["Description"]) == ("2026-06-30", "Mug 3")


async def test_beside_a_day_that_a_person_chose_the_due_date_is_the_stores(one: Served) -> None:
    person(one, Date="2026-04-01")

    for hours, due in enumerate(("2026-04-01", "2026-04-16"), start=1):
        assert await edit(one, sale("Mug", hours=hours, due_date=due)) == []

        assert (one.xero.written[NUMBER]["Date"], one.xero.written[NUMBER]["DueDate"]) == ("2026-04-01", due)


async def test_of_a_row_that_kept_no_dates_a_persons_due_date_stays_over_several_edits(one: Served) -> None:
    [row] = (await one.ledger.documents.get([SOLD])).values()
    facts = {name: fact for name, fact in row.facts.items() if name != "date"}
    await one.ledger.documents.rewrite(one.lease, [row._replace(facts=facts)])
    person(one, DueDate="2026-06-30")

    for hours, name in enumerate(("Cup", "Bowl"), start=1):
        assert await edit(one, sale(name, hours=hours)) == []

    assert one.xero.written[NUMBER]["DueDate"] == "2026-06-30"
