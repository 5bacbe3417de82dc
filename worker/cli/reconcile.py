"""`xerelay reconcile`: what differs between the stores and Xero."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from typing import Annotated, TypeVar

import typer

from producers.store import Broken, StoreRefuses, StoreUnreachable, Stream
from worker.bootstrap import as_served, open_ledger
from worker.calls.paging import XeroUnreadable
from worker.cli.days import FORM, day
from worker.cli.options import CONFIGURATION_ERROR, Config, refuse, settings
from worker.cli.reading_view import ReadingView
from worker.cli.reconcile_view import Result, facts, show
from worker.clock import SystemClock
from worker.ledger.database.errors import LedgerError
from worker.ledger.ledger import Ledger
from worker.ledger.records import Purpose
from worker.reconcile.compare import Comparison, Days
from worker.reconcile.reconciliation import Reconciliation
from worker.reconcile.sides import open_lists, open_readers
from worker.settings import OrganisationSettings, Settings
from worker.stores.stores import NoAdapter

UNREADABLE = 3
"""The exit code of a reading that could not be finished: nothing is known of what differs."""

_ASKED_ABOVE = 0.1
T = TypeVar("T")

Org = Annotated[str, typer.Option("--org", help="The organisation; all that a store feeds unless given.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask before many calls are spent.")]


def reconcile(
    *,
    date_from: Annotated[date, typer.Option("--from", parser=day, metavar=FORM, help="The first day.")],
    date_to: Annotated[
        date | None,
        typer.Option("--to", parser=day, metavar=FORM, help="The last day, included; the first unless given."),
    ] = None,
    org: Org = "",
    yes: Yes = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document instead of text.")] = False,
    config: Config = None,
) -> None:
    """Compare what the store has with what Xero has.

    By document, day, tax rate and account, for some days. Changes nothing. Says what it costs before it calls Xero;
    calls are spent as the backfill lane's are. Days before an organisation's start_date are left out, and told. Exits 0
    when nothing differs, 1 when something does, 2 when there was no day to compare, 3 when a side cannot be read.
    """
    checked = settings(config)
    days = Days(date_from, date_to or date_from)
    if days.last < days.first:
        refuse(f"--to is {days.last}, before --from, {days.first}")
    organisations = fed(checked, org)
    results = run_reading(checked, lambda ledger: _all(checked, ledger, organisations, days, yes))
    if as_json:
        typer.echo(json.dumps({"organisations": [facts(one) for one in results]}, indent=2))
    else:
        for one in results:
            show(one)
    if not any(one.days for one in results):
        raise typer.Exit(CONFIGURATION_ERROR)
    if any(one.comparison.differences for one in results):
        raise typer.Exit(1)


def fed(checked: Settings, org: str) -> list[OrganisationSettings]:
    """The organisation of that name, or all that a store feeds. Exits 2 where there is none."""
    names = dict.fromkeys(name for store in checked.stores.values() for name in store.organisations)
    if org and org not in checked.organisations:
        refuse(f"no [organisations.{org}] in the configuration; there is: {', '.join(checked.organisations)}")
    if org and org not in names:
        refuse(f"no store feeds {org!r}; add a table [stores.NAME] for the shop whose events it gets")
    if not names:
        refuse("no store is configured; add a table [stores.NAME]")
    return [checked.organisations[name] for name in ([org] if org else names)]


async def _nothing() -> None:
    pass


def run_reading(
    checked: Settings, act: Callable[[Ledger], Awaitable[T]], *, before: Callable[[], Awaitable[None]] = _nothing
) -> T:
    """Do it with the ledger. Exits 3 when a store, Xero or the ledger cannot be read."""

    async def run() -> T:
        await before()
        ledger = await open_ledger(checked, answers_within_s=None)
        try:
            return await act(ledger)
        finally:
            await ledger.close()

    try:
        return asyncio.run(run())
    except (StoreUnreachable, StoreRefuses, NoAdapter, XeroUnreadable, LedgerError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(UNREADABLE) from None


def ask(org: OrganisationSettings, price: int, *, yes: bool) -> None:
    """Ask a person before more than a tenth of the day's calls are spent. Exits 3 at a no."""
    if yes or price <= _ASKED_ABOVE * org.limits.day or not sys.stdin.isatty():
        return
    if not typer.confirm(f"{org.name}: spend {price} of {org.limits.day} calls a day?", err=True):
        raise typer.Exit(UNREADABLE)


async def _all(
    checked: Settings, ledger: Ledger, organisations: Sequence[OrganisationSettings], days: Days, yes: bool
) -> list[Result]:
    results = []
    for org in organisations:
        before, kept = days.split(org.start_date)
        comparison, calls = Comparison((), (), 0), 0
        if kept is not None:
            comparison, calls = await _one(checked, ledger, await as_served(ledger, org), kept, yes)
        results.append(Result(org.name, kept, comparison, calls, before, org.start_date))
    return results


async def _one(
    checked: Settings, ledger: Ledger, org: OrganisationSettings, days: Days, yes: bool
) -> tuple[Comparison, int]:
    """What came of it, and the calls it took."""
    clock, view = SystemClock(), ReadingView()
    noted: list[tuple[str, Stream, Broken]] = []
    opened = open_readers(checked, org.name, clock=clock, on_broken=lambda *row: noted.append(row), ledger=ledger)
    async with opened as readers:
        task = Reconciliation(org, days, readers, ledger, on_rows=view.events)
        with view:
            await task.read_store()
        typer.echo(f"{org.name}: Xero's lists of these days take {task.price} calls, more if they are longer", err=True)
        ask(org, task.price, yes=yes)
        lists = open_lists(checked, ledger, org, purpose=Purpose.RECONCILE, clock=clock, told=view.told)
        async with lists as xero:
            with view:
                await task.read_xero(xero)
        for row in noted:
            task.note_broken(*row)
        return task.compared(), xero.calls
