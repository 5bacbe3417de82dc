"""How often a connection was made again, whatever it took."""

from __future__ import annotations

import asyncio

from producers.amqp import BrokerSettings, ConnectionLost, Consumer
from tests.support.amqp_peer import Peer, listening
from tests.support.waiting import until


class AwayForAWhile(Peer):
    """Takes the first connection, turns the next three away, and then takes every one."""

    tries = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.tries += 1
        if self.tries in (2, 3, 4):
            writer.close()
            return
        await super().serve(reader, writer)


async def test_one_outage_is_one_connection_made_again_however_many_tries_it_takes() -> None:
    peer = AwayForAWhile()
    async with listening(peer) as url:
        consumer = Consumer(BrokerSettings(url), queues=(), on_deliveries=lambda *_: None, on_lost=lambda _: None)
        running = asyncio.create_task(consumer.run())
        await until(consumer.connected.is_set, what="the first connection")
        first = consumer.reconnects

        consumer.drop(ConnectionLost("by the test"))
        await until(lambda: peer.tries == 5 and consumer.connected.is_set(), what="the next connection")
        again = consumer.reconnects
        await consumer.stop()
        await running

    assert (first, again) == (0, 1)
