"""The day of a capture or refund stands in its transaction: where that cannot be read, no other day is taken."""

from __future__ import annotations

from datetime import date

import pytest

from schemas.entities import Payment
from tests.support.magento_reading import INVOICES, ORDERS, every_page, invoices, opened, orders
from tests.support.magento_samples import credit_memo_json, invoice_json, order_json, transactions_json
from tests.support.magento_shop import Row, Shop

TRANSACTIONS = "V1/transactions"


def sold(*, broken: set[int], listed: list[Row]) -> Shop:
    """A sale that was captured and refunded."""
    lists = {ORDERS: [order_json()], INVOICES: [invoice_json()], "V1/creditmemos": [credit_memo_json()]}
    return Shop({**lists, TRANSACTIONS: listed}, broken={TRANSACTIONS: broken})


def ids() -> set[int]:
    return {one["transaction_id"] for one in transactions_json()}


@pytest.mark.parametrize(("name", "row"), [("invoices", 57), ("credit_memos", 9)])
async def test_a_payment_is_not_dated_on_its_documents_day_because_its_transaction_cannot_be_read(
    name: str, row: int
) -> None:
    async with opened(sold(broken=ids(), listed=transactions_json())) as store:
        (page,) = await every_page(store, name)

    assert page.rows == ()
    assert [one.id for one in page.broken] == [row]
    assert page.broken[0].reason.startswith("the transactions of its order 123 cannot be read: ")


async def test_another_transaction_of_its_order_that_cannot_be_read_does_not_stop_it() -> None:
    odd = {"transaction_id": 99, "order_id": 123, "txn_id": "void", "txn_type": "void", "created_at": "?"}

    async with opened(sold(broken={99}, listed=[*transactions_json(), odd])) as store:
        (page,) = await every_page(store, "invoices")

    _, payment = page.rows[0].snapshots
    assert isinstance(payment.data, Payment)
    assert (payment.data.id, payment.data.date) == ("invoice-57", date(2026, 10, 4))


async def test_a_document_without_a_transaction_asks_for_none() -> None:
    of_another = {"transaction_id": 99, "order_id": 2, "txn_id": "pi_7Q", "txn_type": "capture", "created_at": "?"}
    shop = Shop(
        {
            ORDERS: orders(1, 2),
            INVOICES: [invoices(1001)[0] | {"transaction_id": None}, *invoices(1002)],
            TRANSACTIONS: [of_another],
        },
        broken={TRANSACTIONS: {99}},
    )

    async with opened(shop) as store:
        (page,) = await every_page(store, "invoices")

    assert [row.id for row in page.rows] == [1001]
    assert [one.id for one in page.broken] == [1002]
