"""Live progress of the demo on a terminal, a line now and then elsewhere."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from deploy.demo.scene import Look

_STEPS = 5


class Progress:
    """Three bars: what the store sold, the resync, what is in Xero."""

    def __init__(self, console: Console) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._console = console
        self._bars = Bars(*columns, console=console, disable=not console.is_terminal)
        self._selling = self._bars.add_task("orders placed while we watch", total=None)
        self._resync = self._bars.add_task("resync-all: not asked for yet", total=None)
        self._writing = self._bars.add_task("documents in Xero", total=None)
        self._said = -1

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def end(self) -> None:
        """No more bars; what is printed from now on stays."""
        self._bars.stop()

    def say(self, line: str) -> None:
        """One line above the bars."""
        self._bars.console.print(line, soft_wrap=True)

    def show(self, look: Look) -> None:
        """The latest figures."""
        sold = f"orders placed while we watch ({look.events} events on the wire)"
        self._bars.update(self._selling, completed=look.orders - look.orders_left, total=look.orders, description=sold)
        if look.run is not None:
            text = f"resync-all: {look.run.state}, {look.run.pages} pages, {look.run.unchanged} unchanged"
            done, total = look.run.settled, look.run.published or None
            self._bars.update(self._resync, completed=done, total=total, description=text)
        text = f"documents in Xero ({look.calls} calls, {look.parked} parked)"
        self._bars.update(self._writing, completed=look.documents, total=look.expected, description=text)
        step = look.documents * _STEPS // max(look.expected, 1)
        if not self._console.is_terminal and step > self._said:
            self._said = step
            self._console.print(f"{look.documents} of {look.expected} {text}, {look.events} events on the wire")
