"""The broker cancels a consumer, as when its queue is deleted or moves to another node."""

from __future__ import annotations

import asyncio

from producers.amqp import BrokerSettings, Consumer
from tests.support.amqp_peer import Peer, listening
from tests.support.waiting import until

QUEUE = "xerelay.main.batch"


async def test_a_consumer_that_is_cancelled_in_the_read_that_began_it_is_begun_again() -> None:
    peer = Peer(cancelling=1)

    async with listening(peer) as url:
        consumer = Consumer(BrokerSettings(url), queues=(), on_deliveries=lambda *_: None, on_lost=lambda _: None)
        running = asyncio.create_task(consumer.run())
        await until(consumer.connected.is_set, what="the connection")
        await consumer.start(QUEUE, 10)
        try:
            await until(lambda: len(peer.begun) > 1, what="the second consumer")
        finally:
            await consumer.stop()
            await running

    assert consumer.reconnects == 0
