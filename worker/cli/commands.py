"""What an admin asks of a store or an organisation: each command publishes one message."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from schemas.commands import COMMANDS, Release, Resync, ResyncAll, SyncNow
from schemas.entities import Entity
from schemas.faults import undecodable
from schemas.topology import organisation_queues, store_queues
from worker.cli import resync_dry_run
from worker.cli.command_sending import send
from worker.cli.days import FORM, day
from worker.cli.options import By, Config, organisations, refuse, settings, who
from worker.cli.store_option import the_store
from worker.settings import Settings
from worker.settings.sections import StoreSettings

Store = Annotated[str, typer.Option("--store", help="The store; needed when several are configured.")]
Org = Annotated[str, typer.Option("--org", help="Only for this organisation; all that the store feeds unless given.")]
Entities = Annotated[list[Entity], typer.Option("--entity", help="Only these, repeatable; all unless given.")]
OfIds = Annotated[Entity, typer.Option("--entity", help="What the ids are of.")]
OfIdsOrDays = Annotated[Entity, typer.Option("--entity", help="What the ids or days are of.")]
Ids = Annotated[list[str], typer.Option("--id", help="The entity's id in the store, repeatable.")]
Day = date | None
Since = Annotated[Day, typer.Option(parser=day, metavar=FORM, help="Only what was created since this day.")]
From = Annotated[Day, typer.Option("--from", parser=day, metavar=FORM, help="The first day, instead of ids.")]
To = Annotated[Day, typer.Option("--to", parser=day, metavar=FORM, help="The last day; it is included.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Count the store, say what it costs, and send nothing.")]


def resync_all(
    *,
    store: Store = "",
    org: Org = "",
    entity: Entities = [],  # noqa: B006 - typer's way to say that an option may be repeated
    since: Since = None,
    dry_run: DryRun = False,
    by: By = "",
    config: Config = None,
) -> None:
    """Publish all that a store has once more.

    It goes into the backfill lane, so that the books become complete. What is in Xero already costs no call. A run like
    one that is not finished yet joins it.
    """
    checked = settings(config)
    chosen = the_store(checked, store, org)
    command = ResyncAll(organisation=org or None, entities=tuple(entity) or tuple(Entity), since=since)
    if dry_run:
        resync_dry_run.show(checked, chosen, command)
    else:
        _send(checked, chosen, "resync-all", command, by)


def resync(
    *,
    entity: OfIdsOrDays,
    ids: Ids = [],  # noqa: B006 - as above
    date_from: From = None,
    date_to: To = None,
    store: Store = "",
    org: Org = "",
    by: By = "",
    config: Config = None,
) -> None:
    """Publish some entities of a store once more.

    They are chosen by their ids or by the days they were created, and go into the backfill lane.
    """
    checked = settings(config)
    chosen = the_store(checked, store, org)
    if ids and (date_from or date_to):
        refuse("give either --id, or --from and --to: with ids the days would choose nothing")
    if not ids and not date_from:
        refuse("which ones? give --id, or else --from, and --to where there is a last day")
    if date_from and date_to and date_to < date_from:
        refuse(f"--to is {date_to}, before --from, {date_from}")
    days = {"date_from": date_from, "date_to": date_to}
    _send(checked, chosen, "resync", _command("resync", organisation=org or None, entity=entity, ids=ids, **days), by)


def sync_now(
    *,
    entity: OfIds,
    ids: Ids,
    store: Store = "",
    org: Org = "",
    by: By = "",
    config: Config = None,
) -> None:
    """Publish some entities into the immediate lane."""
    checked = settings(config)
    chosen = the_store(checked, store, org)
    _send(checked, chosen, "sync-now", _command("sync-now", organisation=org or None, entity=entity, ids=ids), by)


def release(
    org: Annotated[list[str], typer.Option("--org", help="The organisation, repeatable; all unless given.")] = [],  # noqa: B006 - as above
    *,
    by: By = "",
    config: Config = None,
) -> None:
    """Open the batch window now."""
    checked = settings(config)
    chosen = [one.name for name in org or [""] for one in organisations(checked, name)]
    for name in chosen:
        queues = organisation_queues(name)
        send(checked, target=name, queues=queues, name="release", command=Release(), organisation=name, by=who(by))
        typer.echo(f"{name}: told to open its batch window")


def _command(name: str, **values: Any) -> Resync | SyncNow:
    try:
        command = COMMANDS[name].model_validate(values)
    except ValidationError as error:
        refuse(undecodable("", error).detail)
    assert isinstance(command, Resync | SyncNow)
    return command


def _send(checked: Settings, store: StoreSettings, name: str, command: ResyncAll | Resync | SyncNow, by: str) -> None:
    run = send(
        checked,
        target=store.name,
        queues=store_queues(store.name),
        name=name,
        command=command,
        organisation=command.organisation or "",
        by=who(by),
    )
    typer.echo(f"{name} sent to {store.name}; see how far it is: xerelay resync-status {run} --follow")
