"""The store's day against the books in Xero: what is missing, what is there twice, how many cents are off. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from deploy.demo.day import Day
from deploy.demo.spoiled import Bad
from schemas.entities import CreditMemo, Invoice

Sums = tuple[Decimal, Decimal, Decimal]
ACCOUNTS = {"stripe": "092", "paypal": "091", "banktransfer": "090"}


@dataclass(frozen=True, slots=True)
class Books:
    """What Xero holds, by our numbers: documents as Xero shows them."""

    contacts: Mapping[str, Mapping[str, Any]]
    items: Mapping[str, Mapping[str, Any]]
    invoices: Mapping[str, Mapping[str, Any]]
    credit_notes: Mapping[str, Mapping[str, Any]]
    payments: Mapping[str, Mapping[str, Any]]


@dataclass(slots=True)
class Difference:
    """`missing` and `extra` name documents, `cents` adds up every amount that differs."""

    missing: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)
    cents: int = 0
    wrong: list[str] = field(default_factory=list)

    def amounts(self, name: str, store: Sequence[Decimal], xero: Sequence[Decimal]) -> None:
        """Count what differs between the store's amounts and Xero's."""
        off = sum(abs(int((a - b) * 100)) for a, b in zip(store, xero, strict=True))
        if off:
            self.cents += off
            self.wrong.append(f"{name}: store {list(map(str, store))}, xero {list(map(str, xero))}")


def by_number(documents: Iterable[Mapping[str, Any]], key: str) -> dict[str, Mapping[str, Any]]:
    """Documents under their number; of a payment's reference that is the first word, the gateway's follows."""
    if key == "Reference":
        return {str(document.get(key) or "").split(" ")[0]: document for document in documents}
    return {str(document.get(key) or ""): document for document in documents}


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


def parked_as_spoiled(bad: Iterable[Bad], reasons: Iterable[str]) -> bool:
    """Exactly the spoiled messages are parked, each for the reason it has."""
    return Counter(reasons) == Counter(one.reason for one in bad)


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
            difference.amounts(name, (payment.amount,), (_amount(document, "Amount"),))
            account = str((document.get("Account") or {}).get("Code"))
            if account != ACCOUNTS[payment.method]:
                difference.wrong.append(f"{name}: account {account}, expected {ACCOUNTS[payment.method]}")
                difference.cents += int(payment.amount * 100)


def _allocations(difference: Difference, day: Day, books: Books, prefix: str) -> None:
    for number, amount in day.allocated.items():
        name = f"{prefix}C-{day.store}-{number}"
        note = books.credit_notes.get(name, {})
        allocated = sum((_amount(a, "Amount") for a in note.get("Allocations") or ()), Decimal(0))
        difference.amounts(f"allocation of {name}", (amount,), (allocated,))


def _names(difference: Difference, expected: Mapping[str, Any], found: Mapping[str, Any]) -> None:
    difference.missing.extend(sorted(expected.keys() - found.keys()))
    difference.extra.extend(sorted(found.keys() - expected.keys()))


def _count(difference: Difference, what: str, expected: int, found: int) -> None:
    difference.missing.extend([what] * max(expected - found, 0))
    difference.extra.extend([what] * max(found - expected, 0))


def sums_of(document: Mapping[str, Any]) -> Sums:
    """Net, tax and gross of a document as Xero shows it."""
    return (_amount(document, "SubTotal"), _amount(document, "TotalTax"), _amount(document, "Total"))


def _amount(document: Mapping[str, Any], key: str) -> Decimal:
    return Decimal(str(document.get(key) or 0))
