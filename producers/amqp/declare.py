"""The topology's data, as requests to the broker."""

from __future__ import annotations

from producers.amqp.channel import Channel
from producers.amqp.errors import ChannelClosed, TopologyMismatch
from schemas.topology import Exchange, Queue


async def declare_exchange(channel: Channel, exchange: Exchange) -> None:
    """Idempotent. Raises TopologyMismatch, and then `channel` is closed."""
    try:
        await channel.ask(channel.raw.exchange_declare, exchange.name, exchange_type="topic", durable=True)
    except ChannelClosed as error:
        raise TopologyMismatch(exchange.name, str(error)) from None


async def declare_queue(channel: Channel, queue: Queue) -> None:
    """With its bindings; idempotent. Raises TopologyMismatch, and then `channel` is closed."""
    raw = channel.raw
    try:
        await channel.ask(raw.queue_declare, queue.name, durable=True, arguments=dict(queue.arguments))
        for binding in queue.bindings:
            await channel.ask(raw.queue_bind, queue.name, binding.exchange, routing_key=binding.pattern)
    except ChannelClosed as error:
        raise TopologyMismatch(queue.name, str(error)) from None
