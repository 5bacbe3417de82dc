"""The demo counts what it booked by the cases of docs/accounting.md."""

from __future__ import annotations

from typing import Any

import pytest

from deploy.demo import cases as demo
from tests.support.accounting_document import documented
from tests.support.demo_day import audit, books, document, documents, expected, rate, truth

STATUSES = {"statuses": {"invoices": {"PAID": 2, "VOIDED": 1}, "credit_notes": {}}}
GOODS = [rate("GB-VAT-20", "20", "100.00", "20.00")]


def cases(day: dict[str, Any], found: dict[str, Any] | None = None) -> dict[str, int]:
    return demo.cases(expected(day), books(found or documents()), audit() | STATUSES)


def test_every_case_is_one_of_the_document() -> None:
    named = {*demo.OF_TRAITS.values(), *demo.OF_ACCOUNTS.values(), demo.PAID, demo.PART, demo.UNPAID, demo.PAID_IN_PART}
    named |= {demo.NO_INVOICE, demo.OLD, demo.RATES, demo.CURRENCY, demo.VOIDED}

    assert named <= documented().keys()


def test_what_is_in_xero_counts_by_what_the_store_says_of_it() -> None:
    day = truth()
    day["documents"][2]["traits"] = ["tax-by-row", "shipping-taxed", "of no case"]
    day["documents"][3]["traits"] = ["tax-by-row"]
    day["documents"][4]["traits"] = ["some-rows"]

    assert cases(day) == {
        "Tax by the row": 2,
        "Paid by card, into the gateway's clearing account": 1,
        "Shipping with tax": 1,
        "Paid with a gift card, store credit, points and a card": 1,
        "Of a part of it": 1,
        "Of an unpaid sale": 1,
        "Sale cancelled or removed": 1,
    }


def test_what_is_missing_in_xero_does_not_count() -> None:
    found = documents()
    nothing: dict[str, list[dict[str, Any]]] = {kind: [] for kind in found}

    assert cases(truth(), nothing) == {"Sale cancelled or removed": 1}


@pytest.mark.parametrize(
    ("changes", "case"),
    [
        ({"currency": "EUR"}, demo.CURRENCY),
        ({"rates": [*GOODS, rate("GB-VAT-5", "5", "10.00", "0.50")]}, demo.RATES),
    ],
)
def test_currency_and_rates_are_seen_in_the_document(changes: dict[str, Any], case: str) -> None:
    day = truth()
    day["documents"][2] |= changes

    assert cases(day)[case] == 1


@pytest.mark.parametrize(
    ("note", "case"),
    [
        ({"rates": [rate("GB-VAT-20", "20", "20.00", "4.00")], "allocated": True}, demo.PAID_IN_PART),
        ({"allocated": False}, demo.NO_INVOICE),
        ({"order_id": 9, "allocated": False}, demo.OLD),
    ],
)
def test_a_refund_is_told_by_how_it_was_settled(note: dict[str, Any], case: str) -> None:
    day, found = truth(), documents()
    day["documents"].append(document("order", 9, order=9, rates=GOODS))
    if not note.pop("allocated"):
        found["credit_notes"][1]["Allocations"] = []
    if "rates" in note:
        day["payments"][4] |= {"method": "paypal_express", "online": True}
        found["payments"].append({**found["payments"][2], "Reference": "P-shop-memo-22"})
    day["documents"][5] |= note | ({"net": "20.00", "tax": "4.00"} if "rates" in note else {})

    assert cases(day, found)[case] == 1
