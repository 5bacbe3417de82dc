"""A small shop's JSON as Magento 2.4 writes it: one sale with its invoice, credit memo and transactions, in builders.

A cardigan (a configurable product, two pieces, 10 % off) and a brush, at prices that include 20 % VAT; one cardigan and
the shipping are invoiced and captured, and the cardigan is refunded, less a fee of 5.00.
"""

from __future__ import annotations

from typing import Any

from producers.magento.translate.places import Places, read_places
from producers.magento.translate.values import Raw

WEBSITES = [
    {"id": 0, "code": "admin", "name": "Admin", "default_group_id": 0},
    {"id": 1, "code": "base", "name": "Main Website", "default_group_id": 1},
    {"id": 2, "code": "nz", "name": "Aotearoa", "default_group_id": 2},
]
VIEWS = [
    {"id": 0, "code": "admin", "name": "Admin", "website_id": 0, "store_group_id": 0, "is_active": 1},
    {"id": 1, "code": "default", "name": "English", "website_id": 1, "store_group_id": 1, "is_active": 1},
    {"id": 3, "code": "kiwi", "name": "Kiwi", "website_id": 2, "store_group_id": 2, "is_active": 1},
]
CONFIGS = [
    {"id": 1, "code": "default", "website_id": 1, "base_currency_code": "GBP", "timezone": "Europe/London"},
    {"id": 3, "code": "kiwi", "website_id": 2, "base_currency_code": "NZD", "timezone": "Pacific/Auckland"},
]
VAT = {"code": "GB-VAT-20", "title": "VAT", "percent": 20}


def places() -> Places:
    """Two websites in two time zones."""
    return read_places(CONFIGS, VIEWS, WEBSITES)


def applied(kind: str, amount: float, item_id: int | None = None, *rates: dict[str, Any]) -> dict[str, Any]:
    """One entry of `item_applied_taxes`."""
    taxes = [{**rate, "amount": amount, "base_amount": amount} for rate in rates or (VAT,)]
    return {"type": kind, **({"item_id": item_id} if item_id else {}), "applied_taxes": taxes}


CARDIGAN: Raw = {
    "item_id": 211,
    "product_id": 90,
    "product_type": "configurable",
    "sku": "CRD-GREY-L",
    "name": "Lambswool Cardigan",
    "qty_ordered": 2,
    "price": 50,
    "base_price": 50,
    "price_incl_tax": 60,
    "row_total": 88,  # not the database's: Magento rewrites it
    "row_total_incl_tax": 108,
    "discount_amount": 12,
    "tax_percent": 20,
    "tax_amount": 18,
    "discount_tax_compensation_amount": 2,
}
CHOSEN: Raw = {
    "item_id": 212,
    "parent_item_id": 211,
    "product_id": 95,
    "product_type": "simple",
    "sku": "CRD-GREY-L",
    "name": "Lambswool Cardigan Grey L",
    "qty_ordered": 2,
    "price": 0,
    "base_price": 0,
    "row_total": 0,
}
BRUSH: Raw = {
    "item_id": 213,
    "product_id": 101,
    "product_type": "simple",
    "sku": "BRUSH/1",
    "name": "Clothes Brush",
    "qty_ordered": 1,
    "price": 8.32,
    "base_price": 8.32,
    "price_incl_tax": 9.99,
    "row_total": 7.32,
    "row_total_incl_tax": 8.99,
    "discount_amount": 1,
    "tax_percent": 20,
    "tax_amount": 1.5,
    "discount_tax_compensation_amount": 0.17,
}
ADDRESS: Raw = {
    "firstname": "Ivy",
    "lastname": "Marsh",
    "street": ["4 Mill Lane", "Flat 2"],
    "city": "York",
    "region": "North Yorkshire",
    "postcode": "YO1 7HH",
    "country_id": "GB",
    "telephone": "+44 1904 496 0000",
}


def order_json(**changes: Any) -> dict[str, Any]:
    """The order, partly invoiced."""
    taxes = [applied("product", 18, 211), applied("product", 1.5, 213), applied("shipping", 1)]
    raw: dict[str, Any] = {
        "entity_id": 123,
        "increment_id": "000000123",
        "store_id": 1,
        "store_name": "Main Website\nMain Website Store\nEnglish",
        "state": "processing",
        "created_at": "2026-10-03 09:14:20",
        "updated_at": "2026-10-03 09:20:02",
        "customer_id": 4711,
        "customer_is_guest": 0,
        "customer_email": "ivy.marsh@example.co.uk",
        "base_currency_code": "GBP",
        "order_currency_code": "GBP",
        "base_to_order_rate": 1,
        "subtotal": 108.32,
        "discount_amount": -13,
        "shipping_amount": 5,
        "shipping_tax_amount": 1,
        "shipping_incl_tax": 6,
        "shipping_description": "Royal Post - Tracked",
        "tax_amount": 20.5,
        "discount_tax_compensation_amount": 2.17,
        "grand_total": 122.99,
        "items": [CARDIGAN, CHOSEN, BRUSH],
        "billing_address": ADDRESS,
        "payment": {"account_status": None, "method": "stripe_payments", "amount_ordered": 122.99},
        "extension_attributes": {
            "applied_taxes": [{**VAT, "amount": 20.5, "base_amount": 20.5}],
            "item_applied_taxes": taxes,
        },
    }
    return raw | changes


