"""How much waits in queues, asked once, by who neither publishes nor consumes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from producers.amqp.channel import Channel
from producers.amqp.connection import Connection
from producers.amqp.errors import NOT_FOUND, ChannelClosed, ConnectionLost
from producers.amqp.settings import BrokerSettings

_PATIENCE_S = 10.0


async def depths(settings: BrokerSettings, queues: Iterable[str]) -> dict[str, int | None]:
    """How many messages wait in each queue, those that are being worked on not counted; None where there is no queue.

    Declares nothing. Raises ConnectionLost when the broker cannot be reached, or does not answer within 10 s,
    ChannelClosed when it refuses the question, BadBrokerSettings.
    """
    try:
        async with asyncio.timeout(_PATIENCE_S):
            return await _asked(settings, queues)
    except TimeoutError:
        raise ConnectionLost(f"the broker did not answer within {_PATIENCE_S:.0f} s") from None


async def _asked(settings: BrokerSettings, queues: Iterable[str]) -> dict[str, int | None]:
    connection = await Connection.open(settings.parameters(), lambda _blocked: None)
    try:
        channel = await connection.channel()
        found: dict[str, int | None] = {}
        for queue in queues:
            if not channel.is_open:  # the broker closes it at each queue that is not there
                channel = await connection.channel()
            found[queue] = await _depth(channel, queue)
        return found
    finally:
        await connection.close()


async def _depth(channel: Channel, queue: str) -> int | None:
    try:
        answer = await channel.ask(channel.raw.queue_declare, queue, passive=True)
    except ChannelClosed as error:
        if error.code != NOT_FOUND:
            raise
        return None
    return int(answer.method.message_count)
