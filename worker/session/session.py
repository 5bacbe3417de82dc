"""What the parts that serve one organisation under one lease share."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial

from producers.deadline import rest
from worker.budget.decision import Wait
from worker.budget.limits import Limits
from worker.buffer.buffer import Buffer
from worker.buffer.work import Work, everyone
from worker.chart import ChartShelf
from worker.clock import Clock
from worker.documents.documents import DocumentKey, Kind, Write
from worker.lanes.batch_window import BatchWindow
from worker.lanes.ceding import Ceding
from worker.ledger.ledger import Ledger
from worker.ledger.records import Composed, Known, Lease
from worker.session.breaker import Breaker
from worker.session.deliveries import Deliveries
from worker.session.finishing import Finishing
from worker.session.interruption import Interruption, out_of_calls
from worker.session.ledger_time import LedgerTime
from worker.session.namesakes import Namesakes
from worker.session.outcome import Refusals
from worker.session.returning import Returning
from worker.session.sleepers import Sleepers
from worker.session.steps import Steps
from worker.settings import OrganisationSettings
from worker.settings.overlay import Overlay
from worker.xero.client import XeroClient
from worker.xero.readings import Readings

_REMEMBERED = 1_000
"""Many seconds' worth: each payment is deleted alone."""


@dataclass(slots=True)
class Session:
    """One organisation, one lease: dropped as a whole when the lease or the ledger is lost.

    `stores` are those that feed it by the configuration; others may publish by themselves. `overlay` is what was added
    to its configuration; a change of it is not heeded before `steady_until` (monotonic).
    `is_answered` once Xero has said something of what a call carried or asked. `batch` and `ceding` are handed on from
    session to session. `fresh_until` has when (monotonic) a call that was opened is too old to be sent, by its id.
    `unpaid` are Xero's ids of what money was taken off a moment ago. `said` has Xero's words on documents that no event
    wants itself, empty until it refuses them; who makes such a document puts it there.
    """

    org: OrganisationSettings
    lease: Lease
    ledger: Ledger
    client: XeroClient
    limits: Limits
    compose: Callable[[Sequence[Write], Known, Readings], Composed]
    clock: Clock
    steps: Steps
    deliveries: Deliveries
    finishing: Finishing
    shelf: ChartShelf
    stores: frozenset[str] = frozenset()
    overlay: Overlay = ()
    steady_until: float = 0.0
    batch: BatchWindow = field(default_factory=BatchWindow)
    ceding: Ceding = field(default_factory=Ceding)
    buffer: Buffer = field(default_factory=Buffer)
    breaker: Breaker = field(default_factory=Breaker)
    refusals: Refusals = field(default_factory=Refusals)
    namesakes: Namesakes = field(default_factory=Namesakes)
    paused_kinds: dict[Kind, datetime] = field(default_factory=dict)
    readings: Readings = field(default_factory=Readings)
    calls_are_scarce: bool = False
    backfill_is_dry: bool = False
    lock_date: date | None = None
    is_answered: bool = False
    fresh_until: dict[str, float] = field(default_factory=dict)
    unpaid: deque[str] = field(default_factory=partial(deque, maxlen=_REMEMBERED))
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    said: dict[DocumentKey, str] = field(default_factory=dict)
    interruption: asyncio.Future[Interruption] = field(default_factory=asyncio.Future)
    sleepers: Sleepers = field(default_factory=Sleepers)
    returning: Returning = field(init=False)
    time: LedgerTime = field(init=False)

    def __post_init__(self) -> None:
        self.returning = Returning(self.buffer)
        self.time = LedgerTime(self.clock)

    def interrupt(self, reason: Interruption) -> None:
        """End serving, once the calls in flight are settled. The first reason counts."""
        if not self.interruption.done():
            self.interruption.set_result(reason)

    def let_go(self, which: Callable[[Work], bool]) -> None:
        """Take out of memory, unsettled, the events for which `which` says so; what the broker gave for them goes back.

        One that has absorbed others takes them along; one that was absorbed goes alone. Of what is in a call all stays,
        and so does what needs the documents of one that goes: that comes again.
        """
        for work in self.buffer.idle():
            if which(work):
                self.buffer.drop(work)
                self._give_back(everyone([work]))
            else:
                self._give_back(self.buffer.shed(work, which))

    def _give_back(self, works: Iterable[Work]) -> None:
        for work in works:
            if work.delivery is not None:
                self.deliveries.give_back(work.delivery)

    async def rest(self, seconds: float, *, unless: asyncio.Event) -> None:
        """Come back after `seconds`, or as soon as `unless` is set."""
        await rest(self.clock, seconds, unless)

    async def wait_out(self, wait: Wait) -> None:
        """Come back when it is over. Raises `PauseOrganisation` where that is long: nothing is held meanwhile."""
        pause = out_of_calls(wait)
        if pause is not None:
            raise pause
        await self.clock.sleep(max(wait.seconds, 0.01))
