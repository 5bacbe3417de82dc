"""In which fields a document of the store and Xero's of the same number differ. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from worker.documents.documents import Kind
from worker.reconcile.entries import ZERO, Entry
from worker.xero.changes.reissue import parts

_RATE = Decimal("0.000001")
"""What Xero keeps of a rate."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field that differs. `cents` is how much more Xero has, where it is an amount."""

    name: str
    store: str
    xero: str
    cents: int | None = None


def fields_of(store: Entry, xero: Entry) -> Iterator[Field]:
    """All that differ, but for the number and whether it stands."""
    yield from _header(store, xero)
    if store.kind is Kind.PAYMENT:
        yield from _payment(store, xero)
        return
    for name in ("net", "tax", "gross"):
        yield from money_field(name, getattr(store, name), getattr(xero, name))
    yield from _places(store, xero)
    yield from _tracking(store, xero)
    yield from _allocations(store, xero)


def money_field(name: str, store: Decimal, xero: Decimal) -> Iterator[Field]:
    """The field, if the amounts differ."""
    if store != xero:
        yield Field(name, f"{store:.2f}", f"{xero:.2f}", cents_of(xero - store))


def cents_of(amount: Decimal) -> int:
    """An amount as whole cents."""
    return int((amount * 100).to_integral_value())


def _header(store: Entry, xero: Entry) -> Iterator[Field]:
    if store.day != xero.day:
        yield Field("date", str(store.day), str(xero.day))
    if xero.is_draft and not store.is_draft:
        yield Field("status", store.status, xero.status)
    if store.currency and xero.currency and store.currency != xero.currency:
        yield Field("currency", store.currency, xero.currency)
    # without the store's Xero has taken the day's, which nobody here knows
    if store.rate is not None and xero.rate is not None and store.rate != (theirs := xero.rate.quantize(_RATE)):
        yield Field("rate", f"{store.rate.normalize():f}", f"{theirs.normalize():f}")


def _payment(store: Entry, xero: Entry) -> Iterator[Field]:
    if store.settles and parts(store.settles)[0] != parts(xero.settles)[0]:
        yield Field("settles", store.settles, xero.settles)
    yield from money_field("amount", store.gross, xero.gross)
    ours, theirs = (", ".join(amount.account for amount in one.amounts) for one in (store, xero))
    if ours != theirs:
        yield Field("account", ours, theirs)


def _places(store: Entry, xero: Entry) -> Iterator[Field]:
    """Where the amounts lie, which may differ while their sums do not."""
    sides = [{(one.account, one.tax_type): one for one in entry.amounts} for entry in (store, xero)]
    for place in sorted(set(sides[0]) | set(sides[1])):
        ours, theirs = (side.get(place) for side in sides)
        for name in ("net", "tax"):
            amounts = (getattr(ours, name, ZERO), getattr(theirs, name, ZERO))
            yield from money_field(f"{name} on account {place[0]}, {place[1] or 'no tax type'}", *amounts)


def _tracking(store: Entry, xero: Entry) -> Iterator[Field]:
    """Of the categories that we track by; a person may track by another. Xero tells no names apart by case."""
    for category, option in sorted(pair for line in store.tracking for pair in line):
        lines = [{name.lower(): theirs for name, theirs in line} for line in xero.tracking]
        found = {line.get(category.lower(), "none") for line in lines}
        if {theirs.lower() for theirs in found} - {option.lower()}:
            yield Field(f"tracking by {category}", option, ", ".join(sorted(found)))


def _allocations(store: Entry, xero: Entry) -> Iterator[Field]:
    """Too little of what is to be set against an invoice; beyond that a person may set the credit against any."""
    for one in store.allocations:
        there = sum((its.amount for its in xero.allocations if _may_be_of(one.number, its.number)), ZERO)
        if there < one.amount:
            yield from money_field(f"set against {one.number or 'invoices'}", one.amount, there)


def _may_be_of(number: str, theirs: str) -> bool:
    """Whether it is the same sale's invoice, issued anew or not; where one side names none, it may be."""
    return not (number and theirs) or parts(number)[0] == parts(theirs)[0]
