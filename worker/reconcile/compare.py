"""What the store wants in Xero against what Xero has. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from worker.documents.documents import Kind
from worker.ledger.records import Document
from worker.reconcile.entries import Entry
from worker.reconcile.fields import Field, cents_of, fields_of, money_field
from worker.reconcile.left_alone import as_left, wanted_of_us, without_earlier
from worker.reconcile.reissued import credited, is_replaced, reopened, unset, without_reissued
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
    matched = _match(wanted, counting, unbookable)
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


@dataclass(slots=True)
class _Matched:
    """`found` has the entry of Xero for the id() of a wanted one, `held` those of numbers that cannot be booked.

    `replaced` has wanted sales that were issued anew, each with an earlier invoice.
    """

    found: dict[int, Entry] = field(default_factory=dict)
    held: dict[str, Entry] = field(default_factory=dict)
    repeats: list[Entry] = field(default_factory=list)
    strangers: list[Entry] = field(default_factory=list)
    replaced: list[tuple[Entry, Entry]] = field(default_factory=list)

    def add_repeat(self, entry: Entry) -> None:
        """A further document of a number, if it counts."""
        if not entry.is_gone:
            self.repeats.append(entry)

    def holds(self, one: Unbookable) -> bool:
        """Whether Xero has the number all the same."""
        return one.number in self.held

    def standing(self) -> Iterator[Entry]:
        """What the books hold of what the store knows."""
        replaced = (one for _, one in self.replaced)
        return (one for one in (*self.found.values(), *self.held.values(), *replaced) if not one.is_gone)


def _match(wanted: Sequence[Entry], theirs: Sequence[Entry], unbookable: Mapping[str, Unbookable]) -> _Matched:
    """Each entry of Xero to the wanted one it is named after: standing ones first, ours before copies, gone last."""
    ours = _by_name(wanted)
    booked = {one.xero_id.lower() for one in wanted if one.xero_id}
    matched = _Matched()
    for entry in sorted(theirs, key=lambda one: (one.is_gone, one.is_draft, one.xero_id.lower() not in booked)):
        match = next((ours[entry.kind, name] for name in entry.names if (entry.kind, name) in ours), None)
        name = next((name for name in entry.names if name in unbookable), None)
        if match is None and name is None:
            matched.strangers.append(entry)
        elif match is None and str(name) not in matched.held:
            matched.held[str(name)] = entry
        elif match is None:
            matched.add_repeat(entry)
        elif is_replaced(entry, match):
            matched.replaced.append((match, entry))
        elif id(match) not in matched.found:
            matched.found[id(match)] = replace(entry, currency=entry.currency or match.currency)
        else:
            matched.add_repeat(entry)
    return matched


def _by_name(wanted: Sequence[Entry]) -> dict[tuple[Kind, str], Entry]:
    """All that Xero may have them under. What a re-issued sale began with yields to what another one is called."""
    begun = {(one.kind, parts(one.alias)[0]): one for one in wanted if one.alias}
    return begun | {(one.kind, name): one for one in wanted for name in (one.alias, one.number) if name}


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


def _unmatched(wanted: Sequence[Entry], matched: _Matched, days: Days) -> Iterator[Difference]:
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


def _replaced(matched: _Matched, store: Entry, xero: Entry, days: Days) -> Difference:
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


def _parked(one: Unbookable, matched: _Matched) -> Difference:
    there = matched.held.get(one.number)
    detail = f"{one.reason}: {one.hint}" + (f" (in Xero it is {there.status.lower()})" if there else "")
    return Difference(Finding.PARKED, None, one.number, one.day, detail)


def _place(one: Difference) -> tuple[date, str, str]:
    return one.day or date.min, one.number, str(one.finding)
