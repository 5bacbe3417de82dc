"""What a made-up shop sells, and how its rows look in Magento's JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tests.support.magento_tax import Amounts, Rate, cents

VAT_20 = Rate("GB-VAT-20", Decimal(20))
VAT_5 = Rate("GB-VAT-5", Decimal(5))
ZERO_RATED, EXEMPT = Rate("GB-ZERO", Decimal(0)), Rate("GB-EXEMPT", Decimal(0))
STATE, CITY = Rate("US-NY-STATE", Decimal(4)), Rate("US-NY-CITY", Decimal("4.875"))
NO_SHIPPING = Amounts()
Quantity = int | Decimal
"""Pieces, or a weight with up to 4 decimals."""


@dataclass(frozen=True)
class Ware:
    """One row to order. `parts` make it a bundle, or a configurable product with its choice; `fpt` is of one unit."""

    price: str = "10.00"
    quantity: Quantity = 1
    kind: str = "simple"
    rates: tuple[Rate, ...] = (VAT_20,)
    discount: str = "0"
    fpt: str = "0"
    fpt_taxed: bool = False
    parts: tuple[Ware, ...] = ()

    @property
    def dynamic(self) -> bool:
        """Whether the price is that of the parts."""
        return self.kind == "bundle" and any(Decimal(part.price) for part in self.parts)


@dataclass
class Row:
    """An ordered row that carries money, and how much of it is invoiced and refunded."""

    item_id: int
    ware: Ware
    quantity: Quantity
    amounts: Amounts
    fpt: Decimal
    fpt_tax: Decimal
    invoiced: Quantity = 0
    refunded: Quantity = 0
    invoiced_amounts: Amounts = field(default_factory=Amounts)
    refunded_amounts: Amounts = field(default_factory=Amounts)


@dataclass(frozen=True)
class Paid:
    """What gift cards, store credit and reward points pay of an order, at most."""

    gift_cards: str = "0"
    credit: str = "0"
    reward: str = "0"


def weee(unit: Decimal, row: Decimal, tax: Decimal) -> dict[str, Any]:
    """The fields of fixed product taxes of an order's row."""
    applied = [{"title": "Recycling", "row_amount": float(row), "row_amount_incl_tax": float(row + tax)}]
    return {
        "weee_tax_applied_amount": unit,
        "weee_tax_applied_row_amount": row,
        "weee_tax_applied": json.dumps(applied),
    }


def document_item(row: Row, part: Amounts, quantity: Quantity, *, memo: bool) -> dict[str, Any]:
    """A row of an invoice or credit memo; only the latter shows fixed product taxes."""
    shown: dict[str, Any] = {
        "entity_id": 5000 + row.item_id,
        "order_item_id": row.item_id,
        "sku": f"SKU-{row.item_id}",
        "name": f"{row.ware.kind} {row.item_id}",
        "qty": quantity,
        "price": cents(part.net / quantity),
        "row_total": part.net,
        "row_total_incl_tax": part.gross,
        "tax_amount": part.tax,
    }
    shown |= {"discount_amount": part.discount} if part.discount else {}
    shown |= {"discount_tax_compensation_amount": part.compensation} if part.compensation else {}
    if memo and row.fpt:
        shown["weee_tax_applied_row_amount"] = cents(row.fpt * quantity / row.quantity)
    return shown


def accompanying(item: dict[str, Any]) -> dict[str, Any]:
    """A row of a document that stands there without amounts."""
    own = item["item_id"]
    return {"entity_id": 9000 + own, "order_item_id": own, "sku": item["sku"], "qty": 1, "price": 0}
