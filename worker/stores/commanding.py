"""A command on its way: one message, confirmed by the broker."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from producers.amqp import AmqpError, BrokerSettings, ConfirmTimeout, ConnectionLost, Publisher
from schemas.commands import Command, command_schema, command_type, encode_command
from schemas.envelope import CONTENT_TYPE, Envelope
from schemas.topology import COMMANDS, Queue, command_key

_PATIENCE_S = 30
_ADMIN = "admin"
_BLOCKED = "the broker accepts no messages for now, and rabbitmq-diagnostics alarms says why"
_SILENT = "the broker has not confirmed it within {waited_s} s, as when too few of its nodes run"


class Unconfirmed(AmqpError):
    """The command was sent, and whether the broker has it is not known."""

    def __init__(self, why: str) -> None:
        super().__init__(f"it may still be carried out, so look whether it was before you send it again: {why}")


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


async def place(
    broker: BrokerSettings, order: Order, *, queues: Sequence[Queue], patience_s: int = _PATIENCE_S
) -> None:
    """Publish it, `queues` declared before.

    Raises `Unconfirmed` where it was sent and may be carried out; any other `AmqpError` says that it will not be, as
    `ConnectionLost` where no broker is there in `patience_s` or where it refuses the user, and `Forbidden` where the
    user may not publish it.
    """
    publisher = Publisher(broker, queues=queues)
    connection = asyncio.create_task(publisher.run())
    sending = asyncio.create_task(_send(publisher, order))
    refusal = asyncio.create_task(publisher.turned_away.wait())
    ends = {connection, sending, refusal}
    try:
        done, _ = await asyncio.wait(ends, timeout=patience_s, return_when=asyncio.FIRST_COMPLETED)
        if connection in done:
            connection.result()
        if sending not in done:
            raise _no_answer(publisher, patience_s)
        _take_answer(sending)
    finally:
        sending.cancel()
        refusal.cancel()
        await publisher.stop(timeout_s=1)
        await asyncio.wait(ends)


async def _send(publisher: Publisher, order: Order) -> None:
    await publisher.publish(
        exchange=COMMANDS,
        routing_key=command_key(order.target, order.name),
        body=order.body,
        message_id=order.id,
        content_type=CONTENT_TYPE,
    )


def _no_answer(publisher: Publisher, waited_s: int) -> AmqpError:
    if publisher.unconfirmed:
        return Unconfirmed(_BLOCKED if publisher.blocked else _SILENT.format(waited_s=waited_s))
    return ConnectionLost(publisher.why_not(waited_s))


def _take_answer(sending: asyncio.Task[None]) -> None:
    """Raises what `place` does."""
    try:
        sending.result()
    except (ConfirmTimeout, ConnectionLost) as error:
        raise Unconfirmed(str(error)) from error
