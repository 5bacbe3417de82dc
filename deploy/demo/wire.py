"""Listens to what is published, beside the worker: events by entity, and how many say what was said before."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import chain

from producers.amqp import BrokerSettings, Consumer, Delivery
from schemas.envelope import Lane
from schemas.topology import Queue, event_bindings

_PREFETCH = 500
_CONNECT_S = 30.0
_EXPIRES_MS = 600_000  # where the broker is somebody's own, nothing of ours stays


@dataclass(slots=True)
class Wire:
    """What came so far. A repeat has the content that came last of its entity."""

    entities: Counter[str] = field(default_factory=Counter)
    repeats: int = 0
    _last: dict[tuple[str, str], bytes] = field(default_factory=dict)

    @property
    def events(self) -> int:
        """Messages of every kind, spoiled ones too."""
        return sum(self.entities.values())

    def hear(self, routing_key: str, body: bytes) -> None:
        """Count one message."""
        entity = routing_key.rsplit(".", 1)[1]
        self.entities[entity] += 1
        try:
            event = json.loads(body)
            subject, data = str(event["subject"]), json.dumps(event.get("data"), sort_keys=True)
        except (ValueError, KeyError, TypeError):
            return  # spoiled: no worker can tell either
        digest = hashlib.sha256(data.encode()).digest()
        self.repeats += self._last.get((entity, subject)) == digest
        self._last[entity, subject] = digest


@asynccontextmanager
async def listening(broker_url: str, organisation: str) -> AsyncIterator[Wire]:
    """Hear every event of an organisation while the block lasts. Raises TimeoutError without a broker for 30 s."""
    wire = Wire()
    queue = Queue(
        f"xerelay.{organisation}.demo",
        tuple(chain.from_iterable(event_bindings(organisation, lane) for lane in Lane)),
        {"x-queue-type": "quorum", "x-expires": _EXPIRES_MS},
    )

    def receive(*deliveries: Delivery) -> None:
        for delivery in deliveries:
            wire.hear(delivery.routing_key, delivery.body)
        consumer.ack(*deliveries)

    consumer = Consumer(
        BrokerSettings(broker_url),
        queues=(queue,),
        on_deliveries=receive,
        on_lost=lambda _: None,
    )
    connection = asyncio.create_task(consumer.run())
    try:
        await asyncio.wait_for(consumer.connected.wait(), _CONNECT_S)
        await consumer.start(queue.name, _PREFETCH)
        yield wire
    finally:
        await consumer.stop()
        await asyncio.gather(connection, return_exceptions=True)
