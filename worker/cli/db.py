"""`xerelay db`: the ledger's schema."""

from __future__ import annotations

import asyncio

import typer

from worker.cli.options import Config, settings
from worker.ledger.database.errors import LedgerError
from worker.ledger.database.upgrade import upgrade as upgrade_ledger

app = typer.Typer(no_args_is_help=True, help="The ledger, which is xerelay's state database.")


@app.callback()
def root() -> None:
    """Look after the ledger, which is xerelay's state database."""


@app.command()
def upgrade(config: Config = None) -> None:
    """Bring the ledger's schema to this version. Workers do the same when they start; safe to run twice."""
    url = settings(config).ledger.url.get_secret_value()
    try:
        asyncio.run(upgrade_ledger(url))
    except LedgerError as error:
        typer.echo(f"ledger: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo("the ledger is up to date")
