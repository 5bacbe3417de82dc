"""What each invoice has still to be paid, and each credit note has left, as Xero keeps it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from worker.documents.documents import Kind
from worker.ledger.records import Member
from worker.xero.endpoints import inner
from worker.xero.facts import money
from worker.xero.sameness import totals_of

ZERO = Decimal(0)
_SALES = frozenset({Kind.INVOICE, Kind.CREDIT_NOTE})
_SETTLING = frozenset({Kind.PAYMENT, Kind.ALLOCATION})
_TOO_MUCH = "Payment amount exceeds the amount outstanding on this document"


class Owing:
    """Totals by document, and the payments and allocations on each."""

    def __init__(self) -> None:
        self._totals: dict[str, Decimal] = {}
        self._settled: dict[str, dict[str, Decimal]] = {}

    def total(self, xero_id: str) -> Decimal | None:
        """Of an invoice or credit note."""
        return self._totals.get(xero_id)

    def refusal(self, member: Member) -> str:
        """What Xero says to a payment or allocation of more than there is; empty where it takes it."""
        if member.kind not in _SETTLING or member.xero_id is not None:
            return ""
        amount = money(member.element.get("Amount")) or ZERO
        return _TOO_MUCH if any(amount > self._left(one) for one in _targets(member.element)) else ""

    def book(self, kind: Kind, xero_id: str, element: Mapping[str, Any], *, gone: bool) -> None:
        """Xero has taken it; what is `gone` settles nothing any more."""
        if kind in _SALES:
            total, _ = totals_of(element)
            if total is not None:
                self._totals[xero_id] = total
        elif kind in _SETTLING:
            amount = ZERO if gone else money(element.get("Amount")) or ZERO
            for one in _targets(element):
                self._settled.setdefault(one, {})[xero_id] = amount

    def _left(self, xero_id: str) -> Decimal:
        return self._totals.get(xero_id, ZERO) - sum(self._settled.get(xero_id, {}).values(), ZERO)


def _targets(element: Mapping[str, Any]) -> Iterator[str]:
    for name in ("Invoice", "CreditNote"):
        if (xero_id := inner(element, name).get(f"{name}ID")) is not None:
            yield str(xero_id)
