"""A worker's watch over one organisation's session, between a broker and a Xero that live in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from producers.amqp import AmqpError, ConnectionLost
from tests.support.sample_ledger import AMPLE
from tests.support.scraped import Scraped
from tests.support.serving_fakes import ORG, MemoryBroker, Served, served
from worker.clock import Clock, SystemClock
from worker.ledger.database.errors import LedgerUnavailable
from worker.ledger.ledger import Ledger
from worker.ledger.records import Lease
from worker.metrics.worker import WorkerWatch
from worker.session.counts import Counts
from worker.session.session import Session


class Linked(MemoryBroker):
    """The consumer's link, as the metrics look at it, with queues of some depth."""

    def __init__(self) -> None:
        super().__init__()
        self.connected = asyncio.Event()
        self.connected.set()
        self.reconnects = 2
        self.blocked = False
        self.last_error: AmqpError | None = None
        self.refusals: dict[str, str] = {}
        self.depths = {"immediate": 3, "batch": 40, "backfill": 0, "dead": 1}

    async def depth(self, queue: str) -> int:
        if not self.connected.is_set():
            raise ConnectionLost("away")
        return self.depths[queue.rsplit(".", 1)[1]]


@dataclass
class OneRunner:
    lease: Lease
    session: Session | None
    paused_for: str = ""

    @property
    def is_serving(self) -> bool:
        return self.session is not None


@dataclass
class OneService:
    runners: dict[str, OneRunner] = field(default_factory=dict)
    is_stopping: bool = False
    has_shared: bool = True
    is_late: bool = False
    last_error: LedgerUnavailable | None = None

    def holds(self, org: str) -> bool:
        return org in self.runners and not self.is_late


@dataclass
class Watching:
    """A worker's watch, and what it watches."""

    one: Served
    broker: Linked
    service: OneService
    watch: WorkerWatch

    async def scrape(self) -> Scraped:
        return Scraped((await self.watch.metrics()).decode())


def watch_of(
    ledger: Ledger, broker: Linked, service: OneService, counts: Counts, *, clock: Clock | None = None
) -> WorkerWatch:
    parts: dict[str, Any] = {"service": service, "consumer": broker}  # what it needs of them
    return WorkerWatch(
        **parts,
        ledger=ledger,
        clock=clock or SystemClock(),
        counts={ORG: counts},
        notices={("mail", "failed"): 2},
        connections={ORG: "xero", "idle": "xero"},
        limits={ORG: AMPLE, "idle": AMPLE},
        windows={ORG: timedelta(minutes=30), "idle": timedelta(minutes=30)},
    )


@asynccontextmanager
async def watching_one(url: str) -> AsyncIterator[Watching]:
    """A worker that serves one organisation of two."""
    async with served(url) as one:
        broker, service = Linked(), OneService({ORG: OneRunner(one.lease, one.session)})
        yield Watching(one, broker, service, watch_of(one.ledger, broker, service, one.session.finishing._counts))
