"""How the figures of Magento's documents add up to their grand totals."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.support.magento_tax import ZERO

Json = dict[str, Any]


def identity_o(raw: Json) -> Decimal:
    """Identity O; `tenders` takes the reward points off, which only orders show."""
    return identity_i(raw)


def identity_i(raw: Json) -> Decimal:
    """Identity I, with the fixed product taxes that the subtotal does not hold."""
    compensation: Decimal = raw.get("shipping_discount_tax_compensation_amount", ZERO)
    return identity_c(raw) + compensation


def identity_c(raw: Json) -> Decimal:
    """Identity C."""
    names = ("subtotal", "discount_amount", "shipping_amount", "tax_amount", "discount_tax_compensation_amount")
    adjusted = raw.get("adjustment_positive", ZERO) - raw.get("adjustment_negative", ZERO)
    wrapped = Decimal(raw["extension_attributes"]["gw_items_price"])
    beside: Decimal = wrapped + raw["fpt_beside"] + raw["fee_beside"] + adjusted
    return sum((raw[name] for name in names), ZERO) + beside - tenders(raw)


def tenders(raw: Json) -> Decimal:
    """What was not paid with money, as far as the document says."""
    stated = raw["extension_attributes"]
    names = ("gift_cards_amount", "customer_balance_amount", "reward_currency_amount")
    return sum((stated.get(name, ZERO) for name in names), ZERO)


def points(raw: Json) -> Decimal:
    """What reward points paid of an invoice or credit memo: what its total lacks."""
    is_invoice = "shipping_discount_tax_compensation_amount" in raw
    paid: Decimal = (identity_i(raw) if is_invoice else identity_c(raw)) - raw["grand_total"]
    return paid
