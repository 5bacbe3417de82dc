"""What a person chose for a sale in Xero stays, however often the store changes other things of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from schemas.entities import Entity
from schemas.envelope import Event
from tests.serving_fakes import Served, served
from tests.unit.mapping_cases import VERSION, event, invoice, line
from tests.unit.test_serving_reissues import NUMBER


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[Served]:
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db") as one:
        await one.acked(*one.receive(sale("Mug")))
        yield one


def sale(name: str, *, hours: int = 0, **more: Any) -> Event:
    made = event(Entity.INVOICE, invoice({**line("10.00", "2.00", tax_rate="20"), "name": name}, **more))
    return made.model_copy(update={"version": VERSION + timedelta(hours=hours)})


def person(one: Served, **changes: Any) -> None:
    """What a person makes of the invoice in Xero."""
    element = one.xero.written[NUMBER]
    lines = [{**item, "LineItemID": "l-1"} for item in element["LineItems"]]
    one.xero.written[NUMBER] = {**element, "LineItems": lines, **changes}


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
