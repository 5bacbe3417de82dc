"""A sale that Xero has under its number, as written before: what it shows is nobody's choice, the store's goes back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from schemas.envelope import Event
from tests.support.serving_fakes import Served, served
from tests.unit.serving.test_serving_chosen import edit, person, sale
from tests.unit.serving.test_serving_references import NORTH, WEST, configured, options, tracked
from tests.unit.serving.test_serving_reissues import NUMBER, Hasty
from worker.documents.documents import Kind
from worker.ledger.records import Call
from worker.xero.replies.reply import Reply, ReplyKind


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[Served]:
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db", tracking=NORTH, edited_paid="reissue") as one:
        one.session.clock = Hasty()
        yield one


async def adopted(one: Served, sold: Event, shows: Callable[[], None]) -> None:
    """Xero has the sale, as `shows` makes it, and says of the number that it is taken."""

    def answer(call: Call) -> Reply:
        one.xero.take(call)
        shows()
        error = {"StatusAttributeString": "ERROR", "ValidationErrors": [{"Message": "Invoice # must be unique."}]}
        return Reply(ReplyKind.ANSWERED, 400, tuple({"InvoiceNumber": m.number, **error} for m in call.members))

    one.xero.answers[Kind.INVOICE] = [answer]
    assert await edit(one, sold) == []


@pytest.mark.parametrize("there", [{}, {"Region": "South"}, {"Region": "North"}])
async def test_the_configured_tracking_reaches_it_with_its_next_edits(one: Served, there: dict[str, str]) -> None:
    await adopted(one, sale("Mug"), lambda: tracked(one, **there))

    for hours, tracking in enumerate((NORTH, WEST), start=1):
        configured(one, tracking)
        assert await edit(one, sale(f"Mug {hours}", hours=hours)) == []

        assert options(one) == {"Region": tracking["option"]}


async def test_a_tracking_that_a_person_chose_once_it_was_found_as_configured_stays(one: Served) -> None:
    await adopted(one, sale("Mug"), lambda: tracked(one, Region="North"))
    tracked(one, Region="South")

    assert await edit(one, sale("Cup", hours=1)) == []

    assert options(one) == {"Region": "South"}


@pytest.mark.parametrize("shown", [{"Reference": "PO 4711"}, {"Reference": ""}, {"CurrencyRate": Decimal("1.5")}])
async def test_the_stores_reference_and_rate_go_back_with_its_next_edit(one: Served, shown: dict[str, Any]) -> None:
    dollars: dict[str, Any] = {"currency": "USD", "rate": "1.25"}
    await adopted(one, sale("Mug", **dollars), lambda: person(one, **shown))

    assert await edit(one, sale("Cup", hours=1, **dollars)) == []

    said = {"Reference": "200000034", "CurrencyRate": Decimal("1.25")}
    assert {name: one.xero.written[NUMBER][name] for name in said} == said
