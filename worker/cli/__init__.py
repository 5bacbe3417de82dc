"""The command line. Each command is imported only when it runs."""

from __future__ import annotations

import atexit
import gc
from importlib.metadata import version
from typing import Annotated

import typer

from worker.cli.lazily import PLAIN, LazyGroup
from worker.logs import silence_pika

app = typer.Typer(
    name="xerelay",
    cls=LazyGroup,
    no_args_is_help=True,
    help="Keeps an online store's books in Xero complete and correct, within Xero's daily call cap.",
    **PLAIN,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"xerelay {version('xerelay')}")
        raise typer.Exit


@app.callback()
def root(
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Keeps an online store's books in Xero complete and correct, within Xero's daily call cap."""
    silence_pika()


def main() -> None:
    """Run the command line."""
    # at its end a process would look for garbage in all that it is made of: a fourth of a short command's time
    atexit.register(gc.freeze)
    app()
