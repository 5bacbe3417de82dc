"""Documents of a made-up store as its REST shows them, and the identities that hold for them.

The identities are written from the fields a reader sees, so that they are no second copy of what computes them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from deploy.sandbox.store.market import Market, Size
from deploy.sandbox.store.model import Invoice, Memo, Order
from deploy.sandbox.store.render_documents import invoice_json, memo_json
from deploy.sandbox.store.render_order import order_json
from deploy.sandbox.store.shop import WEBSITES
from deploy.sandbox.store.style import Style

Json = dict[str, Any]
NOW = 1_794_000_000
CENT = Decimal("0.01")
VERSIONS = ("2.3", "2.4", "2.4.8")
AFTER_DISCOUNT = {website.id: website.taxes.after_discount for website in WEBSITES}
_NAMES = {"base_shipping_discount_tax_compensation_amount": "base_shipping_discount_tax_compensation_amnt"}


@dataclass(frozen=True, slots=True)
class Shown:
    """What a reader gets: orders by id, and the documents made of them."""

    orders: Mapping[Any, Json]
    invoices: list[Json]
    memos: list[Json]


def shown(market: Market, style: Style) -> Shown:
    """Everything, through JSON, with decimals as a careful reader parses them."""
    entities = market.registry.entities
    orders = [_read(order_json(one, style)) for one in entities["orders"].values() if isinstance(one, Order)]
    invoices = [_read(invoice_json(one, style)) for one in entities["invoices"].values() if isinstance(one, Invoice)]
    memos = [_read(memo_json(one, style)) for one in entities["creditmemos"].values() if isinstance(one, Memo)]
    return Shown({order["entity_id"]: order for order in orders}, invoices, memos)


def a_market(orders: int, seed: int, *, commerce: bool = True) -> Market:
    """A store with a past."""
    return Market(Size(orders, seed, commerce), NOW)


def _read(made: Json) -> Json:
    read: Json = json.loads(json.dumps(made), parse_float=Decimal, parse_int=Decimal)
    return read


def cents(amount: Any) -> Decimal:
    """An amount without the dirt of floats; missing counts as none."""
    return Decimal(amount or 0).quantize(CENT, ROUND_HALF_UP)


def at(made: Json, name: str, prefix: str = "") -> Decimal:
    """An amount of a document or row, of the order's currency or with `base_` of the website's."""
    full = prefix + name
    extension = made.get("extension_attributes") or {}
    return cents(made.get(_NAMES.get(full, full), extension.get(full)))


def rows_of(order: Json) -> Iterator[Json]:
    """The rows that carry money, told as a reader has to: bundles by the base price of what belongs to them."""
    parents = {item["item_id"]: item for item in order["items"] if "parent_item_id" not in item}
    children: dict[Decimal, list[Json]] = {}
    for item in order["items"]:
        if "parent_item_id" in item:
            children.setdefault(item["parent_item_id"], []).append(item)
    for number, parent in parents.items():
        own = children.get(number, [])
        is_dynamic = parent["product_type"] == "bundle" and any(cents(child["base_price"]) > 0 for child in own)
        yield from own if is_dynamic else [parent]


def identity_o(order: Json, prefix: str) -> Decimal:
    """What an order's grand total should be [magento 3.9 O]."""
    rows = list(rows_of(order))
    fpt = sum((_fpt_row(row, prefix) for row in rows), Decimal(0))
    in_rows = sum((_row_net(row, prefix) for row in rows), Decimal(0))
    beside = fpt if at(order, "subtotal", prefix) == in_rows else Decimal(0)
    return _common(order, prefix) + at(order, "shipping_discount_tax_compensation_amount", prefix) + beside


def identity_i(invoice: Json, fpt_beside: Decimal, prefix: str) -> Decimal:
    """What an invoice's grand total should be [magento 3.9 I]."""
    compensation = at(invoice, "shipping_discount_tax_compensation_amount", prefix)
    return _common(invoice, prefix) + compensation + fpt_beside


def identity_c(memo: Json, fpt_beside: Decimal, prefix: str) -> Decimal:
    """What a credit memo's grand total should be [magento 3.9 C]."""
    adjusted = at(memo, "adjustment_positive", prefix) - at(memo, "adjustment_negative", prefix)
    return _common(memo, prefix) + adjusted + fpt_beside


def _common(made: Json, prefix: str) -> Decimal:
    names = ("subtotal", "discount_amount", "shipping_amount", "tax_amount", "discount_tax_compensation_amount")
    tenders = at(made, "gift_cards_amount", prefix) + at(made, "customer_balance_amount", prefix)
    return sum((at(made, name, prefix) for name in names), Decimal(0)) - tenders


def _fpt_row(row: Json, prefix: str) -> Decimal:
    name = "base_weee_tax_applied_row_amnt" if prefix else "weee_tax_applied_row_amount"
    return cents(row.get(name))


def _row_net(row: Json, prefix: str) -> Decimal:
    """The net of a row before discounts, from what the rewritten totals still tell [magento 3.4]."""
    gross = at(row, "row_total_incl_tax", prefix)
    compensated = at(row, "tax_amount", prefix) + at(row, "discount_tax_compensation_amount", prefix)
    weee = cents(row.get("base_weee_tax_applied_amount")) if prefix else _fpt_row(row, prefix)
    return gross - compensated + at(row, "discount_amount", prefix) - weee


def line_gross(item: Json, prefix: str = "") -> Decimal:
    """What a row of an invoice or credit memo costs [magento 3.9 L]."""
    plus = at(item, "row_total", prefix) + at(item, "tax_amount", prefix)
    return plus + at(item, "discount_tax_compensation_amount", prefix) - at(item, "discount_amount", prefix)


def total(items: Iterable[Json], name: str, prefix: str = "") -> Decimal:
    """The sum of a field over rows."""
    return sum((at(item, name, prefix) for item in items), Decimal(0))
