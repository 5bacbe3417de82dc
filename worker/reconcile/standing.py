"""Payments on another account than the one that is configured by now: what is booked stands. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from worker.documents.documents import Kind
from worker.reconcile.entries import Entry
from worker.xero.endpoints import same_id


@dataclass(frozen=True, slots=True)
class Standing:
    """So many `payments` are on the account `booked`, and `configured` is what their method has now."""

    configured: str
    booked: str
    payments: int


def as_booked(wanted: Sequence[Entry], found: dict[int, Entry]) -> tuple[list[Entry], tuple[Standing, ...]]:
    """`wanted`, with the payments that we have booked on the accounts they are on; and how many are on another.

    `found` has the entry of Xero for the id() of a wanted one, and is kept in step. A payment that a person made in
    place of ours stays on the account that it is wanted on.
    """
    told: Counter[tuple[str, str]] = Counter()
    booked = []
    for entry in wanted:
        theirs = found.get(id(entry))
        if theirs is None or not _is_elsewhere(entry, theirs):
            booked.append(entry)
            continue
        [ours], [there] = entry.amounts, theirs.amounts
        moved = replace(entry, amounts=(replace(ours, account=there.account),))
        found[id(moved)] = found.pop(id(entry))
        booked.append(moved)
        told[ours.account, there.account] += 1
    return booked, tuple(Standing(*accounts, count) for accounts, count in sorted(told.items()))


def _is_elsewhere(ours: Entry, theirs: Entry) -> bool:
    if ours.kind is not Kind.PAYMENT or theirs.is_gone or not same_id(ours.xero_id, theirs.xero_id):
        return False
    sides = [[amount.account for amount in one.amounts] for one in (ours, theirs)]
    return all(len(side) == 1 for side in sides) and sides[0] != sides[1]
