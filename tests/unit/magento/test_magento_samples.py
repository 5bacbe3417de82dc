"""The sample sale, from Magento's JSON to whole snapshots."""

from __future__ import annotations

import json
from typing import Any

from producers.magento.translate.credit_memos import OfOrder, credit_memo
from producers.magento.translate.invoices import invoice
from producers.magento.translate.payments import transactions
from producers.magento.translate.sales import order
from producers.store import Found
from schemas.entities import Entity
from tests.support.magento_samples import credit_memo_json, invoice_json, order_json, places, transactions_json


def wire(raw: Any) -> Any:
    """As it comes out of the client: through JSON."""
    return json.loads(json.dumps(raw))


ORDER, INVOICE, MEMO = wire(order_json()), wire(invoice_json()), wire(credit_memo_json())
SALE = {
    "order_id": "123",
    "order_number": "000000123",
    "invoice_id": "57",
    "invoice_number": "000000098",
    "date": "2026-10-03",
}


def shown(found: Found) -> dict[str, Any]:
    shown: dict[str, Any] = json.loads(found.data.model_dump_json(exclude_defaults=True))
    shown.pop("customer", None)
    return shown


def test_an_order_becomes_its_rows_without_reading_row_total() -> None:
    (found,) = order(ORDER, places())

    lines = [(line["name"], line["net"], line["tax"], line["gross"]) for line in shown(found)["lines"]]
    assert lines == [
        ("Lambswool Cardigan", "90.00", "18.00", "108.00"),
        ("Clothes Brush", "7.49", "1.50", "8.99"),
        ("Royal Post - Tracked", "5.00", "1.00", "6.00"),
    ]
    assert shown(found)["totals"] == {"net": "102.49", "tax": "20.50", "gross": "122.99"}
    assert "residual" not in shown(found)


def test_an_invoice_becomes_a_sale_and_a_payment_on_the_day_of_the_capture() -> None:
    captured = transactions(transactions_json(), ["capture"])

    sale, payment = invoice(INVOICE, ORDER, places(), captured=captured, offline_methods=frozenset())

    assert sale.entity is Entity.INVOICE
    assert shown(sale) == {
        "id": "57",
        "number": "000000098",
        "order_number": "000000123",
        "order_id": "123",
        "currency": "GBP",
        "date": "2026-10-03",
        "website": "base",
        "lines": [
            {
                "sku": "CRD-GREY-L",
                "name": "Lambswool Cardigan",
                "net": "45.00",
                "tax": "9.00",
                "gross": "54.00",
                "discount": "5.00",
                "tax_code": "GB-VAT-20",
                "tax_rate": "20",
            },
            {
                "name": "Royal Post - Tracked",
                "kind": "shipping",
                "net": "5.00",
                "tax": "1.00",
                "gross": "6.00",
                "tax_code": "GB-VAT-20",
                "tax_rate": "20",
            },
        ],
        "tenders": [{"method": "stripe_payments", "amount": "60.00"}],
        "totals": {"net": "50.00", "tax": "10.00", "gross": "60.00"},
    }
    assert shown(payment) == {
        "id": "invoice-57",
        "direction": "in",
        "sale": SALE,
        "method": "stripe_payments",
        "amount": "60.00",
        "currency": "GBP",
        "date": "2026-10-04",
        "transaction_id": "pi_7Q",
    }


def test_a_credit_memo_becomes_a_refund_with_its_fee_and_a_payment_out() -> None:
    of = OfOrder(ORDER, [INVOICE], [MEMO])
    refunded = transactions(transactions_json(), ["refund"])

    memo, payment = credit_memo(MEMO, of, places(), refunded=refunded, offline_methods=frozenset())

    assert shown(memo)["adjustments"] == [{"name": "Adjustment fee", "amount": "-5.00"}]
    assert shown(memo)["totals"] == {"net": "40.00", "tax": "9.00", "gross": "49.00"}
    assert shown(memo)["sale"] == SALE
    assert shown(memo)["tenders"] == [{"method": "stripe_payments", "amount": "49.00"}]
    assert shown(payment) == {
        "id": "memo-9",
        "direction": "out",
        "credit_memo_id": "9",
        "credit_memo_date": "2026-10-10",
        "sale": SALE,
        "method": "stripe_payments",
        "amount": "49.00",
        "currency": "GBP",
        "date": "2026-10-11",
        "transaction_id": "pi_7Q-refund",
    }
