"""How parked events are shown: a table, a spreadsheet, or JSON."""

from __future__ import annotations

import csv
import json
from collections.abc import AsyncIterator, Mapping
from textwrap import shorten
from typing import IO, Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from worker.cli.plain import as_json, plain
from worker.cli.printing import on_stdout
from worker.ledger.records import Held
from worker.views.parked import ParkedEvent, WholeEvent, message_of, parked_event

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_DETAIL_CHARS = 200
_LISTED = (
    "id", "organisation", "state", "event_id", "source", "entity", "entity_id",
    "reason", "detail", "hint", "attempt", "since",
)  # fmt: skip

Counts = Mapping[tuple[str, str], int]
"""How many events, by organisation and reason."""


async def show_list(console: Console, events: AsyncIterator[ParkedEvent], counts: Counts) -> None:
    """Print a paragraph for each event, as they come, and how many there are of each reason."""
    shown = 0
    async for one in events:
        shown += 1
        _show_listed(console, one)
    if not shown:
        console.print("no parked event was found")
    for (org, reason), count in counts.items():
        console.print(f"{org}: {count} parked for {reason}", markup=False)
    if shown < (total := sum(counts.values())):
        console.print(f"{shown} of {total} shown; more with --limit, fewer with filters")


def _show_listed(console: Console, one: ParkedEvent) -> None:
    """Columns would be a few letters wide on a terminal of 80. The id stands first, where nothing breaks it.

    In a file or a pipe nothing is broken: it takes most of the time of a long list, and spoils what is searched for.
    """
    since = f" since {one.since:%Y-%m-%d %H:%M} UTC" if one.since else ""
    detail = f": {shorten(one.detail, _DETAIL_CHARS, placeholder=' …')}" if one.detail else ""
    to_do = f"; what to do: {one.hint}" if one.hint else ""
    named, why = f"  {one.organisation}  {one.named}", f"{since}{detail}{to_do}"
    if not console.is_terminal:
        console.file.write(f"{one.id}{named}\n  {one.reason}{why}\n")
        return
    console.print(Text.assemble((one.id, "bold"), named, overflow="fold"))
    console.print(Padding(Text.assemble((one.reason, "yellow"), why, overflow="fold"), (0, 0, 0, 2), expand=False))


def show_whole(whole: WholeEvent) -> None:
    """Print one with its message."""
    console = on_stdout()
    table = Table(show_header=False)
    for name, value in facts(whole.event).items():
        table.add_row(name.replace("_", " "), Text(str(value if value is not None else ""), overflow="fold"))
    console.print(table)
    if whole.is_purged:
        console.print("its message was purged", style="yellow")
    elif whole.message is None:
        console.print(Text(whole.body.decode(errors="backslashreplace")))
    else:
        console.print_json(json.dumps(whole.message))


def facts(event: ParkedEvent) -> dict[str, Any]:
    """What a list shows of an event: not its message."""
    owner = event.owner
    of_owner = {"source": owner.source, "entity": owner.entity, "entity_id": owner.entity_id} if owner else {}
    values = plain(event) | {"source": None, "entity": None, "entity_id": None} | of_owner
    return {name: values[name] for name in _LISTED}


class Sheet:
    """A spreadsheet's rows, without messages."""

    def __init__(self, to: IO[str]) -> None:
        self._rows = csv.DictWriter(to, _LISTED)
        self._rows.writeheader()

    def add(self, held: Held) -> None:
        """One more row."""
        self._rows.writerow({name: _cell(value) for name, value in facts(parked_event(held)).items()})


def line_of(held: Held) -> str:
    """One event with its message, as a line of JSON; what is not JSON comes as text."""
    message = message_of(held.body)
    body = held.body.decode(errors="backslashreplace") if message is None else message
    return as_json(facts(parked_event(held)) | {"message": body})


def _cell(value: object) -> object:
    """Text from a store must not become a formula of whoever opens the sheet."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
