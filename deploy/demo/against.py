"""What must be in Xero against what is there: documents, sums by tax type, sums by payment account. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from deploy.demo.books import Books, Difference, sums_of
from deploy.demo.expected import Expected, Sale

Json = Mapping[str, Any]
_BOOKED = {"AUTHORISED", "PAID"}
_CUSTOMER = re.compile(r"[^:]+:\d+")
_DATE = re.compile(r"/Date\((-?\d+)(?:\+0000)?\)/")
_OUT = "out"
_Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class SumRow:
    """One sum, as the store has it and as Xero has it. `amounts`: net and tax; for payments in, out and how many."""

    what: str
    currency: str
    code: str
    store: tuple[Decimal, ...]
    xero: tuple[Decimal, ...]


def against(expected: Expected, books: Books) -> Difference:
    """Every document, to the cent: amounts, tax types, accounts, dates, currencies; nothing missing, nothing extra."""
    difference = Difference()
    _sales(difference, expected.invoices, books.invoices)
    _sales(difference, expected.credit_notes, books.credit_notes)
    _payments(difference, expected, books)
    _allocations(difference, expected, books)
    _contacts(difference, expected, books)
    _count(difference, "item", expected.items, len(books.items))
    return difference


def tax_rows(expected: Expected, audit: Json) -> list[SumRow]:
    """Sums by document, currency and tax type: the store's, and those of the sandbox's audit."""
    store: defaultdict[_Key, list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 2)
    for kind, sales in (("invoices", expected.invoices), ("credit_notes", expected.credit_notes)):
        for sale in sales.values():
            for tax_type, amounts in sale.by_type.items():
                _add(store[kind, sale.currency, tax_type], amounts)
    xero: defaultdict[_Key, list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 2)
    for kind in ("invoices", "credit_notes"):
        for row in audit["sums"][kind]:
            if row["status"] in _BOOKED:
                _add(xero[kind, row["currency"], row["tax_type"]], (Decimal(row["net"]), Decimal(row["tax"])))
    return _rows(store, xero)


def account_rows(expected: Expected, audit: Json) -> list[SumRow]:
    """Sums by currency and payment account: in, out, and how many payments."""
    store: defaultdict[_Key, list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 3)
    for one in expected.payments.values():
        went, came = (one.amount, Decimal(0)) if one.direction == _OUT else (Decimal(0), one.amount)
        _add(store["payments", one.currency, one.account], (came, went, Decimal(1)))
    xero: defaultdict[_Key, list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 3)
    for row in audit["sums"]["payments"]:
        amounts = (Decimal(row["in"]), Decimal(row["out"]), Decimal(row["count"]))
        _add(xero["payments", row["currency"], row["account"]], amounts)
    return _rows(store, xero)


def _sales(difference: Difference, expected: Mapping[str, Sale], found: Mapping[str, Json]) -> None:
    _names(difference, expected, found)
    for number in expected.keys() & found.keys():
        sale, document = expected[number], found[number]
        difference.amounts(number, (sale.net, sale.tax, sale.gross), sums_of(document))
        by_type = _by_type(document)
        for tax_type in sale.by_type.keys() | by_type.keys():
            nothing = (Decimal(0), Decimal(0))
            amounts = (sale.by_type.get(tax_type, nothing), by_type.get(tax_type, nothing))
            difference.amounts(f"{number} {tax_type}", *amounts)
        _same(difference, number, (sale.date, sale.currency), (_day(document), document["CurrencyCode"]))


def _by_type(document: Json) -> dict[str, tuple[Decimal, Decimal]]:
    sums: defaultdict[str, list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 2)
    for line in document["LineItems"]:
        _add(sums[line["TaxType"]], (Decimal(str(line["LineAmount"])), Decimal(str(line["TaxAmount"]))))
    return {tax_type: (net, tax) for tax_type, (net, tax) in sums.items()}


def _payments(difference: Difference, expected: Expected, books: Books) -> None:
    _names(difference, expected.payments, books.payments)
    numbers = _numbers(books)
    for reference in expected.payments.keys() & books.payments.keys():
        money, document = expected.payments[reference], books.payments[reference]
        difference.amounts(reference, (money.amount,), (Decimal(str(document["Amount"])),))
        found = (document["Account"]["Code"], _day(document), numbers.get(document["Invoice"]["InvoiceID"]))
        _same(difference, reference, (money.account, money.date, money.document), found)


def _allocations(difference: Difference, expected: Expected, books: Books) -> None:
    """What was not paid back is set against an invoice of the same order, all of it or nothing.

    Nothing where the invoice is paid, or where several could be meant: the store does not say which one.
    """
    numbers = _numbers(books)
    for number in expected.credit_notes.keys() & books.credit_notes.keys():
        made = books.credit_notes[number].get("Allocations") or ()
        if not made:
            continue
        allocated = sum((Decimal(str(one["Amount"])) for one in made), Decimal(0))
        difference.amounts(f"allocation of {number}", (expected.unpaid[number],), (allocated,))
        orders = {expected.orders.get(numbers.get(one["Invoice"]["InvoiceID"], "")) for one in made}
        _same(difference, f"order of {number}'s allocation", {expected.orders[number]}, orders)


def _contacts(difference: Difference, expected: Expected, books: Books) -> None:
    """Customers by number, guests by e-mail address."""
    accounts = [number for number in books.contacts if _CUSTOMER.fullmatch(number)]
    _count(difference, "customer's contact", expected.customers, len(accounts))
    others = [contact for number, contact in books.contacts.items() if not _CUSTOMER.fullmatch(number)]
    emails = [str(contact.get("EmailAddress", "")).lower() for contact in others]
    known = set(emails)
    difference.missing.extend(f"guest {email}" for email in sorted(expected.guests - known))
    difference.extra.extend(f"guest {email}" for email in sorted(known - expected.guests - expected.perhaps))
    difference.extra.extend(["a guest's second contact"] * (len(emails) - len(known)))


def _day(document: Json) -> str:
    """A document's date; Xero writes milliseconds since 1970."""
    found = _DATE.fullmatch(str(document["Date"]))
    assert found is not None, "the sandbox writes dates as Xero does"
    return datetime.fromtimestamp(int(found[1]) / 1000, UTC).date().isoformat()


