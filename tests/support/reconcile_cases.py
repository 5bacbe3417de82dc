"""Entries of both sides for the tests of reconciling."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from worker.documents.documents import Kind
from worker.ledger.records import Document
from worker.reconcile.compare import Comparison, Days, compare
from worker.reconcile.entries import Allocation, Amount, Entry
from worker.reconcile.wanted import Unbookable

DAY = date(2026, 11, 24)
LATER = date(2026, 11, 30)
DAYS = Days(DAY, DAY)
PREFIXES = ("i-shop-", "c-shop-", "p-shop-")


def amount(net: str, tax: str = "0", account: str = "200", tax_type: str = "OUTPUT2") -> Amount:
    return Amount(account, tax_type, Decimal(net), Decimal(tax))


def sale(number: str = "I-shop-1", *amounts: Amount, kind: Kind = Kind.INVOICE, **changes: Any) -> Entry:
    lines = amounts or (amount("10.00", "2.00"),)
    net, tax = sum(one.net for one in lines), sum(one.tax for one in lines)
    sign = 1 if kind is Kind.INVOICE else -1
    made = Entry(kind, number, DAY, "AUTHORISED", "GBP", Decimal(net), Decimal(tax), lines, sign)
    return replace(made, **changes)


def credit(*allocations: tuple[str, str]) -> Entry:
    """A credit note of 12.00, set against the invoices of these numbers."""
    made = tuple(Allocation(number, Decimal(paid)) for number, paid in allocations)
    return sale("C-shop-9", kind=Kind.CREDIT_NOTE, allocations=made)


def tracked(*options: tuple[str, str]) -> Entry:
    """A sale whose line is tracked by these categories and options."""
    return sale(tracking=frozenset({frozenset(options)}))


def payment(number: str = "P-shop-invoice-1", paid: str = "12.00", account: str = "092", **changes: Any) -> Entry:
    amounts = (amount(paid, account=account, tax_type=""),)
    made = Entry(Kind.PAYMENT, number, DAY, "AUTHORISED", "GBP", Decimal(paid), amounts=amounts, settles="I-shop-1")
    return replace(made, **changes)


def found(
    store: list[Entry], xero: list[Entry], *unbookable: Unbookable, known: Collection[Document] = ()
) -> Comparison:
    held = {one.number: one for one in unbookable}
    return compare(store, xero, DAYS, prefixes=PREFIXES, unbookable=held, known=known)
