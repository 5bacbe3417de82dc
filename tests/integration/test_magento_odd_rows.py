"""Rows with values that nobody foresaw: each is reported by its id, and the rows beside it are read."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from producers.magento.joins import Lists
from producers.magento.streams import CUSTOMERS
from producers.magento.translate.places import Places
from producers.magento.translator import Translator
from producers.store import Changes, Cursor
from tests.support.magento_reading import BEGIN, INVOICES, ORDERS, invoices, opened, orders, stamp, stream
from tests.support.magento_samples import BRUSH, CARDIGAN, CHOSEN, credit_memo_json, customer_json
from tests.support.magento_shop import Shop

MEMOS = "V1/creditmemos"
FIXED_TAX = {"weee_tax_applied_row_amount": 2}


def sold(**odd: Any) -> Shop:
    """Three orders, each invoiced and refunded; a row of the second holds something odd."""
    listed = orders(1, 2, 3, second=5)
    listed[1]["items"] = [{**CARDIGAN, **odd}, CHOSEN, BRUSH]
    memos = [credit_memo_json(entity_id=2000 + one, order_id=one, updated_at=stamp(5)) for one in (1, 2, 3)]
    return Shop({ORDERS: listed, INVOICES: invoices(1001, 1002, 1003, second=5), MEMOS: memos})


async def changes_of(name: str, shop: Shop) -> Changes:
    async with opened(shop) as store:
        return await store.changes(stream(store, name), Cursor(BEGIN), until=BEGIN + timedelta(seconds=9))


@pytest.mark.parametrize(("name", "first"), [("invoices", 1001), ("credit_memos", 2001)])
@pytest.mark.parametrize("ordered", [1e-30, "1e-999999"])
async def test_a_quantity_that_no_share_can_be_computed_of_breaks_its_own_row_alone(
    name: str, first: int, ordered: object
) -> None:
    step = await changes_of(name, sold(**FIXED_TAX, qty_ordered=ordered))

    assert [row.id for row in step.rows] == [first, first + 2]
    (broken,) = step.broken
    assert broken.id == first + 1
    assert broken.reason.startswith("one of its values, or of its order's, is beyond what can be worked with (")


@pytest.mark.parametrize(("name", "first"), [("orders", 1), ("invoices", 1001), ("credit_memos", 2001)])
async def test_taxes_that_are_nested_too_deeply_count_as_none(name: str, first: int) -> None:
    step = await changes_of(name, sold(**FIXED_TAX, weee_tax_applied="[" * 60_000))

    assert [row.id for row in step.rows] == [first, first + 1, first + 2]


async def test_an_invoice_that_does_not_say_its_order_is_reported_alone() -> None:
    shop = sold()

    def without_its_order(request: Request) -> Response | None:
        if not request.url.path.endswith(INVOICES) or "order_id" not in request.query_params.values():
            return None
        listed = invoices(1001, 1002, 1003)
        del listed[1]["order_id"]
        return JSONResponse({"items": listed, "total_count": 3})

    shop.before = without_its_order
    step = await changes_of("invoices", shop)

    assert [row.id for row in step.rows] == [1001, 1003]
    assert [one.id for one in step.broken] == [1002]


async def test_a_defect_of_ours_is_not_taken_for_a_broken_row() -> None:
    async def forgotten(_rows: Iterable[object]) -> Places:
        return None  # type: ignore[return-value]  # the defect

    lists = Lists(orders=None, invoices=None, credit_memos=None, transactions=None)  # type: ignore[arg-type]  # not asked
    translator = Translator(lists, places=forgotten, offline_methods=frozenset())

    with pytest.raises(AttributeError):
        await translator.snapshots(CUSTOMERS, {4711: customer_json()}, {})
