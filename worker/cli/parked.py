"""`xerelay parked`: the events that wait for a person, and what to do with them."""

from __future__ import annotations

import asyncio
import getpass
import json
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from worker.bootstrap import open_ledger
from worker.cli.options import Config, settings
from worker.ledger.errors import LedgerError
from worker.ledger.ledger import Ledger
from worker.ledger.parked import Chosen
from worker.ledger.records import Held

app = typer.Typer(no_args_is_help=True, help="Events that wait for a person.")
T = TypeVar("T")

Org = Annotated[str, typer.Option("--org", help="The organisation; all of them unless given.")]
Ids = Annotated[list[str], typer.Argument(help="Ids as `parked list` shows them.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document instead of a table.")]


@app.callback()
def root() -> None:
    """Look at the events that wait for a person, and send them on or let them go."""


@app.command("list")
def list_parked(
    org: Org = "",
    limit: Annotated[int, typer.Option(min=1, help="How many at most, for each organisation.")] = 100,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """List parked events, newest first, with the reason and what to do."""
    names = [org] if org else list(settings(config).organisations)

    async def read(ledger: Ledger) -> list[Held]:
        return [held for name in names for held in await ledger.held.parked(name, limit=limit, offset=0)]

    rows = _with_ledger(config, read)
    if as_json:
        typer.echo(json.dumps([facts(held) for held in rows], indent=2))
        return
    table = Table("id", "organisation", "entity", "reason", "what to do")
    for held in rows:
        entity = (
            f"{held.owner.source} {held.owner.entity} {held.owner.entity_id}"
            if held.owner
            else f"message {held.event_id}"
        )
        table.add_row(held.id, held.org, entity, held.reason, held.hint)
    Console().print(table)


@app.command()
def show(
    held_id: Annotated[str, typer.Argument(help="An id as `parked list` shows it.")], config: Config = None
) -> None:
    """Show why one event is parked, what to do, and its bytes."""
    held = _with_ledger(config, lambda ledger: ledger.held.get(held_id))
    if held is None:
        typer.echo(f"nothing is held under {held_id!r}", err=True)
        raise typer.Exit(1)
    typer.echo(json.dumps(facts(held) | {"body": held.body.decode(errors="backslashreplace")}, indent=2))


@app.command()
def retry(ids: Ids, config: Config = None) -> None:
    """Send parked events on their way again. Mend first what parked them, such as the configuration."""
    count = _with_ledger(config, lambda ledger: ledger.parked.retry(Chosen(ids=tuple(ids)), who=getpass.getuser()))
    typer.echo(f"{count} on their way")


@app.command()
def discard(
    ids: Ids,
    why: Annotated[str, typer.Option(help="The reason, kept in the record.", prompt=True)],
    config: Config = None,
) -> None:
    """Let parked events go for good. A record of who did it and why is kept."""
    count = _with_ledger(
        config, lambda ledger: ledger.parked.discard(Chosen(ids=tuple(ids)), who=getpass.getuser(), reason=why)
    )
    typer.echo(f"{count} discarded")


def facts(held: Held) -> dict[str, Any]:
    """What a list shows of a held event: no personal data."""
    return {
        "id": held.id,
        "organisation": held.org,
        "state": str(held.state),
        "event_id": held.event_id,
        "source": held.owner.source if held.owner else None,
        "entity": held.owner.entity if held.owner else None,
        "entity_id": held.owner.entity_id if held.owner else None,
        "reason": held.reason,
        "detail": held.detail,
        "hint": held.hint,
        "attempt": held.attempt,
        "since": held.created_at.isoformat() if held.created_at else None,
    }


def _with_ledger(config: Config, act: Callable[[Ledger], Awaitable[T]]) -> T:
    async def run() -> T:
        ledger = await open_ledger(settings(config))
        try:
            return await act(ledger)
        finally:
            await ledger.close()

    try:
        return asyncio.run(run())
    except LedgerError as error:
        typer.echo(f"ledger: {error}", err=True)
        raise typer.Exit(1) from None
