"""Commands that are imported when they are called: what one of them needs, the others need not wait for."""

from __future__ import annotations

import gc
from collections import UserDict
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from os.path import exists
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_group

COMMANDS = {
    "worker": ("serve:worker", "Bring the organisations' events to Xero."),
    "store": ("store:store", "Run beside stores: publish changes, obey commands."),
    "status": ("status:status", "Say how it goes: organisations, lanes, backlog, calls left."),
    "budget": ("budget:budget", "Report the calls: today by purpose, and the last 30 days."),
    "history": ("history:history", "Tell what happened to one entity or document."),
    "resync-all": ("commands:resync_all", "Publish all that a store has once more."),
    "resync": ("commands:resync", "Publish some entities of a store once more."),
    "sync-now": ("commands:sync_now", "Publish some entities into the immediate lane."),
    "release": ("commands:release", "Open the batch window now."),
    "resync-status": ("resync_status:resync_status", "Say how far the runs of commands are."),
    "resync-cancel": ("resync_status:resync_cancel", "Take a run back."),
    "reconcile": ("reconcile:reconcile", "Compare what the store has with what Xero has."),
    "publish": ("publish:publish", "Publish events from a file, each confirmed by the broker."),
    "forget": ("forget:forget", "Take a customer's personal data out of the ledger."),
    "check": ("check:check", "Try out the set-up, and say what to mend."),
    "connect": ("connect:connect", "Store a token set for a connection of flow web or pkce."),
    "console": ("console:console", "Serve the web console."),
    "plan": ("plan:plan", "Say what a load costs in calls and days."),
    "dry-run": ("dry_run:dry_run", "Print the documents that events would become."),
    "demo": ("demo:demo", "Bring a store's trade to a sandbox Xero, and compare."),
    "db": ("db:app", "The ledger, which is xerelay's state database."),
    "ledger": ("ledger:app", "What the ledger knows of Xero's documents."),
    "parked": ("parked:app", "Events that wait for a person."),
    "sandbox": ("sandbox:app", "What runs without a Xero account or a store."),
    "schema": ("schema:app", "The message contract as JSON Schema and AsyncAPI files."),
}
"""Each command's module in this package with the function, or the commands below it; and what it does, in a line.

The line is the command's own, repeated here so that the list of all takes a moment and not seconds.
"""

PLAIN: dict[str, Any] = {"add_completion": False, "rich_markup_mode": None, "pretty_exceptions_enable": False}
"""Help and errors as plain text."""


class LazyGroup(TyperGroup):
    """The commands of the table above."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = _Imported({name: place for name, (place, _) in COMMANDS.items()})

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Refuse what came in another encoding: no ledger keeps it. A file may be called so."""
        for one in args:
            told = one.encode(errors="replace").decode()
            if told != one and not exists(one):  # noqa: PTH110 - a Path fails where the text is too long for one
                ctx.fail(f"expected text in UTF-8, got '{told}': the terminal writes it in another encoding")
        parsed: list[str] = super().parse_args(ctx, args)
        return parsed

    def invoke(self, ctx: Any) -> Any:
        """As typer does it, but for its words about a value."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            from worker.cli.wrong_values import told  # noqa: PLC0415 - a right value needs none of it

            error.message = told(error)
            raise

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - typer's own hook; so are the next one's
        """Their names."""
        return list(COMMANDS)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002
        """Their names and lines, as typer writes them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


class _Imported(UserDict[str, Any]):
    """Commands by name; each is a place until it is asked for."""

    def __getitem__(self, name: str) -> Any:
        found = super().__getitem__(name)
        if isinstance(found, str):
            found = self.data[name] = _command(name, found)
        return found


def _command(name: str, place: str) -> Any:
    module, _, attribute = place.partition(":")
    with _uncollected():
        found = getattr(import_module(f"worker.cli.{module}"), attribute)
    around = typer.Typer(**PLAIN)
    if isinstance(found, typer.Typer):
        around.add_typer(found, name=name)
    else:
        around.command(name)(found)
    return get_group(around).commands[name]


@contextmanager
def _uncollected() -> Iterator[None]:
    """What modules are made of stays: looking through it for garbage again and again took a tenth of a start."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
