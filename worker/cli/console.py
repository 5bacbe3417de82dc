"""`xerelay console`: the service in a browser."""

from __future__ import annotations

import asyncio
from errno import EACCES, EADDRINUSE

import typer

from worker.cli.options import Config, settings
from worker.ledger.database.errors import LedgerError
from worker.logs import configure
from worker.settings.sections import ConsoleSection


def console(config: Config = None) -> None:
    """Serve the web console.

    Shows connections, lanes, budget, parked events and requests, and with console.admin_token lets an admin connect an
    organisation, map accounts, queue all data and retry. Prints its address; runs until SIGTERM or Ctrl-C.
    """
    from worker.console.serve import run_console  # noqa: PLC0415 - only this command needs a web server

    checked = settings(config)
    configure()
    if checked.console.admin_token is None:
        typer.echo("read-only: set console.admin_token to let people change things", err=True)
    try:
        asyncio.run(run_console(checked, say=typer.echo))
    except OSError as error:
        typer.echo(why_not(checked.console, error), err=True)
        raise typer.Exit(1) from None
    except LedgerError as error:
        typer.echo(f"ledger: {error}", err=True)
        raise typer.Exit(1) from None


def why_not(section: ConsoleSection, error: OSError) -> str:
    """Why it cannot listen there, and by which key: a name that nobody knows says nothing of the port."""
    if error.errno in {EADDRINUSE, EACCES}:
        return f"console.port: {section.port} cannot be had: {error.strerror}"
    return f"console.host: cannot listen on {section.host}: {error.strerror}; give an address of this machine"
