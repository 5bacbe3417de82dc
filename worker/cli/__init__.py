"""The command line. Each command is imported only when it runs."""

from __future__ import annotations

import atexit
import gc
import os
import sys
from errno import EDQUOT, EFBIG, ENOSPC
from importlib.metadata import version
from typing import Annotated

import typer

from worker.cli.lazily import PLAIN, LazyGroup
from worker.cli.letters import print_all
from worker.logs import silence_pika

_FULL = (ENOSPC, EDQUOT, EFBIG)

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
    """Run the command line. Exits 1, with one line, where what it prints finds no room."""
    # at its end a process would look for garbage in all that it is made of: a fourth of a short command's time
    atexit.register(gc.freeze)
    print_all()
    try:
        app()
    except OSError as error:
        if error.errno not in _FULL or error.filename is not None:
            raise
        # what could not be written is still to be, and would fail once more as Python ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        typer.echo(f"the output could not be written: {error.strerror}; make room where it goes", err=True)
        sys.exit(1)
