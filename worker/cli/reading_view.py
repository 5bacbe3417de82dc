"""How far the reading of stores and of Xero is, for a person who waits: nothing where nobody looks."""

from __future__ import annotations

from datetime import datetime
from types import TracebackType
from typing import Self

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from worker.calls.paging import Read, Told


class ReadingView:
    """One line for each store and each list."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._bars = Progress(*columns, console=console, disable=not console.is_terminal, transient=True)
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    @property
    def told(self) -> Told:
        """What the reading of lists tells."""
        return Told(read=self._page, waits=self._waits, asks_again=self._asks_again)

    def events(self, store: str, more: int) -> None:
        """So many more events of a store were read."""
        self._bars.advance(self._task(f"{store}: events read"), more)

    def _page(self, read: Read) -> None:
        task = self._task(f"Xero: pages of {read.kind}s".replace("_", " "))
        self._bars.update(task, completed=read.page, total=read.pages)

    def _waits(self, until: datetime, reason: str) -> None:
        typer.echo(f"waiting for calls ({reason}) until {until:%Y-%m-%d %H:%M} UTC", err=True)

    def _asks_again(self, why: str, in_s: float) -> None:
        typer.echo(f"xero did not give a list ({why}): asked again in {in_s:.0f} s", err=True)

    def _task(self, name: str) -> TaskID:
        if name not in self._tasks:
            self._tasks[name] = self._bars.add_task(name, total=None)
        return self._tasks[name]
