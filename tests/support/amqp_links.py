"""Publishers and consumers that run as long as a test's `async with`, and what they saw."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from deploy.services import PrivateBroker
from producers.amqp import BrokerSettings, Consumer, Delivery, Publisher
from schemas.topology import EVENTS, Exchange, Queue
from tests.support.waiting import until

_ASKED, _ASKED_EVERY_S = 50, 0.2


@asynccontextmanager
async def publishing(
    url: str, queues: Sequence[Queue], *, exchanges: Sequence[Exchange] = (), **settings: Any
) -> AsyncIterator[Publisher]:
    """A connected publisher."""
    publisher = Publisher(BrokerSettings(url, **settings), queues=queues, exchanges=exchanges)
    running = asyncio.create_task(publisher.run())
    try:
        await until(publisher.connected.is_set, what="the publisher's connection")
        yield publisher
    finally:
        await publisher.stop(timeout_s=1)
        await running


class Intake:
    """Holds what a consumer delivers; acks at once only when told to."""

    def __init__(self, url: str, queues: Sequence[Queue], *, ack: bool = False, **settings: Any) -> None:
        self.held: list[Delivery] = []
        self.lost: list[str] = []
        self.when_lost: Callable[[str], None] | None = None
        self._ack = ack
        self.consumer = Consumer(
            BrokerSettings(url, **settings),
            queues=queues,
            on_deliveries=self.take,
            on_lost=self._lost,
        )

    def take(self, *deliveries: Delivery) -> None:
        self.held += deliveries
        if self._ack:
            self.consumer.ack(*deliveries)

    def _lost(self, queue: str) -> None:
        self.lost.append(queue)
        if self.when_lost is not None:
            self.when_lost(queue)

    def ids(self) -> list[str]:
        return [delivery.message_id for delivery in self.held]


@asynccontextmanager
async def consuming(
    url: str, queues: Sequence[Queue], *names: str, ack: bool = False, prefetch: int = 50, **settings: Any
) -> AsyncIterator[Intake]:
    """A connected consumer of the queues `names`."""
    intake = Intake(url, queues, ack=ack, **settings)
    running = asyncio.create_task(intake.consumer.run())
    try:
        await until(intake.consumer.connected.is_set, what="the consumer's connection")
        for name in names:
            await intake.consumer.start(name, prefetch)
        yield intake
    finally:
        await intake.consumer.stop()
        await running


async def publish(publisher: Publisher, routing_key: str, message_id: str, body: bytes = b"{}", **more: Any) -> None:
    """One event."""
    await publisher.publish(
        exchange=more.pop("exchange", EVENTS),
        routing_key=routing_key,
        body=body,
        message_id=message_id,
        content_type="application/json",
        **more,
    )


def written_down(broker: PrivateBroker) -> None:
    """What the node knows of its queues is on its disk: it keeps that back for seconds, and loses it when killed."""
    broker.ctl("eval", "(catch mnesia:sync_log()), [dets:sync(Table) || Table <- dets:all()].")


async def depth_of(consumer: Consumer, queue: str) -> int:
    """How much waits. A broker whose queue is silent for 250 ms answers 0 for it: that is asked again for a while."""
    for _ in range(_ASKED):
        if depth := await consumer.depth(queue):
            return depth
        await asyncio.sleep(_ASKED_EVERY_S)
    return 0


class Proxy:
    """A TCP proxy to the broker; while `muted`, what the broker says is swallowed."""

    def __init__(self, port: int) -> None:
        self.muted = False
        self._port = port
        self._writers: list[asyncio.StreamWriter] = []

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[int]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()
            for writer in self._writers:
                writer.close()
            await server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        broker_reader, broker_writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._writers += [writer, broker_writer]
        await asyncio.gather(
            self._pump(reader, broker_writer, may_mute=False), self._pump(broker_reader, writer, may_mute=True)
        )

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, may_mute: bool) -> None:
        while data := await reader.read(65536):
            if not (may_mute and self.muted):
                writer.write(data)
        writer.close()
