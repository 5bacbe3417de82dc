"""A queue without a leader: the broker declares it and answers everything else, but nobody can consume it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from producers.amqp import BrokerSettings, Consumer
from producers.amqp.silence import Silences
from tests.support.amqp_peer import Peer, listening
from tests.support.waiting import let_pass, until

STUCK, SOUND = "xerelay.main.commands", "xerelay.main.immediate"
PATIENCE_S = 31
"""As long as an answer is waited for."""

CLOSING_S = 6
"""As long as the broker is waited for when a connection is closed."""


@asynccontextmanager
async def consuming(peer: Peer) -> AsyncIterator[Consumer]:
    """A consumer whose stuck queue was asked for first, and has cost it the connection."""
    async with listening(peer) as url:
        consumer = Consumer(BrokerSettings(url), queues=(), on_deliveries=lambda *_: None, on_lost=lambda _: None)
        running = asyncio.create_task(consumer.run())
        await until(consumer.connected.is_set, what="the connection")
        starting = [asyncio.create_task(consumer.start(queue, 10)) for queue in (STUCK, SOUND)]
        await until(lambda: STUCK in peer.asked, what="the question")
        let_pass(PATIENCE_S)
        await until(lambda: not consumer.connected.is_set(), what="the loss of the connection")
        let_pass(CLOSING_S)
        await until(lambda: consumer.reconnects == 1, what="the next connection")
        try:
            yield consumer
        finally:
            await consumer.stop()
            await asyncio.gather(running, *starting)


async def test_a_queue_without_a_leader_keeps_no_other_from_being_consumed() -> None:
    peer = Peer(silent=[STUCK])

    async with consuming(peer) as consumer:
        await until(lambda: peer.asked[-1] == SOUND, what="the other queue's consumer")

        assert peer.asked.count(STUCK) == 1
        assert consumer.refusals[STUCK].startswith(f"{STUCK} is not consumed: the broker did not answer")


async def test_a_queue_that_has_a_leader_again_is_consumed() -> None:
    peer = Peer(silent=[STUCK])

    async with consuming(peer) as consumer:
        peer.silent.clear()
        let_pass(21)
        await until(lambda: peer.asked.count(STUCK) == 2, what="the second question")
        await until(lambda: STUCK not in consumer.refusals, what="the consumer")

        assert consumer.reconnects == 1


def test_what_stays_silent_is_asked_for_ever_more_seldom() -> None:
    silences = Silences()
    now, waits = 0.0, []
    for _ in range(5):
        silences.met(STUCK, now)
        began = now
        while silences.lasts(STUCK, now):
            now += 1
        waits.append(now - began)

    silences.over(STUCK)

    assert waits == [10, 20, 40, 60, 60]
    assert not silences.lasts(STUCK, began)
