"""Serves one organisation under one lease, from its queues to its ledger, until told to stop or interrupted.

Crash-only: whatever goes wrong drops the session; what was not acknowledged comes again, open calls are settled first.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from operator import attrgetter

import structlog

from producers.amqp import AmqpError, Consumer, Delivery
from producers.deadline import until_told
from schemas.envelope import Lane
from schemas.errors import Undecodable
from schemas.topology import dead_queue, lane_queue, organisation_commands
from worker.calls.approvals import Approvals
from worker.calls.chart_reading import ChartReading
from worker.calls.dispatcher import Dispatcher
from worker.calls.performer import Performer
from worker.calls.resolution import Resolution
from worker.calls.revising import Revising
from worker.calls.settlement import Settlement
from worker.intake.held_keeper import HeldKeeper
from worker.intake.inbox import Inbox, Throttle
from worker.intake.intake import Intake
from worker.intake.reading import Arrival, printable, read_release
from worker.ledger.database.errors import LeaseLost, LedgerUnavailable
from worker.serving.lane_keeper import LaneKeeper, when_connected
from worker.session.interruption import PauseOrganisation, Reconfigured
from worker.session.session import Session

_AT_A_TIME = 200
_DRAIN_S = 8.0
_RETURN_S = 5.0
_CONTROL_PREFETCH = 20
_QUEUE = attrgetter("queue")


class Stopped(Exception):
    """Serving ended because it was asked to."""


class Serving:
    """One session, once: `run` it, `stop` it."""

    def __init__(self, *, session: Session, consumer: Consumer, throttle: Throttle) -> None:
        self._s = session
        self._consumer = consumer
        self._log = structlog.get_logger("xerelay")
        self._stop = asyncio.Event()
        self._returning: asyncio.Task[None] | None = None
        self._inbox = Inbox(throttle)
        self._intake = Intake(session=session)
        self._settlement = Settlement(session=session, intake=self._intake)
        resolution = Resolution(session=session, settlement=self._settlement)
        self._performer = Performer(session=session, settlement=self._settlement, resolution=resolution)
        self._revising = Revising(session=session, settlement=self._settlement, performer=self._performer)
        self._chart = ChartReading(session=session)
        self._approvals = Approvals(session=session)
        self._keeper = LaneKeeper(session=session, consumer=consumer)
        self._held = HeldKeeper(session=session, admit=self._admit)
        self._commands = organisation_commands(session.org.name)
        self._lanes = {lane_queue(session.org.name, lane): lane for lane in Lane}

    @property
    def session(self) -> Session:
        """What its parts share."""
        return self._s

    def stop(self) -> None:
        """Ask for the end: calls in flight are settled, the rest is returned to the broker."""
        self._stop.set()

    def receive(self, *deliveries: Delivery) -> None:
        """Take what came from this organisation's queues."""
        self._s.deliveries.came(*deliveries)
        self._inbox.put(*deliveries)

    def queue_lost(self, queue: str) -> None:
        """What was unacknowledged of `queue` is the broker's again: what is not in a call is dropped from memory."""
        self._inbox.forget(queue)
        self._keeper.lost(queue)
        self._s.deliveries.lost(queue)
        self._s.let_go(lambda work: work.delivery is not None and work.delivery.queue == queue)

    async def run(self) -> None:
        """Serve. Raises `Stopped`, `PauseOrganisation`, `Reconfigured`, `LeaseLost` or `LedgerUnavailable`.

        Everything is returned by then.
        """
        try:
            async with asyncio.TaskGroup() as tasks:
                await self._start(tasks)
        except BaseExceptionGroup as group:
            raise weightiest(group) from group
        finally:
            await self._return_wholly()

    async def _start(self, tasks: asyncio.TaskGroup) -> None:
        dispatcher = Dispatcher(
            session=self._s,
            settlement=self._settlement,
            performer=self._performer,
            revising=self._revising,
            tasks=tasks,
        )
        self._s.time.hear(await self._s.ledger.now())
        self._s.paused_kinds.update(await self._held.paused_kinds())
        self._s.readings.reissues |= await self._s.ledger.documents.has_reissued(self._s.org.name)
        for call in await self._s.ledger.calls.unsettled(self._s.org.name):
            self._s.buffer.block(member.key for member in call.members)
            dispatcher.spawn(call, recover=True)
        tasks.create_task(self._take_in())
        tasks.create_task(self._held.run())
        tasks.create_task(self._keep_lanes())
        tasks.create_task(self._approvals.run())
        tasks.create_task(self._chart.run())
        dispatching = tasks.create_task(self._dispatch(dispatcher))
        tasks.create_task(self._watch(dispatcher, dispatching))

    async def _dispatch(self, dispatcher: Dispatcher) -> None:
        try:
            await dispatcher.run()
        except PauseOrganisation as pause:
            self._s.interrupt(pause)

    async def _watch(self, dispatcher: Dispatcher, dispatching: asyncio.Task[None]) -> None:
        """At a stop or an interruption: no new calls, those in flight settle, then the session ends."""
        await until_told(self._stop, self._s.interruption)
        dispatcher.draining = True
        self._s.wake.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(_DRAIN_S):
                await asyncio.wait({dispatching})  # it may be about to open one more
                await dispatcher.drained()
        if self._s.interruption.done():
            raise self._s.interruption.result()
        raise Stopped

    async def _take_in(self) -> None:
        while True:
            deliveries = await self._inbox.take(_AT_A_TIME)
            self._count(deliveries)
            arrivals = [arrival for d in deliveries if (arrival := self._arrival(d)) is not None]
            await self._admit(arrivals)
            self._s.wake.set()

    async def _admit(self, arrivals: Sequence[Arrival]) -> None:
        for kind, fault in (await self._intake.admit(arrivals)).items():
            await self._settlement.pause_kind(kind, fault.reason, [fault.detail])

    def _count(self, deliveries: Sequence[Delivery]) -> None:
        for queue, count in Counter(map(_QUEUE, deliveries)).items():
            if (lane := self._lanes.get(queue)) is not None:
                self._keeper.taken(lane, count)

    def _arrival(self, delivery: Delivery) -> Arrival | None:
        if delivery.queue == self._commands:
            self._command(delivery)
            return None
        own, key, lane = delivery.message_id, delivery.routing_key, self._lanes.get(delivery.queue)
        if lane is None:
            return Arrival(delivery.body, _lane_of(printable(key)), own, key, delivery, dead=True)
        return Arrival(delivery.body, lane, own, key, delivery)

    def _command(self, delivery: Delivery) -> None:
        org = self._s.org.name
        try:
            command_id = read_release(delivery.body, org)
        except Undecodable as error:
            self._log.error("command.refused", organisation=org, reason=error.reason, detail=error.detail)
        else:
            if self._stop.is_set():
                return  # it goes back with all that is held, for who serves next
            self._keeper.lanes.release()
            self._log.info("lane.released", organisation=org, command_id=command_id)
        self._s.deliveries.ack(delivery)

    async def _keep_lanes(self) -> None:
        org = self._s.org.name
        for queue in (dead_queue(org), organisation_commands(org)):
            await when_connected(self._consumer.start(queue, _CONTROL_PREFETCH))
        await self._keeper.run()

    async def _return_wholly(self) -> None:
        """To the end, also when it is cancelled meanwhile: a queue still consumed after it is one that nobody serves.

        A broker that does not answer is not waited for any longer; then it goes on when it does.
        """
        self._returning = asyncio.create_task(self._return_all())
        try:
            await asyncio.shield(self._returning)
        except asyncio.CancelledError:
            await asyncio.wait({self._returning}, timeout=_RETURN_S)
            raise

    async def _return_all(self) -> None:
        control = (dead_queue(self._s.org.name), self._commands)
        try:
            with suppress(AmqpError):
                # at once: what a queue still delivers while another does not answer is nobody's, or the next session's
                await asyncio.gather(self._keeper.close(), *(self._consumer.cancel(queue) for queue in control))
        finally:
            self._inbox.close()
            self._s.deliveries.give_all_back()


def _lane_of(routing_key: str) -> Lane:
    parts = routing_key.split(".")
    return Lane(parts[1]) if len(parts) == 3 and parts[1] in set(Lane) else Lane.IMMEDIATE  # noqa: PLR2004 - org.lane.entity


def weightiest(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Of several reasons to end, the one that decides what happens next; a defect before all others."""
    leaves = list(_leaves(group))
    order: list[type[BaseException]] = [LeaseLost, LedgerUnavailable, PauseOrganisation, Reconfigured, Stopped]
    for leaf in leaves:
        if not isinstance(leaf, tuple(order)):
            return leaf
    return min(leaves, key=lambda leaf: next(i for i, kind in enumerate(order) if isinstance(leaf, kind)))


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for child in error.exceptions:
            yield from _leaves(child)
    else:
        yield error