def invoice_json(**changes: Any) -> dict[str, Any]:
    """One cardigan and the shipping, captured."""
    row = {
        "entity_id": 130,
        "order_item_id": 211,
        "sku": "CRD-GREY-L",
        "name": "Lambswool Cardigan",
        "qty": 1,
        "price": 50,
        "row_total": 50,
        "row_total_incl_tax": 60,
        "discount_amount": 6,
        "tax_amount": 9,
        "discount_tax_compensation_amount": 1,
    }
    raw: dict[str, Any] = {
        "entity_id": 57,
        "increment_id": "000000098",
        "order_id": 123,
        "store_id": 1,
        "state": 2,
        "created_at": "2026-10-03 09:20:01",
        "updated_at": "2026-10-03 09:20:03",
        "order_currency_code": "GBP",
        "base_to_order_rate": 1,
        "subtotal": 50,
        "discount_amount": -6,
        "shipping_amount": 5,
        "shipping_tax_amount": 1,
        "shipping_incl_tax": 6,
        "tax_amount": 10,
        "discount_tax_compensation_amount": 1,
        "grand_total": 60,
        "transaction_id": "pi_7Q",
        "items": [row, {"entity_id": 131, "order_item_id": 212, "sku": "CRD-GREY-L", "qty": 1, "price": 0}],
    }
    return raw | changes


def credit_memo_json(**changes: Any) -> dict[str, Any]:
    """The cardigan back, less a fee, paid back by the gateway."""
    row = {
        "entity_id": 21,
        "order_item_id": 211,
        "sku": "CRD-GREY-L",
        "name": "Lambswool Cardigan",
        "qty": 1,
        "price": 50,
        "base_cost": None,
        "row_total": 50,
        "discount_amount": 6,
        "tax_amount": 9,
        "discount_tax_compensation_amount": 1,
    }
    raw: dict[str, Any] = {
        "entity_id": 9,
        "increment_id": "000000009",
        "order_id": 123,
        "invoice_id": 57,
        "store_id": 1,
        "state": 2,
        "created_at": "2026-10-10 14:00:00",
        "updated_at": "2026-10-10 14:00:02",
        "order_currency_code": "GBP",
        "subtotal": 50,
        "discount_amount": -6,
        "shipping_amount": 0,
        "tax_amount": 9,
        "discount_tax_compensation_amount": 1,
        "adjustment_positive": 0,
        "adjustment_negative": 5,
        "adjustment": -5,
        "grand_total": 49,
        "transaction_id": "pi_7Q-refund",
        "items": [row],
    }
    return raw | changes


def customer_json(**changes: Any) -> dict[str, Any]:
    """An account with one address."""
    raw: dict[str, Any] = {
        "id": 4711,
        "created_at": "2026-03-02 08:11:09",
        "updated_at": "2026-09-30 17:02:44",
        "email": "ivy.marsh@example.co.uk",
        "firstname": "Ivy",
        "lastname": "Marsh",
        "website_id": 1,
        "store_id": 1,
        "default_billing": "812",
        "addresses": [{**ADDRESS, "id": 812, "region": {"region": "North Yorkshire", "region_id": 0}}],
    }
    return raw | changes


def product_json(**changes: Any) -> dict[str, Any]:
    """A simple product, sold on one website."""
    raw: dict[str, Any] = {
        "id": 101,
        "sku": "BRUSH/1",
        "name": "Clothes Brush",
        "type_id": "simple",
        "price": 9.99,
        "created_at": "2026-01-02 08:00:00",
        "updated_at": "2026-02-02 08:00:00",
        "extension_attributes": {"website_ids": [1]},
    }
    return raw | changes


def transactions_json() -> list[dict[str, Any]]:
    """The capture and the refund at the gateway, each a day after its document began."""
    capture = {"transaction_id": 5, "order_id": 123, "txn_id": "pi_7Q", "txn_type": "capture"}
    refund = {"transaction_id": 6, "order_id": 123, "txn_id": "pi_7Q-refund", "txn_type": "refund"}
    return [
        capture | {"created_at": "2026-10-04 08:00:00", "is_closed": 0},
        refund | {"created_at": "2026-10-11 08:00:00", "is_closed": 1},
    ]
