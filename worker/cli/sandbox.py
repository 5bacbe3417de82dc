"""`xerelay sandbox`: a Xero organisation on this machine."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="What runs without a Xero account.")


@app.callback()
def root() -> None:
    """Run what is needed without a Xero account."""


@app.command()
def xero(
    port: Annotated[int, typer.Option(help="The port on 127.0.0.1; 0 takes a free one.", min=0, max=65535)] = 0,
    organisations: Annotated[int, typer.Option(help="How many organisations it holds.", min=1, max=100)] = 1,
) -> None:
    """Serve a Xero organisation as strict as Xero. Prints its URL as the first line; Ctrl-C ends it."""
    from deploy.sandbox.xero.server import serve  # noqa: PLC0415 - only this command needs the sandbox

    serve(port, organisations=organisations)
