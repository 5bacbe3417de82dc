"""`xerelay demo`: a store's trading day, on this machine, compared to the cent."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def demo(
    customers: Annotated[int, typer.Option(min=1, help="Customers of the store.")] = 200,
    products: Annotated[int, typer.Option(min=1, help="Products of its catalogue.")] = 80,
    orders: Annotated[int, typer.Option(min=1, help="Orders of the day.")] = 400,
    seed: Annotated[int, typer.Option(help="The same seed makes the same day.")] = 7,
    report: Annotated[Path, typer.Option(help="Where the report goes.")] = Path("demo-report.json"),
) -> None:
    """Bring a trading day to a sandbox Xero, and compare.

    The events go through a private RabbitMQ and a worker of its own; no account is needed.

    Exits 1 unless nothing is lost, doubled or a cent off, and exactly the bad events are parked.
    """
    from deploy.demo.run import run  # noqa: PLC0415 - only this command needs the demo

    raise typer.Exit(run(customers=customers, products=products, orders=orders, seed=seed, report=report))
