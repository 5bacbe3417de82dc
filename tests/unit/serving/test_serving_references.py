"""A reference and a tracking that a person gave a sale in Xero stay, and the store's own changes reach Xero."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from schemas.entities import Entity
from tests.support.mapping_cases import VERSION, event, invoice, line, organisation
from tests.support.serving_fakes import Served, served
from tests.unit.serving.test_serving_chosen import edit, pays, person, sale
from tests.unit.serving.test_serving_reissues import NUMBER, Hasty
from worker.documents.documents import Kind

NORTH = {"category": "Region", "option": "North"}
WEST = {"category": "Region", "option": "West"}


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[Served]:
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db", tracking=NORTH, edited_paid="reissue") as one:
        one.session.clock = Hasty()
        await one.acked(*one.receive(sale("Mug")))
        yield one


def line_of(one: Served, number: str = NUMBER) -> Mapping[str, Any]:
    line: Mapping[str, Any] = one.xero.written[number]["LineItems"][0]
    return line


def tracked(one: Served, **options: str) -> None:
    """What a person makes of the line's tracking."""
    tracking = [{"Name": name, "Option": option} for name, option in options.items()]
    person(one, LineItems=[{**line_of(one), "LineItemID": "l-1", "Tracking": tracking}])


def options(one: Served) -> dict[str, str]:
    return {tracked["Name"]: tracked["Option"] for tracked in line_of(one)["Tracking"]}


def configured(one: Served, tracking: Mapping[str, str] | None) -> None:
    """The organisation's tracking is another from now on, or none."""
    given = {} if tracking is None else {"tracking": tracking}
    one.session.org = organisation(linger=timedelta(0), edited_paid="reissue", **given)


@pytest.mark.parametrize("is_paid", [False, True])
async def test_a_reference_that_a_person_typed_stays_until_the_store_has_another(one: Served, *, is_paid: bool) -> None:
    person(one, Reference="PO 4711")
    if is_paid:
        pays(one)

    for hours, name in enumerate(("Cup", "Bowl"), start=1):
        assert await edit(one, sale(name, hours=hours)) == []
    assert (one.xero.written[NUMBER]["Reference"], line_of(one)["Description"]) == ("PO 4711", "Bowl")

    assert await edit(one, sale("Bowl", hours=3, order_number="new")) == []
    assert one.xero.written[NUMBER]["Reference"] == "new"


@pytest.mark.parametrize("halts", [0, 3])
@pytest.mark.parametrize("reference", ["PO 4711", ""])
async def test_a_reference_that_a_person_typed_or_emptied_goes_to_the_sale_issued_anew(
    one: Served, reference: str, halts: int
) -> None:
    person(one, Reference=reference)
    pays(one)
    one.xero.answers[Kind.ALLOCATION] = [one.xero.refuse] * halts

    await edit(one, sale("Mug", hours=1, net="20.00", tax="4.00"))
    issued = one.xero.written[f"{NUMBER}~2"]
    lines = [{**item, "LineItemID": "l-2"} for item in issued["LineItems"]]
    one.xero.written[f"{NUMBER}~2"] = {**issued, "LineItems": lines, "AmountPaid": Decimal(12)}
    assert await edit(one, sale("Cup", hours=2, net="20.00", tax="4.00")) == []

    [words] = one.xero.calls[-1].members
    assert issued["Reference"] == reference
    assert (words.xero_id, words.element["LineItems"][0]["Description"]) == (issued["InvoiceID"], "Cup")
    assert "Reference" not in words.element


@pytest.mark.parametrize("is_paid", [False, True])
@pytest.mark.parametrize("chosen", [{"Region": "South"}, {"Region": "North", "Project": "X"}, {}])
async def test_a_tracking_that_a_person_chose_stays_whatever_is_configured(
    one: Served, chosen: dict[str, str], *, is_paid: bool
) -> None:
    tracked(one, **chosen)
    if is_paid:
        pays(one)

    for hours, tracking in enumerate((NORTH, WEST, NORTH), start=1):
        configured(one, tracking)
        assert await edit(one, sale(f"Mug {hours}", hours=hours)) == []

        assert (options(one), line_of(one)["Description"]) == (chosen, f"Mug {hours}")


@pytest.mark.parametrize(("chosen", "then"), [("South", "South"), ("North", "West")])
async def test_what_was_left_is_known_though_none_was_configured_meanwhile(one: Served, chosen: str, then: str) -> None:
    tracked(one, Region=chosen)
    configured(one, None)
    assert await edit(one, sale("Cup", hours=1)) == []
    assert options(one) == {"Region": chosen}

    configured(one, WEST)
    assert await edit(one, sale("Bowl", hours=2)) == []

    assert options(one) == {"Region": then}


@pytest.mark.parametrize("is_paid", [False, True])
async def test_another_tracking_of_the_configuration_reaches_what_nobody_tracked_otherwise(
    one: Served, *, is_paid: bool
) -> None:
    tracked(one, Region="North")
    if is_paid:
        pays(one)

    for hours, tracking in enumerate((NORTH, WEST, NORTH), start=1):
        configured(one, tracking)
        assert await edit(one, sale(f"Mug {hours}", hours=hours)) == []

        assert options(one) == {"Region": tracking["option"]}


async def test_a_line_that_is_new_has_the_configured_tracking(one: Served) -> None:
    tracked(one, Region="South")
    cup = {**line("5.00", "1.00", tax_rate="20"), "name": "Cup"}
    mug = {**line("10.00", "2.00", tax_rate="20"), "name": "Mug"}
    two = event(Entity.INVOICE, invoice(mug, cup)).model_copy(update={"version": VERSION + timedelta(hours=1)})

    assert await edit(one, two) == []

    there = {item["Description"]: item["Tracking"] for item in one.xero.written[NUMBER]["LineItems"]}
    assert there == {
        name: [{"Name": "Region", "Option": option}] for name, option in (("Mug", "South"), ("Cup", "North"))
    }
