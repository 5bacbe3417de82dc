"""The topology's data, as requests to the broker.

A user without the right to declare asks only whether a thing is there: who may declare it has done so. Its arguments
and bindings are then that one's affair. Since RabbitMQ 4.2.6 who has no right at all on it is not told whether it is
there: no reason to stand still, since what is published is mandatory, and comes back where no queue takes it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from producers.amqp.channel import Channel
from producers.amqp.errors import ACCESS_REFUSED, ChannelClosed, TopologyMismatch
from schemas.topology import Exchange, Queue

OpenChannel = Callable[[], Awaitable[Channel]]
"""Gives an open channel: the same again, or a new one where the broker has closed it."""


async def declare_exchange(open_channel: OpenChannel, exchange: Exchange) -> None:
    """Idempotent. Raises TopologyMismatch, and then the channel is closed."""
    try:
        channel = await open_channel()
        await channel.ask(channel.raw.exchange_declare, exchange.name, exchange_type=exchange.kind, durable=True)
    except ChannelClosed as refusal:
        channel = await _unless_only_refused(refusal, exchange.name, open_channel)
        await _look(channel, channel.raw.exchange_declare, exchange.name)


async def declare_queue(open_channel: OpenChannel, queue: Queue) -> bool:
    """With its bindings; idempotent. Returns whether the user may do so, or else only looked.

    Raises TopologyMismatch, and then the channel is closed.
    """
    try:
        channel = await open_channel()
        await channel.ask(channel.raw.queue_declare, queue.name, durable=True, arguments=dict(queue.arguments))
        await bind_queue(channel, queue)
    except ChannelClosed as refusal:
        channel = await _unless_only_refused(refusal, queue.name, open_channel)
        await _look(channel, channel.raw.queue_declare, queue.name)
        return False
    return True


async def bind_queue(channel: Channel, queue: Queue) -> None:
    """As the topology has it; idempotent. Raises ChannelClosed."""
    for binding in queue.bindings:
        await channel.ask(channel.raw.queue_bind, queue.name, binding.exchange, routing_key=binding.pattern)


async def _unless_only_refused(refusal: ChannelClosed, name: str, open_channel: OpenChannel) -> Channel:
    if refusal.code != ACCESS_REFUSED:
        raise TopologyMismatch(name, str(refusal)) from None
    return await open_channel()


async def _look(channel: Channel, declare: Callable[..., object], name: str) -> None:
    """Needs one of RabbitMQ's permissions on it, whichever, and none before 4.2.6."""
    try:
        await channel.ask(declare, name, passive=True)
    except ChannelClosed as error:
        if error.code != ACCESS_REFUSED:
            raise TopologyMismatch(name, str(error), forbidden=True) from None
