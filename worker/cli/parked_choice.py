"""Which parked events a command means, and the question before many of them are changed."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Annotated

import typer

from schemas.entities import Entity
from worker.cli.days import FORM, day, midnight
from worker.cli.ledger_use import with_ledger
from worker.cli.options import organisations, refuse
from worker.cli.store_option import refuse_unknown
from worker.ledger.held.parked import Chosen
from worker.settings import Settings

Reason = Annotated[str, typer.Option("--reason", help="Only what is parked for this reason, as `parked list` has it.")]
OfEntity = Annotated[Entity | None, typer.Option("--entity", help="Only events of these.")]
Store = Annotated[str, typer.Option("--store", help="Only events of this store.")]
Since = Annotated[
    date | None, typer.Option("--since", parser=day, metavar=FORM, help="Only what came since this day (UTC).")
]
Ids = Annotated[list[str], typer.Argument(metavar="[ID]...", help="Ids as `parked list` shows them.")]
All = Annotated[bool, typer.Option("--all", help="All that are parked, where neither ids nor a filter are given.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask before more than single ids are changed.")]


def chosen_by(
    checked: Settings,
    *,
    org: str = "",
    reason: str = "",
    entity: Entity | None = None,
    store: str = "",
    since: date | None = None,
    ids: Sequence[str] = (),
) -> Chosen:
    """The filters as the ledger takes them. Exits 2 for an organisation that is not configured."""
    return Chosen(
        organisations=tuple(one.name for one in organisations(checked, org)),
        reason=reason,
        source=store,
        entity=str(entity or ""),
        since=midnight(since) if since else None,
        ids=tuple(ids),
    )


def limited(*filters: object, everything: bool) -> None:
    """Nobody changes all of the list for want of an argument: exits 2 unless something, or `--all`, is given."""
    if not everything and not any(filters):
        refuse("which events? give their ids, a filter such as --reason, or --all")


def agreed(checked: Settings, chosen: Chosen, *, what: str, yes: bool) -> None:
    """Say how many events it is about, and ask, where they are not named one by one. Exits 1 at a no."""
    if chosen.ids or yes:
        return
    counts = with_ledger(checked, lambda ledger: ledger.parked.counts(chosen))
    for (org, reason), count in counts.items():
        typer.echo(f"{org}: {count} parked for {reason}", err=True)
    if not counts:
        return
    if not sys.stdin.isatty():
        refuse(f"{what} {sum(counts.values())} events? nobody is there to ask: give --yes")
    if not typer.confirm(f"{what} {sum(counts.values())} events?", err=True):
        raise typer.Exit(1)


def tell_left_out(checked: Settings, chosen: Chosen, found: int) -> None:
    """Where the filters leave nothing, say what they leave out: a mistyped one looks like a list that is done.

    Exits 2 for a store that nobody knows.
    """
    if found or chosen.ids:
        return
    everything = replace(chosen, reason="", source="", entity="", since=None)
    counts = with_ledger(checked, lambda ledger: ledger.parked.counts(everything))
    for (org, reason), count in counts.items():
        typer.echo(f"left out by the filters: {org}: {count} parked for {reason}", err=True)
    with_ledger(checked, lambda ledger: refuse_unknown(checked, ledger, chosen.source))
