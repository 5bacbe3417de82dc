"""`xerelay history`: what happened to an order, a payment, a customer."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated

import typer

from schemas.entities import Entity
from worker.cli.days import FORM, day, midnight
from worker.cli.history_view import show
from worker.cli.ledger_use import with_ledger
from worker.cli.options import AsJson, Config, Org, organisations, refuse, settings
from worker.cli.plain import print_json
from worker.cli.printing import on_stdout
from worker.cli.store_option import refuse_unknown
from worker.ledger.history import Sought
from worker.ledger.ledger import Ledger
from worker.views.history import History
from worker.views.history import history as look

_REACHES = timedelta(days=30)


def history(
    *,
    org: Org = "",
    store: Annotated[str, typer.Option("--store", help="Only of this store; any unless given.")] = "",
    entity: Annotated[Entity | None, typer.Option("--entity", help="What the id is of.")] = None,
    entity_id: Annotated[str, typer.Option("--id", help="The entity's id in the store.")] = "",
    number: Annotated[
        str, typer.Option("--number", help="Instead: a number of Xero, of the order or invoice, or an SKU.")
    ] = "",
    since: Annotated[
        date | None,
        typer.Option(parser=day, metavar=FORM, help="The first day that counts; 30 days ago unless given."),
    ] = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Tell what happened to one entity or document.

    Its documents with their pages in Xero, events that were held or parked, the calls that carried it, and what people
    did. Calls are known until retention drops what they carried. Exits 1 when nothing is known.
    """
    checked = settings(config)
    if bool(entity) != bool(entity_id) or bool(number) == bool(entity_id):
        refuse("whose history? give --entity with --id, or --number")
    chosen = tuple(one.name for one in organisations(checked, org))
    sought = Sought(chosen, store, str(entity or ""), entity_id)

    async def read(ledger: Ledger) -> History:
        start = midnight(since) if since else await ledger.now() - _REACHES
        found = await look(ledger, sought, number=number, since=start)
        if not found.is_known:
            await refuse_unknown(checked, ledger, store)
        return found

    told = with_ledger(checked, read)
    if as_json:
        print_json(told)
    elif told.entities:
        show(on_stdout(), told)
    if not told.is_known:
        typer.echo("nothing is known of it: no document, no event that waits, no call", err=True)
        raise typer.Exit(1)
