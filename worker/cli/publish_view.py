"""What `xerelay publish` shows: a bar on a terminal, faults by line, and one summary for people or for programs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn

from producers.bulk import Fault, LinePublisher, Tally

_FAULTS_IN_SUMMARY = 1000
_REDRAW_S = 0.2


class View:
    """Faults go to stderr as they come; the first thousand are kept for the JSON summary."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True)
        self._faults: list[Fault] = []

    def fault(self, fault: Fault) -> None:
        """Report one line."""
        if len(self._faults) < _FAULTS_IN_SUMMARY:
            self._faults.append(fault)
        self.say(f"line {fault.line}: {fault.reason}: {fault.detail}")

    def say(self, text: str) -> None:
        """One line of prose."""
        self._console.print(text)

    @asynccontextmanager
    async def progress(self, tally: Tally, size: int | None) -> AsyncIterator[None]:
        """A bar of the bytes read while stderr is a terminal, else nothing. `size` is None for a pipe."""
        if not self._console.is_terminal:
            yield
            return
        columns = (BarColumn(), DownloadColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
        with Progress(*columns, console=self._console, transient=True) as bar:
            drawing = asyncio.create_task(_draw(bar, tally, size))
            try:
                yield
            finally:
                drawing.cancel()

    def summary(self, lines: LinePublisher, *, interrupted: bool) -> str:
        """One sentence for people."""
        tally = lines.tally
        counts = {
            "bad": tally.bad,
            "of these unroutable": tally.unroutable,
            "unconfirmed": tally.unconfirmed,
            "skipped because their lane is off": tally.skipped,
        }
        said = [f"{tally.confirmed} confirmed", *(f"{count} {word}" for word, count in counts.items() if count)]
        text = ", ".join(said)
        if interrupted or tally.unconfirmed:
            done = lines.settled_through
            text += f"; every line up to {done} is settled, go on with line {done + 1} (repeated events do no harm)"
        return ("interrupted: " if interrupted else "") + text

    def json_summary(self, lines: LinePublisher, *, interrupted: bool) -> str:
        """One JSON object for programs."""
        tally = lines.tally
        return json.dumps(
            {
                "confirmed": tally.confirmed,
                "skipped": tally.skipped,
                "bad": tally.bad,
                "unroutable": tally.unroutable,
                "unconfirmed": tally.unconfirmed,
                "settled_through": lines.settled_through,
                "interrupted": interrupted,
                "faults": [asdict(fault) for fault in self._faults],
            }
        )


async def _draw(bar: Progress, tally: Tally, size: int | None) -> None:
    task = bar.add_task("", total=size)
    while True:
        bar.update(task, completed=tally.bytes_read, description=f"{tally.confirmed} confirmed, {tally.bad} bad")
        await asyncio.sleep(_REDRAW_S)
