"""What the store wants in Xero against what Xero has. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from worker.documents.documents import Kind
from worker.ledger.records import Document
from worker.reconcile.entries import Entry
from worker.reconcile.fields import Field, cents_of, fields_of, money_field
from worker.reconcile.left_alone import as_left, wanted_of_us, without_earlier
from worker.reconcile.matching import Matched, match
from worker.reconcile.reissued import credited, reopened, unset, without_reissued
from worker.reconcile.standing import Standing, as_booked
from worker.reconcile.sums import Sum, sums_of
from worker.reconcile.wanted import CANCELLED, Unbookable
from worker.xero.changes.reissue import parts

_DAY = timedelta(days=1)


class Finding(StrEnum):
    """What is wrong with a document."""

    MISSING = "missing"
    """The store has it; Xero has not, or it counts no more there."""
    EXTRA = "extra"
    """Xero has it; the store does not know it."""
    DIFFERENT = "different"
    PARKED = "parked"
    """The store has it, and the worker cannot book it as things are configured."""
    UNREADABLE = "unreadable"
    """The store has it, and it can be neither read nor understood."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One document that is not as it should be. `cents` is how much more of it Xero has than the store."""

    finding: Finding
    kind: Kind | None
    number: str
    day: date | None
    detail: str = ""
    fields: tuple[Field, ...] = ()
    cents: int = 0


@dataclass(frozen=True, slots=True)
class Comparison:
    """What came of it. `equal` documents are the same in every field that is compared; payments `standing` are so."""

    differences: tuple[Difference, ...]
    sums: tuple[Sum, ...]
    equal: int
    standing: tuple[Standing, ...] = ()


@dataclass(frozen=True, slots=True)
class Days:
    """The days compared, both included."""

    first: date
    last: date

    def has(self, day: date | None) -> bool:
        """Whether `day` is one of them."""
        return day is not None and self.first <= day <= self.last

    def split(self, start: date) -> tuple[Days | None, Days | None]:
        """Those before `start`, and those from it on; None where there are none."""
        before = Days(self.first, min(self.last, start - _DAY)) if self.first < start else None
        return before, Days(max(self.first, start), self.last) if self.last >= start else None

    def __str__(self) -> str:
        return f"{self.first}" if self.first == self.last else f"{self.first} to {self.last}"


def compare(
    wanted: Sequence[Entry],
    theirs: Sequence[Entry],
    days: Days,
    *,
    prefixes: Collection[str],
    unbookable: Mapping[str, Unbookable],
    known: Collection[Document] = (),
    unread: Collection[str] = (),
    silent: Collection[tuple[Kind, str]] = (),
) -> Comparison:
    """Match by our numbers, then compare field by field.

    `theirs` lie in `days`. Of `wanted` those count that lie there too; the others only explain what Xero has.
    `prefixes` are the beginnings of our own numbers, `unread` those of them that are of stores which were not read;
    `known` has the ledger's rows of what payments are on; `silent` our documents of what the store has and does not
    publish now.
    """
    wanted = wanted_of_us(wanted, theirs)
    counting = without_reissued(without_earlier(_with_currencies(theirs, known), known, prefixes))
    matched = match(wanted, counting, unbookable)
    wanted, elsewhere = as_booked(wanted, matched.found)
    extra = [one for one in matched.strangers if not one.is_gone and (not one.is_draft or one.begins_with(prefixes))]
    differences = [
        *_unmatched(wanted, matched, days),
        *(_different(one, matched.found[id(one)]) for one in wanted if id(one) in matched.found),
        *(_unset(*one) for one in unset(theirs)),
        *(_reopened(*one) for one in reopened(theirs)),
        *(_replaced(matched, store, xero, days) for store, xero in matched.replaced),
        *(_extra(one, credited(one, wanted) or _whose(one, prefixes, unread, silent)) for one in extra),
        *(_extra(one, "a second document of this number") for one in matched.repeats),
        *(_parked(one, matched) for one in unbookable.values() if days.has(one.day) or matched.holds(one)),
    ]
    found = sorted((one for one in differences if one is not None), key=_place)
    counted = [one for one in as_left(wanted, matched.found) if days.has(one.day) and not one.is_gone]
    standing = [*matched.standing(), *extra, *matched.repeats]
    equal = sum(1 for one in wanted if _is_equal(one, matched.found.get(id(one))))
    return Comparison(tuple(found), tuple(sums_of(counted, standing)), equal, elsewhere)


