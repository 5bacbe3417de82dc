"""A part of a sale is captured and refunded offline: what is captured later finds the sale as it was."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from tests.support.bookkeeping import Books
from tests.support.magento_trade import Sale
from tests.support.magento_trades import CARD, Trade
from tests.support.magento_wares import Ware
from tests.support.mapping_cases import organisation

TAX = {"GB-VAT-20": "OUTPUT2", "20": "OUTPUT2", "none": "NONE"}
HEAD = {"order_currency_code": "GBP", "base_currency_code": "GBP", "base_to_order_rate": 1}
REFUNDED = {"transaction_id": None, "invoice_id": None, "created_at": "2026-03-09 09:00:00"}


@pytest.fixture(params=["invoice", "order"])
def books(request: pytest.FixtureRequest) -> Iterator[Books]:
    made = Books(organisation(tax=TAX, payments={CARD: "092"}, sales_document=request.param))
    yield made
    made.close()


def half_refunded(*, by_order: bool) -> Trade:
    """Two pieces for 240.00 are ordered; one is invoiced, captured, and refunded without a gateway."""
    sale = Sale([Ware("100.00"), Ware("100.00")])
    one = {sale.rows[0].item_id: 1}
    order = sale.order | HEAD | {"created_at": "2026-03-02 09:00:00", "payment": {"method": CARD}}
    first = sale.invoice(one) | HEAD | captured(57, "2026-03-02 10:00:00")
    return Trade(sale, order, by_order, invoices=[first], memos=[sale.refund(one) | HEAD | REFUNDED])


def captured(number: int, at: str) -> dict[str, object]:
    ids = {"entity_id": number, "increment_id": f"0000000{number}", "transaction_id": f"pi_{number}"}
    return {**ids, "created_at": at, "state": 2}


def test_the_credit_stays_the_customers_and_the_later_capture_is_paid(books: Books) -> None:
    trade = half_refunded(by_order=books.org.sales_document == "order")
    books.book(*trade.events())

    trade.invoices.append(trade.sale.invoice() | HEAD | captured(58, "2026-03-10 10:00:00"))
    books.book(*trade.events())

    assert list(books.allocations()) == []
    assert [note["RemainingCredit"] for note in books.credit_notes()] == [Decimal("120.00")]
    assert [payment["Amount"] for payment in books.payments()] == [Decimal("120.00"), Decimal("120.00")]
    assert {sold["AmountDue"] for sold in books.invoices()} == {Decimal(0)}
