"""`xerelay sandbox`: a Xero organisation and a store on this machine."""

from __future__ import annotations

from typing import Annotated

import typer

Host = Annotated[str, typer.Option(help="The address or name it is reached by; in a container, the container's.")]
Port = Annotated[int, typer.Option(help="The port; 0 takes a free one.", min=0, max=65535)]
_LOOPBACK = "127.0.0.1"

app = typer.Typer(no_args_is_help=True, help="What runs without a Xero account or a store.")


@app.callback()
def root() -> None:
    """Run what is needed without a Xero account or a store."""


@app.command()
def xero(
    host: Host = _LOOPBACK,
    port: Port = 0,
    organisations: Annotated[int, typer.Option(help="How many organisations it holds.", min=1, max=100)] = 1,
) -> None:
    """Serve a Xero organisation as strict as Xero. Prints its URL as the first line; Ctrl-C ends it."""
    from deploy.sandbox.xero.server import serve  # noqa: PLC0415 - only this command needs the sandbox

    serve(port, host=host, organisations=organisations)


@app.command()
def store(
    host: Host = _LOOPBACK,
    port: Port = 0,
    orders: Annotated[int, typer.Option(help="Orders it has from the last days.", min=0, max=1_000_000)] = 100,
    seed: Annotated[int, typer.Option(help="Decides what is made up.")] = 0,
    trade: Annotated[float, typer.Option(help="Events a second that go on happening.", min=0, max=1000)] = 0,
) -> None:
    """Serve a Magento store. Prints its URL as the first line, then its credentials; Ctrl-C ends it."""
    from deploy.sandbox.store.server import serve  # noqa: PLC0415 - only this command needs the sandbox
    from deploy.sandbox.store.state import Options  # noqa: PLC0415 - as above

    serve(port, Options(orders=orders, seed=seed, trade=trade), host=host)
