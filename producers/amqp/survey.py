"""Whether the broker has what is needed, as it is needed. Asked once; nothing is created."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from producers.amqp.channel import Channel
from producers.amqp.connection import Connection
from producers.amqp.errors import ACCESS_REFUSED, NOT_FOUND, ChannelClosed, ConnectionLost
from producers.amqp.settings import BrokerSettings
from schemas.topology import Exchange, Queue, exchanges_of

_PATIENCE_S = 15.0


@dataclass(slots=True)
class Survey:
    """Names of exchanges and queues: `missing` are not there; `different` are, and what the broker says of them."""

    missing: list[str] = field(default_factory=list)
    different: dict[str, str] = field(default_factory=dict)


async def survey(settings: BrokerSettings, queues: Sequence[Queue]) -> Survey:
    """What of queues and their exchanges is missing, or exists with other arguments, as far as this user may ask.

    Raises ConnectionLost when the broker cannot be reached, refuses the user, or does not answer within 15 s;
    BadBrokerSettings.
    """
    try:
        async with asyncio.timeout(_PATIENCE_S):
            return await _asked(settings, [*exchanges_of(queues), *queues])
    except TimeoutError:
        raise ConnectionLost(f"the broker did not answer within {_PATIENCE_S:.0f} s") from None


async def _asked(settings: BrokerSettings, things: Iterable[Exchange | Queue]) -> Survey:
    connection = await Connection.open(settings.parameters(), lambda _blocked: None)
    found = Survey()
    try:
        channel = await connection.channel()
        for thing in things:
            if not channel.is_open:  # the broker closes it at each refusal
                channel = await connection.channel()
            await _look(channel, thing, found)
        return found
    finally:
        await connection.close()


async def _look(channel: Channel, thing: Exchange | Queue, found: Survey) -> None:
    try:
        await _compare(channel, thing)
    except ChannelClosed as error:
        if error.code == NOT_FOUND:
            found.missing.append(thing.name)
        elif error.code != ACCESS_REFUSED:  # who may not declare it cannot ask for its arguments
            found.different[thing.name] = str(error)


async def _compare(channel: Channel, thing: Exchange | Queue) -> None:
    """Look whether it is there; then declare it, which compares what is there and makes nothing."""
    raw = channel.raw
    if isinstance(thing, Queue):
        await channel.ask(raw.queue_declare, thing.name, passive=True)
        await channel.ask(raw.queue_declare, thing.name, durable=True, arguments=dict(thing.arguments))
    else:
        await channel.ask(raw.exchange_declare, thing.name, passive=True)
        await channel.ask(raw.exchange_declare, thing.name, exchange_type=thing.kind, durable=True)
