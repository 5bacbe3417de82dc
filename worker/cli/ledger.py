"""`xerelay ledger`: what a lost ledger is restored by."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from datetime import date, timedelta
from typing import Any

import typer
from rich.table import Table

from producers.store import Broken, Stream
from worker.bootstrap import as_served
from worker.cli.ledger_use import with_ledger
from worker.cli.options import AsJson, By, Config, settings, who
from worker.cli.printing import on_stdout
from worker.cli.reading_view import ReadingView
from worker.cli.reconcile import UNREADABLE, Org, Yes, ask, fed, run_reading
from worker.clock import SystemClock
from worker.documents.documents import Kind
from worker.ledger.database.errors import LeaseLost, LedgerUnavailable
from worker.ledger.database.upgrade import upgrade
from worker.ledger.ledger import Ledger
from worker.ledger.organisations.leases import Leases
from worker.ledger.records import Lease, Purpose
from worker.rebuild.rebuilding import Rebuilding, windows_of
from worker.rebuild.windows import price_of
from worker.reconcile.sides import open_lists, open_readers
from worker.settings import OrganisationSettings, Settings
from worker.stores.store_reading import StoreReader

app = typer.Typer(no_args_is_help=True, help="What the ledger knows of Xero's documents.")
_MAP_FIRST = (
    "xero may have them. Map their methods, in the file or the console, whose mappings are lost with a ledger; then "
    "run this again before a worker starts, for what is mapped later is booked a second time"
)
_NEXT = (
    "next: xerelay reconcile shows what differs; xerelay resync-all sends what is not in Xero; once the queues are "
    "empty, xerelay reconcile shows as unknown to the store what it has deleted since the backup: void that by hand, "
    "unless the store has it on hold"
)
_LEASE_S = 30.0
_RENEW_EVERY_S = 8.0


@app.callback()
def root() -> None:
    """Look after what the ledger knows of Xero's documents."""


