"""A command on its way: one message, confirmed by the broker."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from producers.amqp import BrokerSettings, ConnectionLost, Publisher
from schemas.commands import Command, command_schema, command_type, encode_command
from schemas.envelope import CONTENT_TYPE, Envelope
from schemas.topology import COMMANDS, EXCHANGES, Queue, command_key

_PATIENCE_S = 30
_ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Order:
    """One command as a message. `id` is the run's."""

    id: str
    target: str
    name: str
    body: bytes


def ordered(command: Command, *, target: str, name: str) -> Order:
    """A command for a store or an organisation, with an id of its own."""
    envelope = Envelope(
        id=uuid.uuid4().hex,
        source=_ADMIN,
        type=command_type(name),
        time=datetime.now(UTC),
        dataschema=command_schema(name),
    )
    return Order(envelope.id, target, name, encode_command(envelope, command))


async def place(broker: BrokerSettings, order: Order, *, queues: Sequence[Queue]) -> None:
    """Publish it, `queues` declared before.

    Raises `AmqpError`, `ConnectionLost` where no broker is there in 30 s or where it refuses the user.
    """
    publisher = Publisher(broker, exchanges=EXCHANGES, queues=queues)
    connection = asyncio.create_task(publisher.run())
    sending = asyncio.create_task(
        publisher.publish(
            exchange=COMMANDS,
            routing_key=command_key(order.target, order.name),
            body=order.body,
            message_id=order.id,
            content_type=CONTENT_TYPE,
        )
    )
    refusal = asyncio.create_task(publisher.turned_away.wait())
    ends = {connection, sending, refusal}
    try:
        done, _ = await asyncio.wait(ends, timeout=_PATIENCE_S, return_when=asyncio.FIRST_COMPLETED)
        if connection in done:
            connection.result()
        if sending not in done:
            raise ConnectionLost(publisher.why_not(_PATIENCE_S))
        sending.result()
    finally:
        sending.cancel()
        refusal.cancel()
        await publisher.stop(timeout_s=1)
        await asyncio.wait(ends)
