"""`xerelay store`: what runs beside a store."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from producers.amqp import BadBrokerSettings
from worker.cli.options import Config, settings
from worker.cli.store_option import stores_named
from worker.ledger.database.errors import LedgerError
from worker.logs import configure
from worker.stores.agents import run_agents
from worker.stores.stores import NoAdapter

Names = Annotated[list[str], typer.Option("--store", help="The store, repeatable; all of them unless given.")]


def store(
    names: Names = [],  # noqa: B006 - typer's way to say that an option may be repeated
    config: Config = None,
) -> None:
    """Run beside stores: publish changes, obey commands.

    Runs until SIGTERM or Ctrl-C. One agent of a store works at a time; a second one waits, and takes over within 20
    seconds. The first run says how much is older than start_date and left out. SIGTERM lets what is on its way be
    confirmed, and exits 0 within 10 seconds.
    """
    checked = settings(config)
    wanted = stores_named(checked, names)
    configure()
    try:
        asyncio.run(run_agents(checked, wanted, say=typer.echo))
    except (LedgerError, NoAdapter, BadBrokerSettings) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
