"""One look at the whole chain: the store, the wire, the agent's runs, the worker's ledger, Xero."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from deploy.demo.configuration import LAG_S, POLL_S, WINDOW_S
from deploy.demo.expected import Expected, expected_of
from deploy.demo.inspect import Inspection
from deploy.demo.shop import Shop
from deploy.demo.wire import Wire
from producers.runs import RunState
from worker.ledger.runs.run_reports import RunStatus

CATCH_UP_S = LAG_S + POLL_S + WINDOW_S
"""So long after it can be seen, a change is with the worker, whatever its lane."""

STILL_S = 3.0
"""Longer than anything of the worker's rests between two calls while there is work."""


@dataclass(frozen=True, slots=True)
class Look:
    """What is seen at a moment. `orders` of the trade are to be placed, `orders_left` are not yet.

    `over_s` is how long nothing has been sold, `still_s` how long nothing was published or written.
    """

    orders: int
    orders_left: int
    events: int
    run: RunStatus | None
    documents: int
    expected: int
    calls: int
    parked: int
    idle: bool
    over_s: float
    still_s: float

    @property
    def is_quiet(self) -> bool:
        """The trade is over, the agent has caught up, the run is settled, and nothing on its way to Xero."""
        run = self.run
        settled = run is not None and run.state is RunState.DONE and run.settled >= run.published
        return settled and self.idle and self.over_s >= CATCH_UP_S and self.still_s >= STILL_S


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
    _sold_at: float = 0.0
    _moved_at: float = 0.0
    _moved: tuple[int, int] = (0, 0)

    async def look(self) -> Look:
        """Now."""
        truth = await self.shop.truth()
        counts = await self.inspection.counts()
        trading, now = truth["trading"], time.monotonic()
        if trading["orders_left"] or trading["unseen"]:
            self._sold_at = now
        if self._moved != (moved := (self.wire.events, counts["calls_total"])):
            self._moved, self._moved_at = moved, now
        return Look(
            orders=self.orders,
            orders_left=trading["orders_left"],
            events=self.wire.events,
            run=await self.inspection.ledger.runs.get(self.run_id) if self.run_id else None,
            documents=_standing(counts),
            expected=self.expected(truth).documents,
            calls=counts["calls_total"],
            parked=len(await self.inspection.parked()),
            idle=await self.inspection.is_idle(),
            over_s=now - self._sold_at,
            still_s=now - self._moved_at,
        )

    def expected(self, truth: Mapping[str, Any]) -> Expected:
        """What must be in Xero by the store's own sums."""
        return expected_of(truth, store=self.store, start_date=self.start_date)


def _standing(counts: Mapping[str, Any]) -> int:
    """Documents in Xero, without voided ones and without allocations, whose number the store does not know."""
    gone = sum(of_kind.get("VOIDED", 0) + of_kind.get("DELETED", 0) for of_kind in counts["statuses"].values())
    return int(sum(counts["documents"].values()) - counts["documents"]["allocations"] - gone)
