"""Sales that were credited whole and issued anew count by what came of it; what cancels out does not. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from worker.documents.documents import Kind
from worker.reconcile.entries import Entry
from worker.xero.changes.reissue import neighbours, parts


def without_reissued(theirs: Sequence[Entry]) -> list[Entry]:
    """`theirs` without each pair of them that cancels out, where the invoice is there that took their place."""
    dropped = {id(one) for old, credit, _ in _reissued(theirs) for one in (old, credit)}
    return [one for one in theirs if id(one) not in dropped]


def unset(theirs: Sequence[Entry]) -> Iterator[tuple[Entry, Entry, Decimal]]:
    """Credit notes of sales that were issued anew, an invoice of theirs, and what is left of one and due of the other.

    It is the invoice that followed or, where nothing is due on that, a later one: a sale that became cheaper left the
    rest of its credit, and a later version may be dearer.
    """
    anew = list(_reissued(theirs))
    later = {id(old): new for old, _, new in anew}
    due: dict[int, Decimal] = {}
    for _, credit, following in anew:
        new = following
        while due.get(id(new), new.open) <= 0 and id(new) in later:
            new = later[id(new)]
        left = due.get(id(new), new.open)
        if (amount := min(credit.open, left)) > 0:
            due[id(new)] = left - amount
            yield credit, new, amount


def reopened(theirs: Sequence[Entry]) -> Iterator[tuple[Entry, Entry, Entry]]:
    """Old invoices of sales that were issued anew on which more is due than their credit has left, with it and the new.

    What was paid on them was deleted since, and the credit still counts for the new ones.
    """
    return ((old, credit, new) for old, credit, new in _reissued(theirs) if old.open > credit.open)


def is_replaced(theirs: Entry, wanted: Entry) -> bool:
    """Whether it is an earlier invoice of the sale: the ledger knows under which number that was issued anew."""
    (base, place), (last_base, last) = parts(theirs.number), parts(wanted.alias)
    return theirs.kind is Kind.INVOICE and not theirs.is_gone and base == last_base and place < last


def credited(theirs: Entry, wanted: Iterable[Entry]) -> str:
    """What a credit note is for that cancels an earlier invoice of a sale which the store has; empty for others."""
    sides = neighbours(theirs.number) if theirs.kind is Kind.CREDIT_NOTE else None
    base, place = parts(theirs.number)
    if sides is None or not any(parts(one.alias)[0] == base and place < parts(one.alias)[1] for one in wanted):
        return ""
    return f"credits {sides[0]}, which was issued anew as {sides[1]}"


def _reissued(theirs: Sequence[Entry]) -> Iterator[tuple[Entry, Entry, Entry]]:
    """The old invoice, its credit note, and the invoice that took its place."""
    standing = {(one.kind, one.number): one for one in theirs if not one.is_gone}
    for (kind, number), credit in standing.items():
        if kind is Kind.CREDIT_NOTE and (sides := neighbours(number)) is not None:
            old, new = (standing.get((Kind.INVOICE, side)) for side in sides)
            if old is not None and new is not None and old.amounts == credit.amounts:
                yield old, credit, new
