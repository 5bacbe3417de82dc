"""Commands that use the ledger, and what they say when it is away."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import typer

from worker.bootstrap import open_ledger
from worker.ledger.database.errors import LedgerError
from worker.ledger.ledger import Ledger
from worker.settings import Settings

T = TypeVar("T")


def with_ledger(checked: Settings, act: Callable[[Ledger], Awaitable[T]]) -> T:
    """Do it with the ledger open. Exits 1, with one line, when the ledger cannot be used."""

    async def run() -> T:
        ledger = await open_ledger(checked, answers_within_s=None)  # who purges a large one waits, or ends the command
        try:
            return await act(ledger)
        finally:
            await ledger.close()

    try:
        return asyncio.run(run())
    except LedgerError as error:
        typer.echo(f"ledger: {error}", err=True)
        raise typer.Exit(1) from None


def record(checked: Settings, action: str, *, who: str, organisation: str = "", subject: str = "") -> None:
    """Put an action on record that is not the ledger's own, before it is done. Exits 1 when that is not possible."""

    async def add(ledger: Ledger) -> None:
        await ledger.admin_actions.record(action, who=who, organisation=organisation, subject=subject)

    with_ledger(checked, add)
