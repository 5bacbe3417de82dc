"""What an order says of refunds that became store credit stops its own credit memos alone, where it cannot be read."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from producers.store import Cursor
from tests.support.magento_reading import BEGIN, INVOICES, ORDERS, every_page, opened, stream
from tests.support.magento_samples import credit_memo_json, invoice_json, order_json, transactions_json
from tests.support.magento_shop import Row, Shop


def refunded_twice(became_credit: Any) -> Shop:
    """Two orders, each with a credit memo, 9 and 10; the second order says this of its store credit."""
    order, memo = order_json(), credit_memo_json()
    odd: Row = order_json(entity_id=order["entity_id"] + 1, increment_id="000000099")
    odd["extension_attributes"] = {**odd["extension_attributes"], "customer_balance_total_refunded": became_credit}
    of_odd = credit_memo_json(entity_id=memo["entity_id"] + 1, increment_id="77", order_id=odd["entity_id"])
    return Shop(
        {
            ORDERS: [order, odd],
            INVOICES: [invoice_json()],
            "V1/creditmemos": [memo, of_odd],
            "V1/transactions": transactions_json(),
        }
    )


@pytest.mark.parametrize("became_credit", ["x", [], True, 1e13])
async def test_an_order_with_an_unreadable_store_credit_breaks_its_own_credit_memo_alone(became_credit: Any) -> None:
    async with opened(refunded_twice(became_credit)) as store:
        (page,) = await every_page(store, "credit_memos")
        until = BEGIN + timedelta(days=365)
        changes = await store.changes(stream(store, "credit_memos"), Cursor(BEGIN - timedelta(days=365)), until=until)

    for found in (page, changes):
        assert [row.id for row in found.rows] == [9]
        assert [one.id for one in found.broken] == [10]
        assert "customer_balance_total_refunded" in found.broken[0].reason
