"""What both sides add up to by day, tax rate and account. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from worker.documents.documents import Kind
from worker.reconcile.entries import ZERO, Entry


@dataclass(frozen=True, slots=True)
class Sum:
    """One row of the table: credit notes and refunds are taken off.

    `by` is `day`, `tax` or `account`, `name` which of them, `what` is `net`, `tax` or `payments`.
    """

    by: str
    name: str
    what: str
    currency: str
    store: Decimal
    xero: Decimal

    @property
    def difference(self) -> Decimal:
        """How much more Xero has."""
        return self.xero - self.store


def sums_of(store: Iterable[Entry], xero: Iterable[Entry]) -> list[Sum]:
    """The rows of both sides, by day, then tax rate, then account."""
    totals: dict[tuple[str, str, str, str], list[Decimal]] = {}
    for side, entries in enumerate((store, xero)):
        for entry in entries:
            for by, name, what, amount in _parts(entry):
                totals.setdefault((by, name, what, entry.currency), [ZERO, ZERO])[side] += entry.sign * amount
    rows = [Sum(*place, *both) for place, both in totals.items() if any(both)]
    return sorted(rows, key=lambda row: (_ORDER.index(row.by), row.name, row.currency, row.what))


_ORDER = ("day", "tax", "account")


def _parts(entry: Entry) -> Iterator[tuple[str, str, str, Decimal]]:
    day = str(entry.day)
    if entry.kind is Kind.PAYMENT:
        yield "day", day, "payments", entry.gross
        for amount in entry.amounts:
            yield "account", amount.account, "payments", amount.net
        return
    yield "day", day, "net", entry.net
    yield "day", day, "tax", entry.tax
    for amount in entry.amounts:
        yield "tax", amount.tax_type, "net", amount.net
        yield "tax", amount.tax_type, "tax", amount.tax
        yield "account", amount.account, "net", amount.net
