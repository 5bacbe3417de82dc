"""`xerelay demo`: a store, its agent, RabbitMQ, a worker and Xero on this machine, compared to the cent."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from worker.cli.options import refuse


def demo(
    past: Annotated[int, typer.Option(min=0, help="Orders that the store has from the last 20 days.")] = 350,
    orders: Annotated[int, typer.Option(min=1, help="Orders that it sells while you watch.")] = 100,
    seconds: Annotated[float, typer.Option(min=1, help="How long that takes, about.")] = 30,
    seed: Annotated[int, typer.Option(help="Decides what the store sells.")] = 9,
    report: Annotated[Path, typer.Option(help="Where the report goes.")] = Path("demo-report.json"),
    keep: Annotated[bool, typer.Option("--keep", help="Leave all of it up, with a console, until Ctrl-C.")] = False,
) -> None:
    """Bring a store's trade to a sandbox Xero, and compare.

    A sandbox Magento store sells, its agent publishes through RabbitMQ, a worker writes, and in the middle of it all
    of the store is resynced. No account is needed.

    Exits 1 unless nothing is lost, doubled or a cent off, and exactly the spoiled messages are parked.
    """
    from deploy.demo.chain import Plan  # noqa: PLC0415 - only this command needs the demo
    from deploy.demo.run import run  # noqa: PLC0415 - as above

    if not report.parent.is_dir():
        refuse(f"--report: there is no folder {report.parent}; make it, or name another file")
    raise typer.Exit(run(Plan(past=past, orders=orders, seconds=seconds, seed=seed), report, keep=keep))
