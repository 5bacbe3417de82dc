"""How many documents Xero holds of each case of docs/accounting.md, by what the store knows of them. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from deploy.demo.bookkeeping import BASE_CURRENCY
from deploy.demo.books import Books
from deploy.demo.expected import Expected, Sale

Json = Mapping[str, Any]

PAID, PART, UNPAID = "Of a paid sale", "Of a part of it", "Of an unpaid sale"
PAID_IN_PART, NO_INVOICE = "Of a sale that was paid in part", "That names no invoice"
OLD = "Of a sale before `start_date`"
RATES, CURRENCY, VOIDED = "Several rates", "Another currency, at the store's rate", "Sale cancelled or removed"
CARD, TRANSFER = "Paid by card, into the gateway's clearing account", "Paid by bank transfer"
TENDERS, TO_CREDIT = "Paid with a gift card, store credit, points and a card", "To store credit"

OF_TRAITS = {
    "prices-without-tax": "Prices without tax",
    "prices-with-tax": "Prices with tax: two at 9.99",
    "tax-by-unit": "Tax by the piece: ten at 1.03",
    "tax-by-row": "Tax by the row",
    "tax-by-total": "Tax by the total, what is left over carried on",
    "two-taxes-on-a-row": "Two taxes on a row (a state's and a city's)",
    "shipping-taxed": "Shipping with tax",
    "untaxed-row": "Zero-rated, exempt, and without any tax",
    "fixed-product-tax-taxed": "Fixed product tax, taxed itself",
    "gift-card-sold": "Gift card sold",
    "bundle-of-parts": "Bundle with a price of its parts",
    "price-of-parent": "Configurable product, bundle with a price of its own",
    "fraction": "0.3750 of something",
    "part-of-order": "Two invoices: shipping on the first, remainders on the last",
    "free": "Nothing to pay",
    "discount-tax-after": "Discount on a row, tax after it",
    "discount-tax-before": "Discount on a row, tax before it",
    "all-off-tax-after": "All of it off, tax after the discount",
    "all-off-tax-before": "All of it off, tax before the discount",
    "adjustment-fee": "Less an adjustment fee",
    "adjustment-refund": "With an adjustment refund",
    "adjustment-alone": "Of an adjustment alone",
    "shipping-alone": "Of shipping alone",
}
"""The store's words for a document, and the case of the same."""

OF_ACCOUNTS = {
    ("in", "092"): CARD,
    ("in", "091"): CARD,
    ("in", "090"): TRANSFER,
    ("in", "841"): TENDERS,
    ("in", "842"): TENDERS,
    ("out", "842"): TO_CREDIT,
}
"""The direction and the account of a payment, and its case."""


def cases(expected: Expected, books: Books, audit: Json) -> dict[str, int]:
    """Documents by case, most first. Only what is in Xero counts; one document may be of several cases."""
    found: Counter[str] = Counter()
    for number in expected.invoices.keys() & books.invoices.keys():
        found.update(_of_document(expected.invoices[number], expected.traits[number]))
    for number in expected.credit_notes.keys() & books.credit_notes.keys():
        found.update(_of_document(expected.credit_notes[number], expected.traits[number]))
        found[_settled(expected, number, books.credit_notes[number])] += 1
    for reference in expected.payments.keys() & books.payments.keys():
        money = expected.payments[reference]
        found[OF_ACCOUNTS.get((money.direction, money.account), "")] += 1
    found[VOIDED] = audit["statuses"]["invoices"].get("VOIDED", 0)
    del found[""]
    return {name: count for name, count in found.most_common() if count}


def _of_document(sale: Sale, traits: Sequence[str]) -> Iterator[str]:
    yield from (OF_TRAITS[trait] for trait in traits if trait in OF_TRAITS)
    if sum(bool(tax) for _, tax in sale.by_type.values()) > 1:
        yield RATES
    if sale.currency != BASE_CURRENCY:
        yield CURRENCY


def _settled(expected: Expected, number: str, note: Json) -> str:
    """How a refund was settled: paid back, set against its invoice, both, or neither; empty where its traits say it."""
    unpaid, traits = expected.unpaid[number], expected.traits[number]
    if number in expected.alone:
        return OLD
    if not unpaid:
        return PAID if "everything" in traits else PART if "some-rows" in traits else ""
    if not note.get("Allocations"):
        return NO_INVOICE
    return UNPAID if unpaid == expected.credit_notes[number].gross else PAID_IN_PART
