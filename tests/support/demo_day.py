"""A store's own sums and the books that agree with them, small enough to be checked by hand."""

from __future__ import annotations

import copy
import datetime as dt
from decimal import Decimal
from typing import Any

from deploy.demo.books import Books, by_number
from deploy.demo.expected import Expected, expected_of

START = dt.date(2026, 11, 10)
BEFORE, AFTER = "2026-11-09", "2026-11-12"


def rate(code: str, percent: str, net: str, tax: str) -> dict[str, str]:
    """What of a document has one rate."""
    return {"code": code, "rate": percent, "net": net, "tax": tax}


def document(kind: str, number: int, *, order: int, rates: list[dict[str, str]], **more: Any) -> dict[str, Any]:
    """One document as the truth lists it."""
    net, tax = (sum(Decimal(one[name]) for one in rates) for name in ("net", "tax"))
    made = {
        "kind": kind,
        "number": f"{number:09d}",
        "id": number,
        "order_id": order,
        "website": "base",
        "currency": "GBP",
        "date": AFTER,
        "cancelled": False,
        "net": str(net),
        "tax": str(tax),
        "gross": str(net + tax),
        "rates": rates,
    }
    buyer = {"customer_id": None, "email": f"Guest{order}@mail.example"}
    own: dict[str, Any] = buyer if kind == "order" else {"traits": []}
    return made | own | more


def payment(direction: str, method: str, of: int, amount: str, **more: Any) -> dict[str, Any]:
    """One payment as the truth lists it."""
    made = {"direction": direction, "method": method, "online": True, "document_id": of, "amount": amount}
    return made | {"order_id": of, "website": "base", "currency": "GBP", "date": AFTER} | more


def truth() -> dict[str, Any]:
    """Two sales, of a customer by card and of a guest by cheque; both are refunded in part."""
    goods, back = [rate("GB-VAT-20", "20", "100.00", "20.00")], [rate("GB-VAT-20", "20", "10.00", "2.00")]
    return {
        "counts": {
            "customers": 1,
            "products": 3,
            "product_types": {"simple": 2, "configurable": 1},
        },
        "documents": [
            document("order", 1, order=1, rates=goods, customer_id=5, email="customer5@shop.example"),
            document("order", 2, order=2, rates=goods),
            document("invoice", 11, order=1, rates=goods),
            document("invoice", 12, order=2, rates=[*goods, rate("", "0", "5.00", "0.00")]),
            document("credit_memo", 21, order=1, rates=back),
            document("credit_memo", 22, order=2, rates=back),
        ],
        "payments": [
            payment("in", "stripe_payments", 11, "100.00"),
            payment("in", "gift_card", 11, "20.00"),
            payment("in", "checkmo", 12, "125.00", online=False),
            payment("out", "stripe_payments", 21, "12.00"),
            payment("out", "checkmo", 22, "12.00", online=False),
        ],
    }


def expected(of: dict[str, Any]) -> Expected:
    """What the books must hold."""
    return expected_of(of, store="shop", start_date=START)


def documents() -> dict[str, list[dict[str, Any]]]:
    """What Xero holds, as the sandbox lists it: the books of `truth()`."""
    allocation = {"Amount": Decimal("12.00"), "Invoice": {"InvoiceID": "id-12"}}
    return {
        "contacts": [
            {"ContactNumber": "shop:5", "EmailAddress": "customer5@shop.example"},
            {"ContactNumber": "shop:guest:ab12", "EmailAddress": "guest2@mail.example"},
        ],
        "items": [{"Code": "A 1"}, {"Code": "A 2"}],
        "invoices": [
            _sale("Invoice", "I-shop-000000011", "id-11", [_goods()]),
            _sale("Invoice", "I-shop-000000012", "id-12", [_goods(), _line("NONE", "5.00", "0")]),
        ],
        "credit_notes": [
            _sale("CreditNote", "C-shop-000000021", "id-21", [_back()], Allocations=[]),
            _sale("CreditNote", "C-shop-000000022", "id-22", [_back()], Allocations=[allocation]),
        ],
        "payments": [
            _payment("P-shop-invoice-11 pi_1", "092", "100.00", "id-11"),
            _payment("P-shop-giftcard-11", "841", "20.00", "id-11"),
            _payment("P-shop-memo-21 re_1", "092", "12.00", "id-21"),
        ],
    }


def books(found: dict[str, list[dict[str, Any]]]) -> Books:
    """By number, as the demo reads them."""
    keys = {"contacts": "ContactNumber", "items": "Code", "invoices": "InvoiceNumber"}
    keys |= {"credit_notes": "CreditNoteNumber", "payments": "Reference"}
    return Books(**{kind: by_number(copy.deepcopy(found[kind]), key) for kind, key in keys.items()})


def audit() -> dict[str, Any]:
    """The sums of `documents()`, as the sandbox's audit has them."""
    booked = {"status": "PAID", "currency": "GBP", "tax_type": "OUTPUT2"}
    payments = [
        {"account": "092", "currency": "GBP", "in": "100.00", "out": "12.00", "count": 2},
        {"account": "841", "currency": "GBP", "in": "20.00", "out": "0", "count": 1},
    ]
    return {
        "sums": {
            "invoices": [
                booked | {"account": "200", "net": "150.00", "tax": "30.00"},
                booked | {"account": "210", "net": "50.00", "tax": "10.00"},
                booked | {"account": "205", "tax_type": "NONE", "net": "5.00", "tax": "0"},
                booked | {"account": "200", "status": "VOIDED", "net": "9.00", "tax": "1.80"},
            ],
            "credit_notes": [booked | {"account": "200", "net": "20.00", "tax": "4.00"}],
            "payments": payments,
        }
    }


def _goods() -> dict[str, Any]:
    return _line("OUTPUT2", "100.00", "20.00")


def _back() -> dict[str, Any]:
    return _line("OUTPUT2", "10.00", "2.00")


def _line(tax_type: str, net: str, tax: str) -> dict[str, Any]:
    return {"TaxType": tax_type, "LineAmount": Decimal(net), "TaxAmount": Decimal(tax)}


def _sale(kind: str, number: str, key: str, lines: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    net, tax = (sum((one[name] for one in lines), Decimal(0)) for name in ("LineAmount", "TaxAmount"))
    totals = {"SubTotal": net, "TotalTax": tax, "Total": net + tax}
    dated = {"Date": "/Date(1794441600000+0000)/", "CurrencyCode": "GBP", "LineItems": lines}
    return {f"{kind}Number": number, f"{kind}ID": key} | totals | dated | more


def _payment(reference: str, account: str, amount: str, document_id: str) -> dict[str, Any]:
    made = {"Reference": reference, "Amount": Decimal(amount), "Date": "/Date(1794441600000+0000)/"}
    return made | {"Account": {"Code": account}, "Invoice": {"InvoiceID": document_id}}
