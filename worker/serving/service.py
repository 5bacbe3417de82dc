"""The worker process: shares the organisations with the other workers by leases, and serves its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress

import structlog

from producers.amqp import Consumer, Delivery
from producers.deadline import CANCELLED_S, Deadline, rest, until_told
from worker.clock import Clock
from worker.intake.reading import digest
from worker.ledger.database.errors import LeaseLost, LedgerUnavailable
from worker.ledger.ledger import Ledger
from worker.ledger.records import Lease
from worker.serving.roster import to_acquire, to_give_up
from worker.serving.runner import Runner

LEASE_S = 15.0
"""A dead worker's organisations are taken over after this, and one turn of a third of it."""

_TURNS_PER_LEASE = 3
_HOUSEKEEPING_EVERY_S = 3600.0
STOP_S = 9.0
"""What is in flight settles within 8; all has ended after this, whatever hangs: at 15 Docker and Kubernetes kill."""

_LEFT_S = 0.2


class Service:
    """One worker. `run` returns after `stop`, drained."""

    def __init__(
        self,
        *,
        worker_id: str,
        organisations: Sequence[str],
        ledger: Ledger,
        clock: Clock,
        make_runner: Callable[[str, Lease], Runner],
        housekeeping: Callable[[], Awaitable[None]],
        lease_s: float = LEASE_S,
        stop_s: float = STOP_S,
    ) -> None:
        self._id = worker_id
        self._organisations = list(organisations)
        self._ledger = ledger
        self._clock = clock
        self._make_runner = make_runner
        self._housekeeping = housekeeping
        self._housekeeping_at = clock.monotonic()
        self._keeping: asyncio.Task[None] | None = None
        self._turning: asyncio.Task[None] | None = None
        self._lease_s = lease_s
        self._stop_s = stop_s
        self._consumer: Consumer | None = None
        self._runners: dict[str, Runner] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._stopping = asyncio.Event()
        self._turned_at: float | None = None
        self._error: LedgerUnavailable | None = None
        self._renewed_at: dict[str, float] = {}
        self._log = structlog.get_logger("xerelay")

    @property
    def runners(self) -> Mapping[str, Runner]:
        """What serves each organisation whose lease this worker has."""
        return self._runners

    @property
    def is_stopping(self) -> bool:
        """Whether it was asked to stop."""
        return self._stopping.is_set()

    @property
    def has_shared(self) -> bool:
        """Whether it has taken its share of organisations once."""
        return self._turned_at is not None

    @property
    def is_late(self) -> bool:
        """Whether it has not seen to its leases for as long as one lasts: others may have them."""
        return self._turned_at is not None and self._has_passed(self._turned_at)

    @property
    def last_error(self) -> LedgerUnavailable | None:
        """Why the ledger did not take the last turn that ended; None when it did."""
        return self._error

    def holds(self, org: str) -> bool:
        """Whether it has the organisation's lease, and that cannot have run out."""
        return org in self._runners and not self._has_passed(self._renewed_at[org])

    def _has_passed(self, since: float) -> bool:
        return self._clock.monotonic() - since >= self._lease_s

    def stop(self) -> None:
        """Drain and return from `run`."""
        self._stopping.set()

    def receive(self, *deliveries: Delivery) -> None:
        """Hand what came to the organisation whose queue it came from, `xerelay.ORG.…`; return what nobody serves.

        A broker that is slow to cancel delivers after the organisation was given up.
        """
        runner = self._runners.get(deliveries[0].queue.split(".")[1])
        if runner is not None:
            runner.receive(*deliveries)
        elif self._consumer is not None:
            for delivery in deliveries:
                self._consumer.give_back(delivery)

    def queue_lost(self, queue: str) -> None:
        """Tell the organisation of `queue` that the broker has its messages back."""
        runner = self._runners.get(queue.split(".")[1])
        if runner is not None:
            runner.queue_lost(queue)

    async def run(self, consumer: Consumer) -> None:
        """Serve until `stop`. Loss of broker or database is survived by waiting."""
        self._consumer = consumer
        connection = asyncio.create_task(consumer.run())
        self._log.info("worker.started", worker=self._id, organisations=self._organisations)
        try:
            while not self._stopping.is_set():
                await self._take_turn()
                await self._pause_between_turns(connection)
        finally:
            await self._drain(consumer, connection)
            self._log.info("worker.stopped", worker=self._id)

    async def _take_turn(self) -> None:
        """A stop does not wait for a ledger that hangs: the drain goes on with the turn."""
        self._turning = asyncio.create_task(self._guarded_turn())
        await until_told(self._stopping, self._turning)
        if self._turning.done():
            self._turning.result()

    async def _guarded_turn(self) -> None:
        try:
            await self._turn()
            self._error = None
            self._begin_housekeeping()
        except LedgerUnavailable as error:
            self._error = error
            self._log.warning("ledger.unavailable", detail=str(error))

    def _begin_housekeeping(self) -> None:
        """Beside the turns: a slow answer, of the ledger or of Xero's identity server, must not cost the leases."""
        is_busy = self._keeping is not None and not self._keeping.done()
        if not is_busy and self._clock.monotonic() >= self._housekeeping_at:
            self._housekeeping_at = self._clock.monotonic() + _HOUSEKEEPING_EVERY_S
            self._keeping = asyncio.create_task(self._keep_house())

    async def _keep_house(self) -> None:
        try:
            await self._housekeeping()
        except LedgerUnavailable as error:
            self._log.warning("ledger.unavailable", detail=str(error))
        except Exception as error:  # noqa: BLE001 - serving goes on, and this is not silent
            self._log.error("housekeeping.failed", error=type(error).__name__, digest=digest(error))

    async def _turn(self) -> None:
        """Renew what is held, give up what is too much, take what is free."""
        await self._ledger.leases.heartbeat(self._id)
        await self._renew()
        workers = await self._ledger.leases.live_workers(within_s=self._lease_s)
        holders = await self._holders()
        # one a turn: draining takes up to 9 s, and the leases of the others have to be renewed in time
        for org in to_give_up(self._id, self._organisations, holders, workers)[:1]:
            await self._give_up(org)
        for org in to_acquire(self._id, self._organisations, holders, workers):
            # a lease of ours that expired in a long turn is renewed next time: a second runner would cancel the first's
            if org not in self._runners:
                await self._acquire(org)
        self._turned_at = self._clock.monotonic()

    async def _holders(self) -> dict[str, str]:
        """Who serves which organisation. A lease in our name without a runner is as good as free.

        It is left where the ledger went away before it could answer that it granted or released it.
        """
        leases = await self._ledger.leases.holders(ttl_s=self._lease_s)
        now = await self._ledger.now()
        return {
            lease.name: lease.holder
            for lease in leases
            if lease.name in self._organisations
            and lease.expires_at > now
            and (lease.holder != self._id or lease.name in self._runners)
        }

    async def _renew(self) -> None:
        for org, runner in list(self._runners.items()):
            if self._tasks[org].done():
                await self._gone(org)
                continue
            began = self._clock.monotonic()
            try:
                runner.lease = await self._ledger.leases.renew(runner.lease, ttl_s=self._lease_s)
                self._renewed_at[org] = began
            except LeaseLost:
                self._log.warning("organisation.lost", organisation=org, reason="lease taken over")
                await self._gone(org)

    async def _acquire(self, org: str) -> None:
        began = self._clock.monotonic()
        lease = await self._ledger.leases.acquire(org, self._id, ttl_s=self._lease_s)
        if lease is None:
            return
        if self._stopping.is_set():
            await self._ledger.leases.release(lease)
            return
        runner = self._make_runner(org, lease)
        self._runners[org], self._renewed_at[org] = runner, began
        self._tasks[org] = asyncio.create_task(runner.run())

    async def _give_up(self, org: str) -> None:
        self._log.info("organisation.given_up", organisation=org, reason="shared with another worker")
        self._runners[org].stop()
        await asyncio.wait([self._tasks[org]], timeout=self._stop_s)
        lease = self._runners[org].lease
        await self._gone(org)
        await self._ledger.leases.release(lease)

    async def _gone(self, org: str) -> None:
        """Until its task has ended the runner still gets deliveries, and returns them."""
        task = self._tasks[org]
        self._runners[org].stop()  # psycopg may lose a cancellation, with a server that goes away meanwhile
        task.cancel()
        await asyncio.wait([task])
        if not task.cancelled() and (error := task.exception()) is not None:
            self._log.error("organisation.failed", organisation=org, error=type(error).__name__, digest=digest(error))
        del self._tasks[org], self._runners[org], self._renewed_at[org]

    async def _drain(self, consumer: Consumer, connection: asyncio.Task[None]) -> None:
        """End by a deadline, whatever hangs: the ledger, the broker, or a turn that asks them."""
        deadline = Deadline(self._stop_s)
        for runner in self._runners.values():
            runner.stop()
        for before_s in CANCELLED_S:
            await deadline.ended(self._at_work(), before_s=before_s)
        await deadline.ended([asyncio.create_task(self._leave())], before_s=_LEFT_S)
        connection.cancel()
        await deadline.ended([connection, asyncio.create_task(consumer.stop())])
        for org in self._runners:
            self._log.warning("organisation.abandoned", organisation=org, detail=f"not ended within {self._stop_s:g} s")

    def _at_work(self) -> list[asyncio.Task[None]]:
        own = (task for task in (self._turning, self._keeping) if task is not None)
        return [*own, *self._tasks.values()]

    async def _leave(self) -> None:
        """Release what has ended. The lease of what has not lapses: nobody else begins before it is over."""
        ended = [org for org, task in self._tasks.items() if task.done()]
        leases = [self._runners[org].lease for org in ended]
        for org in ended:
            await self._gone(org)
        with suppress(LedgerUnavailable):
            for lease in leases:
                await self._ledger.leases.release(lease)
            await self._ledger.leases.forget_worker(self._id)

    async def _pause_between_turns(self, connection: asyncio.Task[None]) -> None:
        await rest(self._clock, self._lease_s / _TURNS_PER_LEASE, self._stopping, connection)
        if connection.done() and not self._stopping.is_set():
            connection.result()
