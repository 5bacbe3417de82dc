"""A trading day against the books in Xero: what is missing, what is there twice, how many cents are off."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from deploy.demo.books import Books, Difference, amount_of, sums_of
from schemas.entities import CreditMemo, Invoice
from tests.support.trading_day import Day

ACCOUNTS = {"stripe": "092", "paypal": "091", "banktransfer": "090"}


def compare(day: Day, books: Books, *, prefix: str = "") -> Difference:
    """Every document of the day, to the cent."""
    difference = Difference()
    _sales(difference, f"{prefix}I-{day.store}", day.invoices, books.invoices)
    _sales(difference, f"{prefix}C-{day.store}", day.credit_memos, books.credit_notes)
    _payments(difference, day, books, prefix)
    _allocations(difference, day, books, prefix)
    _count(difference, "contacts", len(day.contacts), len(books.contacts))
    _count(difference, "items", len(day.items), len(books.items))
    return difference


def _sales(
    difference: Difference,
    prefix: str,
    store: Mapping[str, Invoice] | Mapping[str, CreditMemo],
    xero: Mapping[str, Mapping[str, Any]],
) -> None:
    expected = {f"{prefix}-{number}": sale for number, sale in store.items()}
    _names(difference, expected, xero)
    for name, sale in expected.items():
        if name in xero:
            totals = sale.totals
            difference.amounts(name, (totals.net, totals.tax, totals.gross), sums_of(xero[name]))


def _payments(difference: Difference, day: Day, books: Books, prefix: str) -> None:
    expected = {f"{prefix}P-{day.store}-{number}": payment for number, payment in day.payments.items()}
    _names(difference, expected, books.payments)
    for name, payment in expected.items():
        if name in books.payments:
            document = books.payments[name]
            difference.amounts(name, (payment.amount,), (amount_of(document, "Amount"),))
            account = str((document.get("Account") or {}).get("Code"))
            if account != ACCOUNTS[payment.method]:
                difference.wrong.append(f"{name}: account {account}, expected {ACCOUNTS[payment.method]}")
                difference.cents += int(payment.amount * 100)


def _allocations(difference: Difference, day: Day, books: Books, prefix: str) -> None:
    for number, amount in day.allocated.items():
        name = f"{prefix}C-{day.store}-{number}"
        note = books.credit_notes.get(name, {})
        allocated = sum((amount_of(a, "Amount") for a in note.get("Allocations") or ()), Decimal(0))
        difference.amounts(f"allocation of {name}", (amount,), (allocated,))


def _names(difference: Difference, expected: Mapping[str, Any], found: Mapping[str, Any]) -> None:
    difference.missing.extend(sorted(expected.keys() - found.keys()))
    difference.extra.extend(sorted(found.keys() - expected.keys()))


def _count(difference: Difference, what: str, expected: int, found: int) -> None:
    difference.missing.extend([what] * max(expected - found, 0))
    difference.extra.extend([what] * max(found - expected, 0))
