"""A document as both sides can be compared by it: the store's as mapping wants it, Xero's as its lists show it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from worker.documents.documents import Kind
from worker.xero.changes.reissue import parts
from worker.xero.endpoints import GONE
from worker.xero.facts import UNAPPROVED

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Amount:
    """What a document puts on an account under a tax type of Xero; a payment has no tax type."""

    account: str
    tax_type: str
    net: Decimal
    tax: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Allocation:
    """What of a credit note is set against the invoice of a number, which is empty where it is not known."""

    number: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Entry:
    """One invoice, credit note or payment.

    `number` is a payment's whole reference. `amounts` are sorted, one for each account and tax type; `sign` is -1 where
    they go back to the customer. `settles` is the number of the document that a payment belongs to, `open` what Xero
    says is due of an invoice, or left of a credit note. `rate` is units of the currency for one of the organisation's,
    `tracking` has the pairs of category and option of each line, equal lines once. `alias` is another number that Xero
    may have it under; where it `is_theirs`, an earlier connector made it, or is to make it, and it is left alone.
    `xero_id` is Xero's own of a payment; on the store's side, of the one that the ledger knows. What a side does not
    know is empty, or None.
    """

    kind: Kind
    number: str
    day: date | None
    status: str
    currency: str = ""
    net: Decimal = ZERO
    tax: Decimal = ZERO
    amounts: tuple[Amount, ...] = ()
    sign: int = 1
    settles: str = ""
    allocations: tuple[Allocation, ...] = ()
    open: Decimal = ZERO
    rate: Decimal | None = None
    tracking: frozenset[frozenset[tuple[str, str]]] = frozenset()
    alias: str = ""
    is_theirs: bool = False
    xero_id: str = ""

    @property
    def gross(self) -> Decimal:
        """What the customer sees."""
        return self.net + self.tax

    @property
    def allocated(self) -> Decimal:
        """What of a credit note is set against invoices."""
        return sum((one.amount for one in self.allocations), ZERO)

    @property
    def is_gone(self) -> bool:
        """Voided or deleted: it counts no more."""
        return self.status in GONE

    @property
    def is_draft(self) -> bool:
        """It waits for a person's approval."""
        return self.status in UNAPPROVED

    @property
    def target(self) -> tuple[Kind, str]:
        """Kind and number of what a payment is on: an invoice and a credit note may have the same number."""
        return Kind.CREDIT_NOTE if self.sign < 0 else Kind.INVOICE, self.settles

    def begins_with(self, prefixes: Iterable[str]) -> bool:
        """Whether its number begins with one of these, of our own numbers."""
        return any(self.number.lower().startswith(prefix.lower()) for prefix in prefixes)

    @property
    def names(self) -> list[str]:
        """What it may be known by, the longest first: behind our key a reference has the gateway's."""
        name = self.number.strip()
        if self.kind is not Kind.PAYMENT:
            return list(dict.fromkeys((name, parts(name)[0])))
        words = name.split(" ")
        return [" ".join(words[:count]) for count in range(len(words), 0, -1)]


def tracking_of(lines: Iterable[Mapping[str, Any]]) -> frozenset[frozenset[tuple[str, str]]]:
    """What the lines that book something are tracked by."""
    booking = (line.get("Tracking") or () for line in lines if line.get("AccountCode"))
    return frozenset(frozenset((str(one["Name"]), str(one["Option"])) for one in tracked) for tracked in booking)


def summed(amounts: Iterable[Amount]) -> tuple[Amount, ...]:
    """One amount for each account and tax type, in their order; those that come to nothing are left out."""
    nets: defaultdict[tuple[str, str], list[Decimal]] = defaultdict(lambda: [ZERO, ZERO])
    for one in amounts:
        sums = nets[one.account, one.tax_type]
        sums[0] += one.net
        sums[1] += one.tax
    return tuple(Amount(*place, *nets[place]) for place in sorted(nets) if any(nets[place]))