@app.command()
def rebuild(
    *,
    org: Org = "",
    yes: Yes = False,
    by: By = "",
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Restore a lost ledger, so that a resync makes nothing twice.

    Reads the stores and Xero's lists, and writes down which document of Xero belongs to what. Changes nothing in Xero.
    Says what it costs first; what the ledger has already costs nothing, so a rebuild that ended early may be run again.
    No worker may serve the organisation meanwhile, nor have run in the last 10 minutes: Xero's lists may trail a
    payment, which a resync would then make twice. Exits 3 when it could not be finished, as when a payment's
    method is not mapped.
    """
    checked = settings(config)
    organisations = fed(checked, org)

    async def all_of_them(ledger: Ledger) -> list[dict[str, Any]]:
        return [await _one(checked, ledger, await as_served(ledger, one), yes=yes, by=who(by)) for one in organisations]

    results = run_reading(checked, all_of_them, before=lambda: upgrade(checked.ledger.url.get_secret_value()))
    if as_json:
        typer.echo(json.dumps({"organisations": results}, indent=2))
    else:
        for one in results:
            _show(one)
    if any(one["unmapped_payments"] for one in results):
        raise typer.Exit(UNREADABLE)


@app.command()
def purge(*, by: By = "", as_json: AsJson = False, config: Config = None) -> None:
    """Drop what retention has outlived. Workers do the same every hour.

    Bodies of settled calls, discarded messages and ended runs of commands older than retention_days, and messages
    parked for longer than parked_retention_days. Ids, hashes and versions stay, and every parked row with what to do.
    """
    checked = settings(config)
    section = checked.ledger

    async def drop(ledger: Ledger) -> dict[str, int]:
        await ledger.admin_actions.record("ledger.purge", who=who(by))
        calls = await ledger.calls.purge(section.retention_days)
        parked = await ledger.parked.purge(section.parked_retention_days)
        return {"calls": calls, "parked": parked, "runs": await ledger.runs.purge(section.retention_days)}

    dropped = with_ledger(checked, drop)
    if as_json:
        typer.echo(json.dumps(dropped))
    else:
        bodies = f"the bodies of {dropped['calls']} calls and of {dropped['parked']} parked messages"
        typer.echo(f"dropped {bodies}, and {dropped['runs']} ended runs of commands")


async def _one(checked: Settings, ledger: Ledger, org: OrganisationSettings, *, yes: bool, by: str) -> dict[str, Any]:
    clock, view = SystemClock(), ReadingView()
    broken: list[tuple[str, Stream, Broken]] = []
    opened = open_readers(checked, org.name, clock=clock, on_broken=lambda *row: broken.append(row), ledger=ledger)
    async with _serving(ledger, org.name) as lease, opened as readers:
        windows, customers = await windows_of(org, readers.values(), await _last_day(readers.values()))
        price = price_of(windows, customers)
        typer.echo(f"{org.name}: at most {price} calls, as far as Xero has no more than the stores", err=True)
        ask(org, price, yes=yes)
        await ledger.admin_actions.record("ledger.rebuild", who=by, organisation=org.name)
        lists = open_lists(checked, ledger, org, purpose=Purpose.REBUILD, clock=clock, told=view.told)
        async with lists as xero:
            task = Rebuilding(org, readers, ledger, xero, lease, on_events=view.events)
            with view:
                await task.run(windows)
        return _facts(org.name, task, xero.calls, broken)


@asynccontextmanager
async def _serving(ledger: Ledger, org: str) -> AsyncIterator[Lease]:
    """The lease of an organisation, so that no worker writes documents meanwhile. Exits 3 when one does."""
    lease = await ledger.leases.acquire(org, f"rebuild-{socket.gethostname()}-{os.getpid()}", ttl_s=_LEASE_S)
    if lease is None:
        cure = "stop the workers, wait 10 minutes since the last one ran, for Xero's lists may trail a payment"
        typer.echo(f"{org}: a worker serves it: {cure}; then run this again", err=True)
        raise typer.Exit(UNREADABLE)
    renewing = asyncio.create_task(renew(ledger.leases, lease))
    try:
        yield lease
    finally:
        renewing.cancel()
        await asyncio.wait({renewing})
        await ledger.leases.release(lease)


async def renew(leases: Leases, lease: Lease, *, every_s: float = _RENEW_EVERY_S) -> None:
    """Keep the lease, also over a ledger that is away for a moment; one that is lost is told by the next write."""
    with suppress(LeaseLost):
        while True:
            await asyncio.sleep(every_s)
            with suppress(LedgerUnavailable):
                await leases.renew(lease, ttl_s=_LEASE_S)


async def _last_day(readers: Iterable[StoreReader]) -> date:
    """Tomorrow by the stores' clocks: a zone may be a day ahead."""
    days = [(await reader.source.now()).date() for reader in readers]
    return max(days) + timedelta(days=1)


def _facts(org: str, task: Rebuilding, calls: int, broken: list[tuple[str, Stream, Broken]]) -> dict[str, Any]:
    return {
        "organisation": org,
        "calls": calls,
        "restored": _counts(task.restored),
        "known_before": task.known_before,
        "not_in_xero": _counts(task.missing),
        "unmapped_payments": {reason: count for reason, count in task.unmapped.items() if count},
        "unreadable": [f"{store} {stream.name} {row.id}: {row.reason}" for store, stream, row in broken],
    }


def _counts(counter: Counter[Kind]) -> dict[str, int]:
    return {str(kind): counter[kind] for kind in Kind if counter[kind]}


def _show(one: dict[str, Any]) -> None:
    table = Table("documents", "restored", "not in Xero")
    for kind in Kind:
        counts = [one[name].get(str(kind), 0) for name in ("restored", "not_in_xero")]
        table.add_row(f"{kind}s".replace("_", " "), *map(str, counts))
    typer.echo(f"{one['organisation']}: {one['known_before']} documents were known before, {one['calls']} calls")
    on_stdout().print(table)
    for line in one["unreadable"]:
        typer.echo(f"not read: {line}", err=True)
    for reason, count in one["unmapped_payments"].items():
        typer.echo(f"not looked for: {count} payments, {reason}: {_MAP_FIRST}", err=True)
    typer.echo(_NEXT)