def _numbers(books: Books) -> dict[str, str]:
    """Xero's ids of invoices and credit notes, and our numbers."""
    ids = {str(one["InvoiceID"]): number for number, one in books.invoices.items()}
    return ids | {str(one["CreditNoteID"]): number for number, one in books.credit_notes.items()}


def _names(difference: Difference, expected: Mapping[str, object], found: Mapping[str, object]) -> None:
    difference.missing.extend(sorted(expected.keys() - found.keys()))
    difference.extra.extend(sorted(found.keys() - expected.keys()))


def _count(difference: Difference, what: str, expected: int, found: int) -> None:
    difference.missing.extend([what] * (expected - found))
    difference.extra.extend([what] * (found - expected))


def _same(difference: Difference, name: str, expected: object, found: object) -> None:
    if expected != found:
        difference.wrong.append(f"{name}: expected {expected}, found {found}")


def _add(sums: list[Decimal], amounts: Iterable[Decimal]) -> None:
    for place, amount in enumerate(amounts):
        sums[place] += amount


def _rows(store: Mapping[_Key, list[Decimal]], xero: Mapping[_Key, list[Decimal]]) -> list[SumRow]:
    width = len(next(iter((*store.values(), *xero.values())), ()))
    nothing = [Decimal(0)] * width
    keys = sorted(key for key in store.keys() | xero.keys() if any((*store.get(key, ()), *xero.get(key, ()))))
    return [SumRow(*key, tuple(store.get(key, nothing)), tuple(xero.get(key, nothing))) for key in keys]
