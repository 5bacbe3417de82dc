"""Items that a person deleted in Xero, or gave another code there: sales go on, and the product makes its item anew."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from schemas.entities import Entity
from schemas.envelope import Event
from tests.support.mapping_cases import event, invoice, line, payment
from tests.support.sandbox_fixture import SandboxControl, XeroCaller
from tests.support.sandbox_session import later, served_by
from tests.support.serving_fakes import Served

MUG: dict[str, Any] = {"id": "90", "sku": "MUG", "name": "Mug"}
TEA: dict[str, Any] = {"id": "91", "sku": "TEA", "name": "Tea"}


@pytest.fixture
async def one(sandbox: SandboxControl, tmp_path: Path) -> AsyncIterator[Served]:
    async with served_by(sandbox, tmp_path) as one:
        await one.acked(*one.receive(product(), product(TEA)))
        yield one


def product(data: Mapping[str, Any] = MUG, *, hours: int = 0, **changes: Any) -> Event:
    return later(event(Entity.PRODUCT, {**data, **changes}), hours)


def sale(number: int, *skus: str, net: str = "10.00", hours: int = 0, **more: Any) -> Event:
    lines = [line(net, f"{int(float(net)) // 5}.00", tax_rate="20", sku=sku) for sku in skus or ("MUG",)]
    names = {"id": str(number), "number": f"{number}", "order_id": str(number), "order_number": f"o{number}"}
    return later(event(Entity.INVOICE, invoice(*lines, **{**names, **more})), hours)


def codes(sandbox: SandboxControl, number: str) -> list[str | None]:
    [found] = [one for one in sandbox.documents("invoices") if one["InvoiceNumber"] == f"SHOP-I-webshop-{number}"]
    return [item.get("ItemCode") for item in found["LineItems"]]


def items(sandbox: SandboxControl) -> dict[str, str]:
    return {one["Code"]: one["Name"] for one in sandbox.documents("items")}


async def test_sales_of_a_deleted_item_are_booked_without_its_code(one: Served, sandbox: SandboxControl) -> None:
    sandbox.person("delete-item", name="MUG")

    await one.acked(*one.receive(sale(32), sale(33, "TEA", "MUG"), sale(34, "TEA")))

    assert [codes(sandbox, number) for number in ("32", "33", "34")] == [[None], ["TEA", None], ["TEA"]]
    assert await one.parked() == []


async def test_of_several_deleted_items_each_is_left_out(one: Served, sandbox: SandboxControl) -> None:
    sandbox.person("delete-item", name="MUG")
    sandbox.person("delete-item", name="TEA")

    await one.acked(*one.receive(sale(32, "MUG", "TEA")))

    assert codes(sandbox, "32") == [None, None]


async def test_it_is_met_once_and_later_sales_cost_what_they_did(one: Served, sandbox: SandboxControl) -> None:
    sandbox.person("delete-item", name="MUG")
    await one.acked(*one.receive(sale(32)))
    before = sandbox.counts()["calls_total"]

    await one.acked(*one.receive(sale(33)))

    assert sandbox.counts()["calls_total"] - before == 1


async def test_a_call_that_was_on_its_way_meanwhile_leaves_it_out_too(one: Served, sandbox: SandboxControl) -> None:
    sandbox.person("delete-item", name="MUG")
    sandbox.fault("slow", seconds=1, endpoint="/Invoices", method="PUT")

    await one.acked(*one.receive(*(sale(number) for number in range(40, 140))))

    assert [item.get("ItemCode") for sold in sandbox.documents("invoices") for item in sold["LineItems"]] == [
        None
    ] * 100
    assert await one.parked() == []


async def test_a_resync_of_the_product_makes_its_item_anew(one: Served, sandbox: SandboxControl) -> None:
    sandbox.person("delete-item", name="MUG")
    await one.acked(*one.receive(sale(32)))

    await one.acked(*one.receive(product()))
    await one.acked(*one.receive(sale(33)))

    assert items(sandbox) == {"MUG": "Mug", "TEA": "Tea"}
    assert codes(sandbox, "33") == ["MUG"]


async def test_a_change_of_the_product_makes_its_item_anew(one: Served, sandbox: SandboxControl) -> None:
    sandbox.person("delete-item", name="MUG")

    await one.acked(*one.receive(product(hours=1, name="Mug, blue"), product(TEA, hours=1, name="Tea, green")))

    assert items(sandbox) == {"MUG": "Mug, blue", "TEA": "Tea, green"}
    assert await one.parked() == []


async def test_an_item_of_another_code_is_left_to_the_person(one: Served, sandbox: SandboxControl) -> None:
    [mug] = [item for item in sandbox.documents("items") if item["Code"] == "MUG"]
    with closing(XeroCaller(sandbox)) as person:
        person.post("/Items", {"ItemID": mug["ItemID"], "Code": "MUG-OLD"})

    await one.acked(*one.receive(sale(32)))
    await one.acked(*one.receive(product(name="Mug, new", hours=1)))

    assert codes(sandbox, "32") == [None]
    assert items(sandbox) == {"MUG-OLD": "Mug", "MUG": "Mug, new", "TEA": "Tea"}


async def test_an_edited_sale_of_a_deleted_item_loses_its_code(one: Served, sandbox: SandboxControl) -> None:
    await one.acked(*one.receive(sale(32, "MUG", "TEA")))
    sandbox.person("delete-item", name="MUG")

    await one.acked(*one.receive(sale(32, "MUG", "TEA", net="20.00", hours=1)))

    assert codes(sandbox, "32") == [None, "TEA"]
    assert await one.parked() == []


async def test_a_paid_sale_of_a_deleted_item_is_issued_anew(sandbox: SandboxControl, tmp_path: Path) -> None:
    async with served_by(sandbox, tmp_path, edited_paid="reissue") as one:
        await one.acked(*one.receive(product()))
        await one.acked(*one.receive(sale(31)))
        await one.acked(*one.receive(event(Entity.PAYMENT, payment())))
        sandbox.person("delete-item", name="MUG")

        await one.acked(*one.receive(sale(31, net="20.00", hours=1)))

        assert await one.parked() == []
        assert codes(sandbox, "31~2") == [None]


@pytest.mark.parametrize("policy", ["park", "reissue"])
@pytest.mark.parametrize("is_met", [False, True])
async def test_new_words_of_a_paid_sale_of_a_deleted_item_wait_for_the_item(
    sandbox: SandboxControl, tmp_path: Path, policy: str, *, is_met: bool
) -> None:
    async with served_by(sandbox, tmp_path, edited_paid=policy) as one:
        await one.acked(*one.receive(product()))
        await one.acked(*one.receive(sale(31)))
        await one.acked(*one.receive(event(Entity.PAYMENT, payment())))
        sandbox.person("delete-item", name="MUG")
        if is_met:
            await one.acked(*one.receive(sale(32)))

        await one.acked(*one.receive(sale(31, hours=1, order_number="new")))
        assert [held.reason for held in await one.parked()] == ["item_unknown"]
        await one.acked(*one.receive(product(hours=1, name="Mug, blue")))
        await one.acked(*one.receive(sale(31, hours=2, order_number="new")))

        sold = {one["InvoiceNumber"]: one["Reference"] for one in sandbox.documents("invoices")}
        assert (sold.pop("SHOP-I-webshop-31"), list(sold)) == ("new", ["SHOP-I-webshop-32"] * is_met)
        assert await one.parked() == []
