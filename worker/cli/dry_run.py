"""`xerelay dry-run`: what events would become in Xero, before anyone sends them."""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from producers.jsonlines import Splitter
from producers.store import Broken, Selection, StoreRefuses, StoreUnreachable, Stream
from schemas.codec import encode_event
from worker.cli.days import FORM, day
from worker.cli.options import AsJson, Config, Org, refuse, settings
from worker.cli.plain import print_json
from worker.cli.reconcile import UNREADABLE, fed
from worker.clock import SystemClock
from worker.reconcile.sides import open_readers
from worker.settings import OrganisationSettings, Settings
from worker.stores.stores import NoAdapter
from worker.views.dry_run import DryRun, document_of

_CHUNK_BYTES = 64 * 1024


def dry_run(
    file: Annotated[
        Path | None, typer.Argument(help="Events as `xerelay publish` takes them, one on each line; - is stdin.")
    ] = None,
    *,
    since: Annotated[
        date | None, typer.Option("--since", parser=day, metavar=FORM, help="Read the stores instead, from that day.")
    ] = None,
    org: Org = "",
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Print the documents that events would become.

    And the calls they would cost. Sends nothing, and asks nobody but the stores for --since. As if Xero held none of
    them yet, and with the file's mapping alone, not the console's; of several versions the newest counts. A sale is
    shown by its place, also one that stays where it is booked since that was given to another organisation. Ids that
    only Xero gives stand in angle brackets. What it prints holds personal data. Exits 1 when an event would be parked,
    3 when a store cannot be read.
    """
    checked = settings(config)
    run = DryRun(checked.organisations, datetime.now(UTC))
    if (file is None) == (since is None):
        refuse("give a FILE of events, or --since a day to read the stores; one of the two")
    if file is not None and org:
        refuse("--org goes with --since; the events of a FILE say whose they are")
    if file is not None:
        _read_file(run, file)
    elif since is not None:
        _read_stores(run, checked, fed(checked, org), since)
    if as_json:
        print_json(_facts(run))
    else:
        _show(run)
    if any(one.parked for one in run.not_booked):
        raise typer.Exit(1)


def _read_file(run: DryRun, file: Path) -> None:
    try:
        with _opened(file) as source:
            _take(run, source)
    except OSError as error:
        refuse(f"{file}: {error.strerror}")


def _opened(file: Path) -> BinaryIO:
    return sys.stdin.buffer if str(file) == "-" else file.open("rb")


def _take(run: DryRun, source: BinaryIO) -> None:
    lines = Splitter()
    while chunk := source.read(_CHUNK_BYTES):
        for line in lines.feed(chunk):
            run.take(line.number, line.body)
    for line in lines.finish():
        run.take(line.number, line.body)


def _read_stores(run: DryRun, checked: Settings, orgs: list[OrganisationSettings], first: date) -> None:
    try:
        for org in orgs:
            asyncio.run(_read_store(run, checked, org, first))
    except (StoreUnreachable, StoreRefuses, NoAdapter) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(UNREADABLE) from None


async def _read_store(run: DryRun, checked: Settings, org: OrganisationSettings, first: date) -> None:
    """The rows created since that day, as the store's agent would publish them."""
    entities = [entity for entity, lane in org.lanes.items() if lane != "off"]
    async with open_readers(checked, org.name, clock=SystemClock(), on_broken=_say) as readers:
        for reader in readers.values():
            async for events in reader.events(Selection(since=first), entities):
                for event in events:
                    run.take(run.events + 1, encode_event(event))


def _say(store: str, stream: Stream, broken: Broken) -> None:
    typer.echo(f"{store} {stream.name} {broken.id}: {broken.reason}", err=True)


def _facts(run: DryRun) -> dict[str, object]:
    documents = [
        {
            "organisation": write.key.org,
            "kind": str(write.kind),
            "action": str(write.action),
            "number": write.number,
            "only_if_absent": write.only_if_absent,
            "document": json.loads(document_of(write), parse_float=str),
        }
        for write in run.writes
    ]
    return {"events": run.events, "documents": documents, "not_booked": run.not_booked, "calls": run.calls}


def _show(run: DryRun) -> None:
    for write in run.writes:
        absent = ", unless it is there" if write.only_if_absent else ""
        typer.echo(f"{write.key.org}: {write.action} {str(write.kind).replace('_', ' ')} {write.number}{absent}")
        typer.echo(f"  {document_of(write)}")
    for one in run.not_booked:
        parts = [f"event {one.line}", f"{'parked, ' if one.parked else ''}{one.reason}", one.detail, one.hint]
        typer.echo(": ".join(part for part in parts if part))
    for org, calls in run.calls.items():
        told = ", ".join(f"{count} for {str(kind).replace('_', ' ')}s" for kind, count in calls.items())
        typer.echo(f"{org}: {sum(calls.values())} calls, as if Xero held none of it: {told}")
    typer.echo(f"{run.events} events, {len(run.writes)} documents; nothing was sent")
