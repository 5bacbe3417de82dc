"""`xerelay worker`: serve organisations until told to stop."""

from __future__ import annotations

import asyncio

import typer

from worker.bootstrap import run_worker
from worker.cli.options import Config, settings
from worker.ledger.database.errors import LedgerError
from worker.logs import configure


def worker(config: Config = None) -> None:
    """Bring the organisations' events to Xero.

    Runs until SIGTERM or Ctrl-C. Start as many as you like: they share the organisations evenly, and take over those
    of one that dies within 20 seconds. SIGTERM settles what is in flight, returns the rest to the broker and exits 0
    within 10 seconds.
    """
    checked = settings(config)
    configure()
    try:
        asyncio.run(run_worker(checked))
    except LedgerError as error:
        typer.echo(f"ledger: {error}", err=True)
        raise typer.Exit(1) from None
