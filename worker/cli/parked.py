"""`xerelay parked`: the events that wait for a person, and what to do with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

import typer

from worker.cli.ledger_use import with_ledger
from worker.cli.options import AsJson, By, Config, Org, refuse, settings, who
from worker.cli.parked_choice import (
    All,
    Ids,
    OfEntity,
    Reason,
    Since,
    Store,
    Yes,
    agreed,
    chosen_by,
    limited,
    tell_left_out,
)
from worker.cli.parked_view import Sheet, facts, line_of, show_list, show_whole
from worker.cli.plain import print_each, print_json
from worker.cli.printing import on_stdout
from worker.ledger.ledger import Ledger
from worker.views.parked import ON_ITS_WAY, parked_event, whole_event

app = typer.Typer(no_args_is_help=True, help="Events that wait for a person.")


@app.callback()
def root() -> None:
    """Look at the events that wait for a person, and send them on or let them go."""


@app.command("list")
def list_parked(
    *,
    org: Org = "",
    reason: Reason = "",
    entity: OfEntity = None,
    store: Store = "",
    since: Since = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000_000, help="How many at most.")] = 100,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """List parked events, newest first, with the reason and what to do."""
    checked = settings(config)
    chosen = chosen_by(checked, org=org, reason=reason, entity=entity, store=store, since=since)

    async def show_them(ledger: Ledger) -> int:
        counts = await ledger.parked.counts(chosen)
        found = (parked_event(held) async for held in ledger.parked.newest(chosen, limit=limit))
        if as_json:
            await print_each(facts(one) async for one in found)
        else:
            await show_list(on_stdout(), found, counts)
        return sum(counts.values())

    tell_left_out(checked, chosen, with_ledger(checked, show_them))


@app.command()
def show(
    held_id: Annotated[str, typer.Argument(metavar="ID", help="An id as `parked list` shows it.")],
    *,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Show why one event is parked, and its message.

    The message is as it came, with its personal data.
    """
    whole = with_ledger(settings(config), lambda ledger: whole_event(ledger, held_id))
    if whole is None:
        typer.echo(f"nothing is held under {held_id!r}", err=True)
        raise typer.Exit(1)
    if as_json:
        print_json(facts(whole.event) | {"body": whole.body.decode(errors="backslashreplace")})
    else:
        show_whole(whole)


@app.command()
def retry(
    ids: Ids = [],  # noqa: B006 - typer's way to say that an argument may be repeated
    *,
    org: Org = "",
    reason: Reason = "",
    entity: OfEntity = None,
    store: Store = "",
    since: Since = None,
    everything: All = False,
    yes: Yes = False,
    by: By = "",
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Send parked events on their way again. Mend first what parked them, such as the configuration."""
    limited(ids, org, reason, entity, store, since, everything=everything)
    checked = settings(config)
    chosen = chosen_by(checked, org=org, reason=reason, entity=entity, store=store, since=since, ids=ids)
    agreed(checked, chosen, what="retry", yes=yes)
    done = with_ledger(checked, lambda ledger: ledger.parked.retry(chosen, who=who(by)))
    missed = _missed(ids, done)
    if as_json:
        print_json({"retried": len(done), "missed": missed})
    else:
        typer.echo(f"{len(done)} on their way")
    tell_left_out(checked, chosen, len(done))
    _tell_missed(dict.fromkeys(missed, "nothing is held under the id, or its message was purged"), done)


@app.command()
def discard(
    ids: Ids = [],  # noqa: B006 - as above
    *,
    why: Annotated[str, typer.Option(help="The person's reason, kept on record.", prompt=True)],
    org: Org = "",
    reason: Reason = "",
    entity: OfEntity = None,
    store: Store = "",
    since: Since = None,
    everything: All = False,
    yes: Yes = False,
    by: By = "",
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Let parked events go for good. A record of who did it and why is kept.

    What else is held of the same entity, up to that version, goes with them and counts: it would bring it back. What
    is on its way, as after a retry, is not discarded but named: a worker may be about to send it.
    """
    if not why.strip():
        refuse('--why: expected the reason, which stays on record, got none; such as --why "booked by hand"')
    limited(ids, org, reason, entity, store, since, everything=everything)
    checked = settings(config)
    chosen = chosen_by(checked, org=org, reason=reason, entity=entity, store=store, since=since, ids=ids)
    agreed(checked, chosen, what="discard", yes=yes)
    done = with_ledger(checked, lambda ledger: ledger.parked.discard(chosen, who=who(by), reason=why))
    on_their_way = dict.fromkeys(done.on_their_way, ON_ITS_WAY)
    nowhere = _missed(ids, [*done.gone, *on_their_way])
    missed = on_their_way | dict.fromkeys(nowhere, "nothing is parked under the id")
    if as_json:
        print_json({"discarded": len(done.gone), "missed": list(missed)})
    else:
        typer.echo(f"{len(done.gone)} discarded")
    tell_left_out(checked, chosen, len(done.gone) + len(on_their_way))
    _tell_missed(missed, done.gone)


@app.command()
def export(
    *,
    org: Org = "",
    reason: Reason = "",
    entity: OfEntity = None,
    store: Store = "",
    since: Since = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON document on each line, with the message and its personal data.")
    ] = False,
    config: Config = None,
) -> None:
    """Write parked events as a spreadsheet (CSV), oldest first."""
    checked = settings(config)
    chosen = chosen_by(checked, org=org, reason=reason, entity=entity, store=store, since=since)

    async def write(ledger: Ledger) -> int:
        written = 0
        sheet = None if as_json else Sheet(on_stdout().file)
        async for held in ledger.parked.each(chosen):
            written += 1
            if sheet is None:
                typer.echo(line_of(held))
            else:
                sheet.add(held)
        return written

    tell_left_out(checked, chosen, with_ledger(checked, write))


def _missed(ids: Sequence[str], done: Sequence[str]) -> list[str]:
    """Those asked for by their ids that were not done, in the order in which they were asked for."""
    return [one for one in dict.fromkeys(ids) if one not in done]


def _tell_missed(missed: Mapping[str, str], done: Sequence[str]) -> None:
    """Name those that were not done, each with its reason; with none of them done, the command has failed."""
    for one, why in missed.items():
        typer.echo(f"not {one}: {why}", err=True)
    if missed and not done:
        raise typer.Exit(1)
