"""What a load costs in calls and days, before anyone starts it. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from schemas.envelope import Lane
from worker.budget.forecast import done_at
from worker.budget.limits import Limits
from worker.budget.state import Spent, fresh
from worker.documents.documents import DOCUMENTS_PER_CALL, Kind


@dataclass(frozen=True, slots=True)
class Load:
    """How much a store has. An order brings an invoice, a refund a credit note; `payments` are of either."""

    customers: int = 0
    products: int = 0
    orders: int = 0
    refunds: int = 0
    payments: int = 0


@dataclass(frozen=True, slots=True)
class Cost:
    """`calls` by kind of document, full calls assumed; `takes` from a rested budget, nobody else calling."""

    documents: dict[Kind, int]
    calls: dict[Kind, int]
    takes: timedelta

    @property
    def all_documents(self) -> int:
        """Documents of every kind."""
        return sum(self.documents.values())

    @property
    def all_calls(self) -> int:
        """Calls of every kind."""
        return sum(self.calls.values())


def cost(load: Load, limits: Limits, *, lane: Lane, now: datetime) -> Cost:
    """Price `load` for an organisation with `limits`, sent through `lane`."""
    documents = {
        Kind.CONTACT: load.customers,
        Kind.ITEM: load.products,
        Kind.INVOICE: load.orders,
        Kind.CREDIT_NOTE: load.refunds,
        Kind.PAYMENT: load.payments,
    }
    calls = {kind: math.ceil(count / DOCUMENTS_PER_CALL) for kind, count in documents.items() if count}
    done = done_at(fresh(limits, now), Spent(), limits=limits, lane=lane, now=now, calls=sum(calls.values()))
    return Cost(documents, calls, done - now)
