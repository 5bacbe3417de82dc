"""Sales that were credited whole and issued anew count by what came of it; what cancels out does not. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from worker.documents import Kind
from worker.reconcile.entries import Entry
from worker.xero.reissue import neighbours


def without_reissued(theirs: Sequence[Entry]) -> list[Entry]:
    """`theirs` without each pair of them that cancels out, where the invoice is there that took their place."""
    standing = {(one.kind, one.number): one for one in theirs if not one.is_gone}
    dropped = {id(one) for pair in _pairs(standing) for one in pair}
    return [one for one in theirs if id(one) not in dropped]


def _pairs(standing: dict[tuple[Kind, str], Entry]) -> Iterator[tuple[Entry, Entry]]:
    for (kind, number), credit in standing.items():
        if kind is Kind.CREDIT_NOTE and (sides := neighbours(number)) is not None:
            old, new = (standing.get((Kind.INVOICE, side)) for side in sides)
            if old is not None and new is not None and old.amounts == credit.amounts:
                yield old, credit
