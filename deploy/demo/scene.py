"""One look at the whole chain: the store, the wire, the agent's runs, the worker's ledger, Xero."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from deploy.demo.expected import Expected, expected_of
from deploy.demo.inspect import Inspection
from deploy.demo.shop import Shop
from deploy.demo.wire import Wire
from producers.runs import RunState
from worker.ledger.run_reports import RunStatus


@dataclass(frozen=True, slots=True)
class Look:
    """What is seen at a moment. `orders` of the trade are to be placed, `orders_left` are not yet."""

    orders: int
    orders_left: int
    unseen: int
    events: int
    run: RunStatus | None
    documents: int
    expected: int
    calls: int
    parked: int
    idle: bool

    @property
    def is_quiet(self) -> bool:
        """The trade is over and seen, the run settled, and nothing on its way to Xero."""
        return not self.orders_left and not self.unseen and self.idle and is_settled(self.run)


def is_settled(run: RunStatus | None) -> bool:
    """Whether all that a run published is settled."""
    return run is not None and run.state is RunState.DONE and run.settled >= run.published


@dataclass(slots=True)
class Scene:
    """Looks without touching. `run_id` is the run to follow; `orders` how many the trade will place."""

    shop: Shop
    wire: Wire
    inspection: Inspection
    store: str
    start_date: dt.date
    orders: int
    run_id: str = ""

    async def look(self) -> Look:
        """Now."""
        truth = await self.shop.truth()
        audit = await self.inspection.audit()
        trading = truth["trading"]
        return Look(
            orders=self.orders,
            orders_left=trading["orders_left"],
            unseen=trading["unseen"],
            events=self.wire.events,
            run=await self.inspection.ledger.runs.get(self.run_id) if self.run_id else None,
            documents=_standing(audit),
            expected=self.expected(truth).documents,
            calls=audit["calls_total"],
            parked=len(await self.inspection.parked()),
            idle=await self.inspection.is_idle(),
        )

    def expected(self, truth: Mapping[str, Any]) -> Expected:
        """What must be in Xero by the store's own sums."""
        return expected_of(truth, store=self.store, start_date=self.start_date)


def _standing(audit: Mapping[str, Any]) -> int:
    """Documents in Xero, without voided ones and without allocations, whose number the store does not know."""
    gone = sum(of_kind.get("VOIDED", 0) + of_kind.get("DELETED", 0) for of_kind in audit["statuses"].values())
    return int(sum(audit["documents"].values()) - audit["documents"]["allocations"] - gone)
