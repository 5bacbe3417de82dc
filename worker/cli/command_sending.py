"""A command that a person typed, on record and sent."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

import typer

from producers.amqp import AmqpError
from schemas.commands import Command
from schemas.topology import Queue
from worker.broker import broker_settings
from worker.cli.ledger_use import record
from worker.settings import Settings
from worker.stores.commanding import Unconfirmed, ordered, place


def send(
    settings: Settings, *, target: str, queues: Sequence[Queue], name: str, command: Command, organisation: str, by: str
) -> str:
    """Put it on record, publish it to `target` and return its id, which is the run's.

    Exits 1 when it cannot be recorded, or when the broker does not take it or does not say so; that goes on record too.
    """
    order = ordered(command, target=target, name=name)
    done = partial(record, settings, who=by, organisation=organisation, subject=f"{target} {order.id}")
    done(name)
    try:
        asyncio.run(place(broker_settings(settings), order, queues=queues))
    except Unconfirmed as error:
        done(f"{name}.unconfirmed")
        typer.echo(f"{name} {order.id} is not confirmed: {error}", err=True)
        raise typer.Exit(1) from None
    except AmqpError as error:
        done(f"{name}.failed")
        typer.echo(f"not sent: {error}", err=True)
        raise typer.Exit(1) from None
    return order.id
