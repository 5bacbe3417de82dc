"""A command on its way: one message, confirmed by the broker."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial

import typer

from producers.amqp import AmqpError, Publisher
from schemas.commands import Command, command_schema, command_type, encode_command
from schemas.envelope import CONTENT_TYPE, Envelope
from schemas.topology import COMMANDS, EXCHANGES, Queue, command_key
from worker.bootstrap import broker_settings
from worker.cli.ledger_use import record
from worker.settings import Settings

_PATIENCE_S = 30
_ADMIN = "admin"


def send(
    settings: Settings, *, target: str, queues: Sequence[Queue], name: str, command: Command, organisation: str, by: str
) -> str:
    """Put it on record, publish it to `target` and return its id, which is the run's.

    Exits 1 when it cannot be recorded, or when the broker does not take it; that goes on record too.
    """
    envelope = Envelope(
        id=uuid.uuid4().hex,
        source=_ADMIN,
        type=command_type(name),
        time=datetime.now(UTC),
        dataschema=command_schema(name),
    )
    body = encode_command(envelope, command)
    done = partial(record, settings, who=by, organisation=organisation, subject=f"{target} {envelope.id}")
    done(name)
    try:
        asyncio.run(_publish(settings, queues, command_key(target, name), envelope.id, body))
    except (AmqpError, TimeoutError) as error:
        done(f"{name}.failed")
        typer.echo(f"not sent: {error or f'no broker within {_PATIENCE_S} s'}", err=True)
        raise typer.Exit(1) from None
    return envelope.id


async def _publish(settings: Settings, queues: Sequence[Queue], routing_key: str, message_id: str, body: bytes) -> None:
    publisher = Publisher(broker_settings(settings), exchanges=EXCHANGES, queues=queues)
    connection = asyncio.create_task(publisher.run())
    sending = asyncio.create_task(
        publisher.publish(
            exchange=COMMANDS, routing_key=routing_key, body=body, message_id=message_id, content_type=CONTENT_TYPE
        )
    )
    try:
        done, _ = await asyncio.wait({connection, sending}, timeout=_PATIENCE_S, return_when=asyncio.FIRST_COMPLETED)
        if connection in done:
            connection.result()
        if sending not in done:
            raise TimeoutError(f"no broker within {_PATIENCE_S} s: {publisher.last_error or 'no answer'}")
        sending.result()
    finally:
        sending.cancel()
        await publisher.stop(timeout_s=1)
        await asyncio.wait({connection, sending})
