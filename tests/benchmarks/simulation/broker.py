"""A broker of quorum queues in memory: prefetch per subscription, single acks, returns first, a delivery limit."""

from __future__ import annotations

import asyncio
import itertools
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from producers.amqp import Delivery
from schemas.topology import DELIVERY_LIMIT, dead_queue


@dataclass(eq=False, slots=True)
class Message:
    """`make` renders the body at each delivery, so that a backlog of 200,000 takes little memory."""

    routing_key: str
    message_id: str
    make: Callable[[], bytes]
    deliveries: int = 0


@dataclass(eq=False, slots=True)
class _Subscription:
    """One consumer tag: its credit is its own, as in RabbitMQ, whatever an earlier tag still holds."""

    consumer: VirtualConsumer
    prefetch: int
    held: int = 0
    cancelled: bool = False


@dataclass(eq=False, slots=True)
class _Queue:
    waiting: deque[Message] = field(default_factory=deque)
    returned: deque[Message] = field(default_factory=deque)
    subscriptions: deque[_Subscription] = field(default_factory=deque)
    pumping: bool = False


class Broker:
    """Queues by name."""

    def __init__(self) -> None:
        self._queues: defaultdict[str, _Queue] = defaultdict(_Queue)
        self._tags = itertools.count(1)
        self.returned = self.most_deliveries = 0

    def publish(self, queue: str, message: Message) -> None:
        self._queues[queue].waiting.append(message)
        self._pump_soon(queue)

    def depth(self, queue: str) -> int:
        """How many wait; those held are not counted."""
        return len(self._queues[queue].waiting) + len(self._queues[queue].returned)

    def subscribe(self, queue: str, consumer: VirtualConsumer, prefetch: int) -> _Subscription:
        subscription = _Subscription(consumer, prefetch)
        self._queues[queue].subscriptions.append(subscription)
        self._pump_soon(queue)
        return subscription

    def unsubscribe(self, queue: str, subscription: _Subscription) -> None:
        subscription.cancelled = True
        self._queues[queue].subscriptions.remove(subscription)

    def give_back(self, queue: str, message: Message) -> None:
        """To the head of the queue; to the dead queue when it came back too often."""
        self.returned += 1
        if message.deliveries > DELIVERY_LIMIT:
            self.publish(dead_queue(queue.split(".")[1]), message)
            return
        self._queues[queue].returned.append(message)
        self._pump_soon(queue)

    def landed(self, queue: str) -> None:
        """A subscription has room again."""
        self._pump_soon(queue)

    def _pump_soon(self, name: str) -> None:
        queue = self._queues[name]
        if not queue.pumping and queue.subscriptions and (queue.waiting or queue.returned):
            queue.pumping = True
            asyncio.get_running_loop().call_soon(self._pump, name)

    def _pump(self, name: str) -> None:
        queue = self._queues[name]
        queue.pumping = False
        while queue.waiting or queue.returned:
            subscription = next((s for s in queue.subscriptions if s.held < s.prefetch), None)
            if subscription is None:
                return
            message = (queue.returned or queue.waiting).popleft()
            message.deliveries += 1
            self.most_deliveries = max(self.most_deliveries, message.deliveries)
            subscription.consumer.deliver(name, message, subscription, next(self._tags))
            queue.subscriptions.rotate(-1)


class VirtualConsumer:
    """One worker's connection, with the methods of `producers.amqp.Consumer` that a worker uses."""

    def __init__(self, broker: Broker, on_delivery: Callable[[Delivery], None]) -> None:
        self._broker = broker
        self._on_delivery = on_delivery
        self._wanted: dict[str, _Subscription] = {}
        self._held: dict[int, tuple[_Subscription, Message]] = {}
        self._dead = False

    @property
    def unacknowledged(self) -> int:
        """How many messages it was handed and has neither acknowledged nor returned."""
        return len(self._held)

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def stop(self) -> None:
        self.kill()

    async def start(self, queue: str, prefetch: int) -> None:
        current = self._wanted.get(queue)
        if self._dead or (current is not None and current.prefetch == prefetch):
            return
        await self.cancel(queue)
        self._wanted[queue] = self._broker.subscribe(queue, self, prefetch)

    async def cancel(self, queue: str) -> None:
        subscription = self._wanted.pop(queue, None)
        if subscription is not None:
            self._broker.unsubscribe(queue, subscription)

    async def depth(self, queue: str) -> int:
        return self._broker.depth(queue)

    def deliver(self, queue: str, message: Message, subscription: _Subscription, tag: int) -> None:
        subscription.held += 1
        self._held[tag] = (subscription, message)
        before = message.deliveries - 1
        body = message.make()
        self._on_delivery(Delivery(queue, body, message.routing_key, message.message_id, before > 0, before, tag, 1))

    def ack(self, *deliveries: Delivery) -> None:
        for delivery in deliveries:
            self._release(delivery)

    def give_back(self, delivery: Delivery) -> None:
        message = self._release(delivery)
        if message is not None:
            self._broker.give_back(delivery.queue, message)

    def pause_reading(self) -> None:
        """Nothing travels: what is delivered is there."""

    def resume_reading(self) -> None:
        """See `pause_reading`."""

    def kill(self) -> None:
        """The connection is gone: what was held goes back, later acks are void."""
        if self._dead:
            return
        self._dead = True
        queues = {id(subscription): queue for queue, subscription in self._wanted.items()}
        for queue, subscription in list(self._wanted.items()):
            self._broker.unsubscribe(queue, subscription)
        self._wanted.clear()
        held, self._held = self._held, {}
        for subscription, message in held.values():
            lane = message.routing_key.split(".")
            self._broker.give_back(queues.get(id(subscription), f"xerelay.{lane[0]}.{lane[1]}"), message)

    def _release(self, delivery: Delivery) -> Message | None:
        found = self._held.pop(delivery.tag, None)
        if found is None:
            return None
        subscription, message = found
        subscription.held -= 1
        if not subscription.cancelled:
            self._broker.landed(delivery.queue)
        return message
