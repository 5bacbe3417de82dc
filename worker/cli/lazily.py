"""Commands that are imported when they are called: what one of them needs, the others need not wait for."""

from __future__ import annotations

from collections import UserDict
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_group

COMMANDS = {
    "worker": "serve:worker",
    "store": "store:store",
    "status": "status:status",
    "budget": "budget:budget",
    "history": "history:history",
    "resync-all": "commands:resync_all",
    "resync": "commands:resync",
    "sync-now": "commands:sync_now",
    "release": "commands:release",
    "resync-status": "resync_status:resync_status",
    "resync-cancel": "resync_status:resync_cancel",
    "reconcile": "reconcile:reconcile",
    "publish": "publish:publish",
    "forget": "forget:forget",
    "check": "check:check",
    "connect": "connect:connect",
    "console": "console:console",
    "plan": "plan:plan",
    "dry-run": "dry_run:dry_run",
    "demo": "demo:demo",
    "db": "db:app",
    "ledger": "ledger:app",
    "parked": "parked:app",
    "sandbox": "sandbox:app",
    "schema": "schema:app",
}
"""Each command's module in this package, and the function, or the commands below it."""

PLAIN: dict[str, Any] = {"add_completion": False, "rich_markup_mode": None, "pretty_exceptions_enable": False}
"""Help and errors as plain text."""


class LazyGroup(TyperGroup):
    """The commands of the table above. The list of them all imports them all."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = _Imported(COMMANDS)


class _Imported(UserDict[str, Any]):
    """Commands by name; each is a place until it is asked for."""

    def __getitem__(self, name: str) -> Any:
        found = super().__getitem__(name)
        if isinstance(found, str):
            found = self.data[name] = _command(name, found)
        return found


def _command(name: str, place: str) -> Any:
    module, _, attribute = place.partition(":")
    found = getattr(import_module(f"worker.cli.{module}"), attribute)
    around = typer.Typer(**PLAIN)
    if isinstance(found, typer.Typer):
        around.add_typer(found, name=name)
    else:
        around.command(name)(found)
    return get_group(around).commands[name]
