"""A connection that is kept: what Publisher and Consumer have in common."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from typing import Any

from producers.amqp.advice import is_final, with_cure, with_known_cure
from producers.amqp.channel import Channel
from producers.amqp.connection import Connection
from producers.amqp.declare import declare_exchange, declare_queue
from producers.amqp.errors import AmqpError, BadBrokerSettings, ConnectionLost, TopologyMismatch, describe
from producers.amqp.settings import BrokerSettings
from schemas.topology import Exchange, Queue, exchanges_of

_log = logging.getLogger(__name__)

_FIRST_DELAY_S = 0.1
_LONGEST_DELAY_S = 5.0
_STEADY_S = 10.0  # a connection that lived this long was a good one: the next delay is the first again
_MEND_EVERY_S = 2.0
_SILENT = ConnectionLost("connected, but the broker did not answer")


class Link:
    """Connects, declares the topology, and does so again whenever the broker is lost, until `stop`.

    `connected` is set while it may be used; `reconnects` counts how often it was set again. What the broker refuses to
    declare stands in `mismatches` by name, is logged once, and is tried again until it works; the rest of the topology
    works meanwhile. Why there is no connection is logged once for each reason. `turned_away` is set when the broker
    refuses the user or has no such virtual host before a connection has ever worked: a service goes on trying, a
    person's command need not wait. `exchanges` are needed beside those that the queues are bound to.
    """

    def __init__(
        self, settings: BrokerSettings, *, queues: Sequence[Queue], exchanges: Sequence[Exchange] = ()
    ) -> None:
        self.connected = asyncio.Event()
        self.turned_away = asyncio.Event()
        self.blocked = False
        self.reconnects = 0
        self.last_error: AmqpError | None = None
        self._told = ""
        self.mismatches: dict[str, TopologyMismatch] = {}
        self._settings = settings
        self._exchanges = {exchange.name: exchange for exchange in (*exchanges_of(queues), *exchanges)}
        self._queues = {queue.name: queue for queue in queues}
        self._not_ours: set[str] = set()  # queues that the user may not declare
        self._agreed: set[str] = set()  # what the broker has had of the topology, by this connection or an earlier one
        self._stopped = False
        self._worked_once = False
        self._connection: Connection | None = None
        self._control: Channel | None = None
        self._control_lock = asyncio.Lock()
        self._keeper: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Keep the link until `stop` or cancellation. Raises BadBrokerSettings when it cannot even begin."""
        if self._stopped:
            return
        self._keeper = asyncio.create_task(self._keep_connected())
        try:
            await asyncio.wait({self._keeper})
        finally:
            await self._end()
        if not self._keeper.cancelled():
            self._keeper.result()

    @property
    def refusals(self) -> dict[str, str]:
        """What the broker keeps refusing, in words for a person, by the name of the queue or exchange."""
        return {name: str(mismatch) for name, mismatch in self.mismatches.items()}

    def why_not(self, waited_s: int) -> str:
        """Why there is no connection, for the person who waited so long for it, and what to do."""
        waited = "" if self.turned_away.is_set() else f"no broker within {waited_s} s: "
        return f"{waited}{with_cure(self.last_error or (_SILENT if self._connection else None))}"

    def drop(self, reason: AmqpError) -> None:
        """Give this connection up; a new one follows."""
        if self._connection is not None:
            self._connection.drop(reason)

    async def _set_up(self, connection: Connection) -> None:
        """What a subclass needs on a new connection, before it counts as connected."""
        raise NotImplementedError

    def _gone(self, reason: AmqpError) -> None:
        """The connection is no more."""
        raise NotImplementedError

    def _background(self) -> list[Coroutine[Any, Any, None]]:
        """What runs as long as the connection."""
        return [self._keep_mending()]

    def _blocked_changed(self) -> None:
        """`blocked` has another value."""

    async def _mend(self) -> None:
        """Every 2 s while connected: set right what could not be done earlier."""
        for name in list(self.mismatches):
            await self._declare_one(self._exchanges.get(name) or self._queues[name])

    async def _end(self) -> None:
        self._stopped = True
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.wait({self._keeper})

    async def _keep_connected(self) -> None:
        loop = asyncio.get_running_loop()
        delay = _FIRST_DELAY_S
        while True:
            began = loop.time()
            self.last_error = await self._session_error()
            if not self._worked_once and is_final(self.last_error):
                self.turned_away.set()
            if loop.time() - began > _STEADY_S:
                delay = _FIRST_DELAY_S
            # later ones are of what was asked of it, or of its being away
            self._tell(str(self.last_error) if self._worked_once else with_known_cure(self.last_error))
            await asyncio.sleep(delay * random.uniform(0.5, 1))  # noqa: S311 - spreads clients, keeps no secret
            delay = min(delay * 2, _LONGEST_DELAY_S)

    def _tell(self, reason: str) -> None:
        """Each reason once, until a connection has worked."""
        if reason != self._told:
            _log.warning("no broker: %s; tried again every %.0f s at most", reason, _LONGEST_DELAY_S)
        self._told = reason

    async def _session_error(self) -> AmqpError:
        try:
            return await self._session()
        except BadBrokerSettings as error:
            if not self._worked_once:
                raise
            return error  # such as a certificate that is just being replaced
        except AmqpError as error:
            return error
        except Exception as error:  # noqa: BLE001 - the link outlives our own mistakes too, but not silently
            _log.exception("the broker link failed")
            return ConnectionLost(describe(error))

    async def _session(self) -> AmqpError:
        """One connection from its opening to its end; returns why it ended."""
        connection = await Connection.open(self._settings.parameters(), self._set_blocked)
        self._set_blocked(False)
        self._connection = connection
        background: list[asyncio.Task[None]] = []
        reason: AmqpError = ConnectionLost("the link was stopped")
        try:
            await self._begin(connection)
            background = [asyncio.create_task(work) for work in self._background()]
            waiting: set[asyncio.Future[Any]] = {connection.ended, *background}
            done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            reason = connection.ended.result() if connection.ended in done else _failure(background)
        except AmqpError as error:
            reason = connection.ended.result() if connection.ended.done() else error
        finally:
            self.connected.clear()
            self._connection = self._control = None
            for task in background:
                task.cancel()
            await connection.close()
            self._gone(reason)
        return reason

    async def _begin(self, connection: Connection) -> None:
        """Make the connection ready for who uses it."""
        await self._declare_all()
        await self._set_up(connection)
        self.connected.set()
        self.reconnects += self._worked_once
        self._worked_once = True
        if self._told:
            _log.warning("the broker answers again")
        self._told = ""

    def _set_blocked(self, blocked: bool) -> None:
        if blocked != self.blocked:
            _log.warning("the broker %s", "accepts no messages for now" if blocked else "accepts messages again")
        self.blocked = blocked
        self._blocked_changed()

    async def _declare_all(self) -> None:
        for exchange in self._exchanges.values():
            await self._declare_one(exchange)
        for queue in self._queues.values():
            await self._declare_one(queue)

    async def _declare_one(self, thing: Exchange | Queue) -> None:
        """Declare it, or record why not."""
        try:
            async with self._control_lock:
                if isinstance(thing, Queue):
                    if await declare_queue(self._control_channel, thing):
                        self._not_ours.discard(thing.name)
                    else:
                        self._not_ours.add(thing.name)
                else:
                    await declare_exchange(self._control_channel, thing)
        except TopologyMismatch as mismatch:
            if str(mismatch) != str(self.mismatches.get(thing.name)):
                _log.warning("%s", mismatch)
            self.mismatches[thing.name] = mismatch
        else:
            if isinstance(thing, Exchange) and thing.name in self.mismatches:
                await self._bind_to(thing)
            self._agreed.add(thing.name)
            self.mismatches.pop(thing.name, None)

    async def _bind_to(self, exchange: Exchange) -> None:
        """Queues could not be bound to one that was refused, or to another that had its name."""
        for queue in self._queues.values():
            if any(binding.exchange == exchange.name for binding in queue.bindings):
                await self._declare_one(queue)

    async def _control_channel(self) -> Channel:
        """The channel for declarations and questions, which the broker closes at each refusal."""
        if self._connection is None:
            raise ConnectionLost("not connected to the broker")
        if self._control is None or not self._control.is_open:
            self._control = await self._connection.channel()
        return self._control

    async def _keep_mending(self) -> None:
        while True:
            await asyncio.sleep(_MEND_EVERY_S)
            with suppress(ConnectionLost):
                await self._mend()


def _failure(background: list[asyncio.Task[None]]) -> AmqpError:
    """Raise what ended a task that should not have ended."""
    for task in background:
        if task.done():
            task.result()
    return ConnectionLost("what watches the connection has ended")
