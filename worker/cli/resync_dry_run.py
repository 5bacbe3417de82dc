"""What a resync would cost: the store is counted, nothing is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime

import typer
from rich.console import Console
from rich.table import Table

from producers.runs import Run
from producers.selection import selection_of, streams_of
from producers.store import StoreRefuses, StoreUnreachable, Stream
from schemas.commands import ResyncAll
from schemas.entities import Entity
from schemas.envelope import Lane
from worker.bootstrap import limits_of
from worker.cli.plan import in_words
from worker.planning import Load, cost
from worker.settings import OrganisationSettings, Settings
from worker.settings.sections import StoreSettings
from worker.stores import NoAdapter, open_source, routing_of


def show(settings: Settings, store: StoreSettings, command: ResyncAll) -> None:
    """Print rows by stream, calls and days. Exits 1 when the store does not answer."""
    try:
        counts = asyncio.run(_count(settings, store, command))
    except (StoreUnreachable, StoreRefuses, NoAdapter) as error:
        typer.echo(f"{store.name}: {error}", err=True)
        raise typer.Exit(1) from None
    table = Table("in the store", "rows")
    for stream, rows in counts.items():
        table.add_row(stream.name, str(rows))
    Console().print(table)
    for name in [command.organisation] if command.organisation else store.organisations:
        typer.echo(_price(settings.organisations[name], counts, alone=len(store.organisations) == 1))
    typer.echo("at most: what is in Xero as it should be costs no call; nothing was sent")


async def _count(settings: Settings, store: StoreSettings, command: ResyncAll) -> dict[Stream, int]:
    run = Run("", "resync-all", command)
    routing = routing_of(settings, store)
    async with open_source(store) as source:
        streams = streams_of(run, source.streams)
        return {stream: await source.count(stream, selection_of(run, stream, routing)) for stream in streams}


def _price(org: OrganisationSettings, counts: Mapping[Stream, int], *, alone: bool) -> str:
    limits = limits_of(org)
    price = cost(load_of(org, counts), limits, lane=Lane.BACKFILL, now=datetime.now(UTC))
    what = f"{org.name}: " if alone else f"{org.name}, if all of it belonged to it: "
    figures = f"{price.all_documents} documents in {price.all_calls} calls"
    return f"{what}{figures}, about {in_words(price)} with {limits.day} calls a day"


def load_of(org: OrganisationSettings, counts: Mapping[Stream, int]) -> Load:
    """The store's rows as a load: its sales documents are those that the organisation books."""

    def rows(entity: Entity) -> int:
        wanted = org.lanes[entity] != "off"
        return sum(count for stream, count in counts.items() if wanted and entity in stream.entities)

    return Load(
        customers=rows(Entity.CUSTOMER),
        products=rows(Entity.PRODUCT),
        orders=rows(Entity(org.sales_document)),
        refunds=rows(Entity.CREDIT_MEMO),
    )
