"""Consuming: one connection, a channel for each queue, acks, and what outlives the connection."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any

from producers.amqp.advice import with_known_cure
from producers.amqp.channel import Channel
from producers.amqp.connection import Connection
from producers.amqp.errors import NOT_FOUND, AmqpError, ChannelClosed, ConnectionLost
from producers.amqp.settings import BrokerSettings
from producers.amqp.silence import Silences
from producers.amqp.taker import Delivery, Receiving, Taker
from producers.amqp.upkeep import UpkeptLink
from schemas.topology import Queue

_log = logging.getLogger(__name__)
_WHERE = attrgetter("queue", "epoch")
_SILENT_S = 10.0  # a broker that fails at the question may close the connection before we give it up


@dataclass(slots=True)
class _Subscription:
    """A queue's open channel; `consumer_tag` is None while the queue is not consumed."""

    queue: str
    channel: Channel
    epoch: int
    consumer_tag: str | None = None
    prefetch: int = 0


class Consumer(UpkeptLink):
    """Kept alive by `run`. A queue that the broker does not let us consume is told once, and tried again until it does.

    `on_deliveries` and `on_lost` are called on the loop and must not block. What one read of the socket brings of a
    queue comes together.

    `on_lost(queue)`: what was held of this queue is back at the broker and comes again; acks for it are void. It
    is also called at `stop`.
    """

    def __init__(
        self,
        settings: BrokerSettings,
        *,
        queues: Sequence[Queue],
        on_deliveries: Receiving,
        on_lost: Callable[[str], None],
    ) -> None:
        super().__init__(settings, queues=queues)
        self._on_deliveries = on_deliveries
        self._on_lost = on_lost
        self._declared = False  # before that there may be no queue to consume
        self._wanted: dict[str, int] = {}
        self._unconsumed: dict[str, str] = {}
        self._silences = Silences()
        self._subscriptions: dict[str, _Subscription] = {}
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._reconciling: set[asyncio.Task[None]] = set()
        self._epochs = itertools.count(1)

    @property
    def refusals(self) -> dict[str, str]:
        """Queues that are not consumed among them."""
        return self._unconsumed | super().refusals

    async def start(self, queue: str, prefetch: int) -> None:
        """Consume `queue`, now and after every reconnect, until `cancel`; idempotent.

        Returns when the broker has agreed, or at once while there is no connection, or lately no answer about this
        queue. Raises TopologyMismatch while the broker refuses to declare it; consuming begins by itself when that is
        mended.
        """
        self._wanted[queue] = prefetch
        if queue in self.mismatches:
            raise self.mismatches[queue]
        if self._declared:
            await self._reconcile_wholly(queue)

    async def cancel(self, queue: str) -> None:
        """Take no more of `queue`; what is held stays held and can be acked. Idempotent.

        Deliveries that are on their way may still come before this returns; the broker takes back the others,
        and that counts towards the delivery limit.
        """
        self._wanted.pop(queue, None)
        self._unconsumed.pop(queue, None)
        if queue in self._subscriptions or self._locks[queue].locked():
            await self._reconcile_wholly(queue)

    def ack(self, *deliveries: Delivery) -> None:
        """Tell the broker they are done; nothing happens where a channel is no more (then they come again)."""
        for _, alike in groupby(deliveries, key=_WHERE):
            of_channel = list(alike)
            if (channel := self._channel_of(of_channel[0])) is not None:
                channel.ack([delivery.tag for delivery in of_channel])

    def give_back(self, delivery: Delivery) -> None:
        """Return it to the head of its queue; this counts towards the delivery limit."""
        if (channel := self._channel_of(delivery)) is not None:
            channel.reject(delivery.tag)

    async def depth(self, queue: str) -> int:
        """How many messages wait in `queue`, those held not counted.

        One of the topology's that was deleted is declared again: nobody else would miss it before it is consumed. One
        that is being declared for the first time is declared as well.
        Raises ConnectionLost or ChannelClosed (404).
        """
        try:
            return await self._depth(queue)
        except ChannelClosed as error:
            if error.code != NOT_FOUND or queue not in self._queues:
                raise
        was_there = queue in self._agreed
        await self._declare_one(self._queues[queue])
        depth = await self._depth(queue)
        if was_there:
            _log.warning("%s was not there any more, and is declared again", queue)
        return depth

    async def _depth(self, queue: str) -> int:
        async with self._control_lock:
            channel = await self._control_channel()
            answer = await channel.ask(channel.raw.queue_declare, queue, passive=True)
        return int(answer.method.message_count)

    def pause_reading(self) -> None:
        """Leave what comes in the socket, but for some 200 kB/s, so that TCP holds the flood back.

        Ends with `resume_reading` or with the connection, which the broker may close after 30 s when messages
        are of several MB; they come again then.
        """
        if self._connection is not None:
            self._connection.gate.pause()

    def resume_reading(self) -> None:
        """Read again."""
        if self._connection is not None:
            self._connection.gate.resume()

    async def stop(self) -> None:
        """Disconnect: what is held goes back to the broker. Idempotent."""
        await self._end()

    def _channel_of(self, delivery: Delivery) -> Channel | None:
        """Where it can be acked, if it still can."""
        subscription = self._subscriptions.get(delivery.queue)
        if subscription is None or subscription.epoch != delivery.epoch or not subscription.channel.is_open:
            return None
        return subscription.channel

    async def _set_up(self, connection: Connection) -> None:
        del connection
        self._declared = True
        for queue in list(self._wanted):
            if queue not in self.mismatches and queue not in self._silences:  # those are left to mending
                await self._reconcile(queue)

    def _gone(self, reason: AmqpError) -> None:
        """Wait for the next declaration; each channel has told its own end."""
        del reason
        self._declared = False

    async def _mend(self) -> None:
        await super()._mend()
        for name in list(self._wanted):
            subscription = self._subscriptions.get(name)
            if subscription is not None and subscription.consumer_tag is not None:
                continue
            if name in self._queues:  # it may have been deleted
                await self._declare_one(self._queues[name])
            if name not in self.mismatches:
                await self._reconcile(name)

    async def _reconcile_wholly(self, queue: str) -> None:
        """To the end, even if who asked is cancelled: a consumer that is half begun could not be cancelled later."""
        task = asyncio.create_task(self._reconcile(queue))
        self._reconciling.add(task)
        task.add_done_callback(self._reconciling.discard)
        await asyncio.shield(task)

    async def _reconcile(self, queue: str) -> None:
        """Make what is so what is wanted; what fails here is tried again by the next mending or connection."""
        async with self._locks[queue]:
            if self._silences.lasts(queue, asyncio.get_running_loop().time()):
                return
            try:
                await self._apply(queue, self._wanted.get(queue))
            except ChannelClosed as error:
                self._refused(queue, f"{queue} is not consumed: {with_known_cure(error)}")
            except ConnectionLost:
                _log.debug("%s waits for the next connection", queue)
            else:
                self._unconsumed.pop(queue, None)

    def _refused(self, queue: str, why: str) -> None:
        """Each reason once: it is asked again every two seconds."""
        if why != self._unconsumed.get(queue):
            _log.warning("%s", why)
        if queue in self._wanted:
            self._unconsumed[queue] = why

    async def _apply(self, queue: str, prefetch: int | None) -> None:
        subscription = self._subscriptions.get(queue)
        if subscription is not None and subscription.prefetch != prefetch:
            await _cancel(subscription)
        if prefetch is None:
            return
        if subscription is None:
            subscription = await self._open(queue)
        if subscription.consumer_tag is None:
            await self._consume(subscription, prefetch)

    async def _open(self, queue: str) -> _Subscription:
        if self._connection is None:
            raise ConnectionLost("not connected to the broker")
        channel = await self._connection.channel()
        subscription = _Subscription(queue, channel, next(self._epochs))
        self._subscriptions[queue] = subscription
        channel.raw.add_on_close_callback(lambda *_: self._closed(subscription))
        channel.raw.add_on_cancel_callback(lambda _frame: _forget_consumer(subscription))
        return subscription

    async def _consume(self, subscription: _Subscription, prefetch: int) -> None:
        channel = subscription.channel
        await channel.ask(channel.raw.basic_qos, prefetch_count=prefetch)

        def basic_consume(callback: Callable[[Any], None]) -> None:
            def begun(frame: Any) -> None:
                # not once it was waited for: the same read may bring the broker's cancel, which is told before that
                subscription.consumer_tag = frame.method.consumer_tag
                callback(frame)

            channel.raw.basic_consume(subscription.queue, self._taker(subscription), callback=begun)

        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            await channel.ask(basic_consume)
        except ConnectionLost as error:
            if loop.time() - began > _SILENT_S:
                self._silences.met(subscription.queue, loop.time())
                self._refused(subscription.queue, f"{subscription.queue} is not consumed: {with_known_cure(error)}")
            raise
        self._silences.over(subscription.queue)
        subscription.prefetch = prefetch

    def _taker(self, subscription: _Subscription) -> Taker:
        return Taker(
            subscription.queue,
            subscription.epoch,
            subscription.channel.outstanding,
            on_deliveries=self._on_deliveries,
            on_failure=self._could_not_take,
        )

    def _could_not_take(self, delivery: Delivery) -> None:
        _log.exception("a delivery of %s could not be taken; it goes back", delivery.queue)
        self.give_back(delivery)

    def _closed(self, subscription: _Subscription) -> None:
        if self._subscriptions.get(subscription.queue) is subscription:
            del self._subscriptions[subscription.queue]
        subscription.consumer_tag = None
        try:
            self._on_lost(subscription.queue)
        except Exception:  # noqa: BLE001 - pika would tell nobody else of the loss, and no connection would follow
            _log.exception("what was held of %s could not be let go", subscription.queue)


async def _cancel(subscription: _Subscription) -> None:
    tag, raw = subscription.consumer_tag, subscription.channel.raw
    if tag is None:
        return

    def basic_cancel(callback: Any) -> None:
        raw.basic_cancel(tag, callback=callback)
        # pika would reject what still arrives, up to the whole prefetch, and that counts towards the delivery limit
        raw._cancelled.discard(tag)  # noqa: SLF001

    subscription.consumer_tag = None
    await subscription.channel.ask(basic_cancel)


def _forget_consumer(subscription: _Subscription) -> None:
    subscription.consumer_tag = None