def _with_currencies(theirs: Sequence[Entry], known: Iterable[Document]) -> list[Entry]:
    """Payments with the currency of what they settle, which may be of other days: Xero's list need not say it."""
    told = {(one.kind, parts(one.number)[0]): str(one.facts.get("currency") or "") for one in known}
    told |= {(one.kind, one.number): one.currency for one in theirs}
    return [one if one.currency else replace(one, currency=_currency(one, told)) for one in theirs]


def _currency(payment: Entry, told: Mapping[tuple[Kind, str], str]) -> str:
    kind, number = payment.target
    return told.get((kind, number)) or told.get((kind, parts(number)[0]), "")


def _is_equal(store: Entry, xero: Entry | None) -> bool:
    return xero is not None and store.is_gone is xero.is_gone and _different(store, xero) is None


def _unmatched(wanted: Sequence[Entry], matched: Matched, days: Days) -> Iterator[Difference]:
    drafts = {(xero.kind, xero.number) for xero in matched.found.values() if xero.is_draft}
    replaced = {id(store) for store, _ in matched.replaced}
    for one in wanted:
        theirs = matched.found.get(id(one))
        if one.is_gone or (theirs is None and id(one) in replaced) or (theirs is not None and not theirs.is_gone):
            continue
        if days.has(one.day):  # what is gone may have been made anew on the store's own day
            detail = f"{theirs.status.lower()} in Xero" if theirs else "not in Xero on these days"
            detail = f"waits until {one.settles} is approved" if one.target in drafts else detail
            yield Difference(Finding.MISSING, one.kind, one.number, one.day, detail, cents=-cents_of(one.gross))


def _replaced(matched: Matched, store: Entry, xero: Entry, days: Days) -> Difference:
    """An invoice that counts on these days without its credit; told once, with what is missing or too much."""
    detail = f"issued anew as {store.alias}"
    if id(store) in matched.found:
        return _extra(xero, detail)
    cents = cents_of(xero.gross - store.gross if days.has(store.day) else xero.gross)
    return Difference(Finding.DIFFERENT, xero.kind, xero.number, xero.day, detail, cents=cents)


def _unset(credit: Entry, new: Entry, amount: Decimal) -> Difference:
    fields = tuple(money_field("allocated", credit.allocated + amount, credit.allocated))
    detail = f"what was paid is not set against {new.number}"
    return Difference(Finding.DIFFERENT, credit.kind, credit.number, credit.day, detail, fields)


def _reopened(old: Entry, credit: Entry, new: Entry) -> Difference:
    detail = f"{old.open} of it is due, and its credit {credit.number} is set against {new.number}"
    return Difference(Finding.DIFFERENT, old.kind, old.number, old.day, detail)


def _different(store: Entry, xero: Entry) -> Difference | None:
    if xero.is_gone:
        return None
    if store.is_gone:
        if not any(amount.net or amount.tax for amount in xero.amounts):
            return None  # it books nothing, and Xero, which calls it paid, may keep it
        status = Field("status", CANCELLED, xero.status)
        detail = "cancelled in the store"
        return Difference(
            Finding.DIFFERENT, xero.kind, store.number, xero.day, detail, (status,), cents=cents_of(xero.gross)
        )
    fields = tuple(fields_of(store, xero))
    if not fields or (store.is_theirs and store.kind is not Kind.PAYMENT):
        return None
    cents = cents_of(xero.gross - store.gross)
    return Difference(Finding.DIFFERENT, store.kind, store.number, store.day, fields=fields, cents=cents)


def _whose(
    extra: Entry, prefixes: Collection[str], unread: Collection[str], silent: Collection[tuple[Kind, str]]
) -> str:
    if extra.begins_with(unread):
        return "our number, of a store that is not configured to feed this organisation"
    if any((extra.kind, name) in silent for name in extra.names):
        return "our number, which the store has and does not publish now, as an order on hold"
    return "our number, unknown to the store" if extra.begins_with(prefixes) else "of another app or a person"


def _extra(entry: Entry, detail: str) -> Difference:
    return Difference(
        Finding.EXTRA, entry.kind, entry.number or "(no number)", entry.day, detail, cents=cents_of(entry.gross)
    )


def _parked(one: Unbookable, matched: Matched) -> Difference:
    there = matched.held.get(one.number)
    detail = f"{one.reason}: {one.hint}" + (f" (in Xero it is {there.status.lower()})" if there else "")
    return Difference(Finding.PARKED, None, one.number, one.day, detail)


def _place(one: Difference) -> tuple[date, str, str]:
    return one.day or date.min, one.number, str(one.finding)
