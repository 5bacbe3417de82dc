"""Refunds to store credit as versions of Commerce write them, and what the producer says went back with them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from producers.magento.translate.credit_memos import OfOrder, credit_memo
from schemas.entities import CreditMemo, Payment
from tests.support.magento_samples import places
from tests.support.magento_trade import Sale, wire

Json = dict[str, Any]

TRANSFER = "banktransfer"
BY_HAND = {"invoice_id": None, "transaction_id": None}


def order_of(sale: Sale, became: str) -> Json:
    """The order, paid by bank transfer beside its tenders, with what of its refunds became store credit."""
    extension = {**sale.order["extension_attributes"], "customer_balance_total_refunded": Decimal(became)}
    return sale.order | {"payment": {"method": TRANSFER}, "extension_attributes": extension}


def typed(raw: Json, amount: Decimal) -> Json:
    """The memo as newer versions of Commerce write it, after an amount was typed that is to become store credit."""
    if amount > raw["grand_total"]:
        return raw
    stated = raw["extension_attributes"]
    credit = {"customer_balance_amount": stated["customer_balance_amount"] + amount}
    return raw | {"extension_attributes": {**stated, **credit}}


def went_back(raw: Json, order: Json, invoice: Json, memos: Sequence[Json] = ()) -> dict[str, str]:
    """What went back with a credit memo, by method; its tenders are its payments, and all of its sum.

    As for the agent, the order's memos are listed only where the order knows a refund to store credit.
    """
    listed = (memos or [raw]) if order["extension_attributes"]["customer_balance_total_refunded"] else ()
    of = OfOrder(wire(order), [wire(invoice)], [wire(one) for one in listed])
    memo, *payments = credit_memo(wire(raw), of, places(), refunded={}, offline_methods=frozenset({TRANSFER}))
    assert isinstance(memo.data, CreditMemo)
    paid = {one.data.method: one.data.amount for one in payments if isinstance(one.data, Payment)}
    assert {one.method: one.amount for one in memo.data.tenders} == paid
    assert sum(paid.values()) == memo.data.totals.gross
    return {method: f"{amount}" for method, amount in paid.items()}
