"""Live progress of the demo on a terminal, a line now and then elsewhere."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars


class Progress:
    """Two bars: what the store published, what is in Xero."""

    def __init__(self, console: Console) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._console = console
        self._bars = Bars(*columns, console=console, disable=not console.is_terminal)
        self._publishing = self._bars.add_task("published by the store", total=None)
        self._writing = self._bars.add_task("documents in Xero", total=None)
        self._said = 0

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def published(self, count: int) -> None:
        """So many messages are confirmed."""
        self._bars.update(self._publishing, completed=count, total=count)

    def documents(self, there: int, expected: int, *, calls: int, parked: int) -> None:
        """So many of the expected documents are in Xero."""
        text = f"documents in Xero ({calls} calls, {parked} parked)"
        self._bars.update(self._writing, completed=there, total=expected, description=text)
        if not self._console.is_terminal and there - self._said >= expected / 5:
            self._said = there
            self._console.print(f"{there} of {expected} {text}")
