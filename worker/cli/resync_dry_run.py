"""What a resync would cost: the store is counted, nothing is sent."""

from __future__ import annotations

import asyncio

import typer
from rich.table import Table

from producers.store import StoreRefuses, StoreUnreachable
from schemas.commands import ResyncAll
from worker.cli.duration import in_words
from worker.cli.printing import on_stdout
from worker.settings import Settings
from worker.settings.sections import StoreSettings
from worker.stores.stores import NoAdapter
from worker.views.pricing import Price, count, prices


def show(settings: Settings, store: StoreSettings, command: ResyncAll) -> None:
    """Print rows by stream, calls and days. Exits 1 when the store does not answer."""
    try:
        counts = asyncio.run(count(settings, store, command))
    except (StoreUnreachable, StoreRefuses, NoAdapter) as error:
        typer.echo(f"{store.name}: {error}", err=True)
        raise typer.Exit(1) from None
    table = Table("in the store", "rows")
    for stream, rows in counts.items():
        table.add_row(stream.name, str(rows))
    on_stdout().print(table)
    for price in prices(settings, store, command, counts):
        typer.echo(_in_a_line(price))
    typer.echo(
        "as if Xero held none of it: what is there as it should be costs no call, a sale that changed since some four "
        "times as many; nothing was sent"
    )


def _in_a_line(price: Price) -> str:
    org, cost = price.organisation, price.cost
    what = f"{org}, if all of it belonged to it: " if price.is_shared else f"{org}: "
    figures = f"{cost.all_documents} documents in {cost.all_calls} calls"
    return f"{what}{figures}, about {in_words(cost.takes)} with {price.limit} calls a day"
