"""Products whose codes differ in case alone: Xero has one item for them, which is the first one's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from schemas.entities import Entity
from schemas.envelope import Event
from tests.support.mapping_cases import event, invoice, line
from tests.support.sandbox_fixture import SandboxControl
from tests.support.sandbox_session import later, served_by


def product(product_id: str, sku: str, name: str = "Bed", *, hours: int = 0) -> Event:
    return later(event(Entity.PRODUCT, {"id": product_id, "sku": sku, "name": name}), hours)


def items(sandbox: SandboxControl) -> list[tuple[Any, Any]]:
    return [(one["Code"], one["Name"]) for one in sandbox.documents("items")]


async def test_a_code_that_is_there_in_another_case_is_left_alone(sandbox: SandboxControl, tmp_path: Path) -> None:
    async with served_by(sandbox, tmp_path) as one:
        await one.acked(*one.receive(product("4", "BED")))

        await one.acked(*one.receive(product("6", "bed"), product("7", "Bed", "Sofa bed")))
        await one.acked(*one.receive(product("6", "bed", "Bed, wide", hours=1)))

        assert await one.parked() == []
        assert items(sandbox) == [("BED", "Bed")]


async def test_its_own_product_still_changes_it(sandbox: SandboxControl, tmp_path: Path) -> None:
    async with served_by(sandbox, tmp_path) as one:
        await one.acked(*one.receive(product("4", "BED")))
        await one.acked(*one.receive(product("6", "bed")))

        await one.acked(*one.receive(product("4", "BED", "Bed, wide", hours=1)))

        assert items(sandbox) == [("BED", "Bed, wide")]


async def test_its_sales_name_the_item(sandbox: SandboxControl, tmp_path: Path) -> None:
    async with served_by(sandbox, tmp_path) as one:
        await one.acked(*one.receive(product("4", "BED")))
        await one.acked(*one.receive(product("6", "bed")))

        await one.acked(*one.receive(event(Entity.INVOICE, invoice(line("10.00", "2.00", tax_rate="20", sku="bed")))))

        assert await one.parked() == []
        [sold] = sandbox.documents("invoices")
        assert [row["ItemCode"].lower() for row in sold["LineItems"]] == ["bed"]


async def test_so_is_one_with_a_slash(sandbox: SandboxControl, tmp_path: Path) -> None:
    async with served_by(sandbox, tmp_path) as one:
        await one.acked(*one.receive(product("4", "BED/2")))

        await one.acked(*one.receive(product("6", "bed/2")))

        assert await one.parked() == []
        assert items(sandbox) == [("BED/2", "Bed")]
