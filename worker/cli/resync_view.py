"""How runs are shown: a table, a few lines, two bars, or JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from worker.cli.duration import in_words
from worker.cli.printing import on_stdout
from worker.ledger.runs.run_reports import RunStatus


class View:
    """Two bars while a run is followed: the store read, and the events settled. Nothing where nobody looks."""

    def __init__(self, *, quiet: bool) -> None:
        console = Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._bars = Progress(*columns, console=console, disable=quiet or not console.is_terminal, transient=True)
        self._reading = self._bars.add_task("read", total=None)
        self._settling = self._bars.add_task("settled", total=None)

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def show(self, status: RunStatus, left: timedelta | None) -> None:
        """The latest figures."""
        totals = [one.total for one in status.streams.values() if one.total is not None]
        rows = sum(one.rows for one in status.streams.values())
        read = f"read: {status.pages} pages, {status.published} events"
        self._bars.update(self._reading, completed=rows, total=sum(totals) or None, description=read)
        settled = f"{status.state}: {_outcomes(status)}{_left(left)}"
        total = status.published or None
        self._bars.update(self._settling, completed=status.settled, total=total, description=settled)


def table(runs: Sequence[RunStatus]) -> None:
    """The runs, two lines or three for each: columns would be a few letters wide on a terminal of 80."""
    console = on_stdout()
    for one in runs:
        state = f"{one.state} {one.joined_to}" if one.joined_to else str(one.state)
        # the id stands first, where nothing breaks it: it is copied
        named = f"  {one.store}  {one.command or 'message'}  {one.recorded_at:%Y-%m-%d %H:%M} UTC"
        figures = f"{state}: {one.pages} pages, {one.published} published, {one.settled} settled, {one.parked} parked"
        console.print(Text.assemble((one.id, "bold"), named, overflow="fold"))
        for line in filter(None, (f"{figures}, {one.calls} calls", one.detail)):
            console.print(Padding(Text(line, overflow="fold"), (0, 0, 0, 2), expand=False))
    if not runs:
        console.print("no run yet: it appears when the store's agent has taken the command")


def told(status: RunStatus, left: timedelta | None) -> str:
    """A few lines."""
    lines = [f"{status.command or 'message'} {status.id} of {status.store}: {status.state}"]
    lines[0] += f" ({status.detail})" if status.detail else ""
    for stream, one in status.streams.items():
        total = "" if one.total is None else f" of {one.total}"
        counts = f"{one.rows}{total} rows, {one.pages} pages, {one.published} events"
        lines.append(f"  {stream}: {counts}, {one.skipped} left out, {one.broken} broken rows")
    waiting = f"{status.on_their_way} on their way{_left(left)}"
    lines.append(f"  {status.published} events published: {_outcomes(status)}, {waiting}")
    return "\n".join(lines)


def facts(status: RunStatus, left: timedelta | None) -> dict[str, Any]:
    """A run as JSON has it."""
    return {
        "id": status.id,
        "store": status.store,
        "command": status.command,
        "state": str(status.state),
        "joined_to": status.joined_to,
        "detail": status.detail,
        "recorded_at": _moment(status.recorded_at),
        "started_at": _moment(status.started_at),
        "finished_at": _moment(status.finished_at),
        "pages": status.pages,
        "published": status.published,
        "written": status.written,
        "unchanged": status.unchanged,
        "parked": status.parked,
        "held_for_parent": status.held_for_parent,
        "held_for_approval": status.held_for_approval,
        "calls": status.calls,
        "seconds_left": None if left is None else round(left.total_seconds()),
        "streams": {stream: asdict(one) for stream, one in status.streams.items()},
    }


def _outcomes(status: RunStatus) -> str:
    outcomes = [f"{status.written} written, {status.unchanged} unchanged, {status.parked} parked"]
    outcomes += [f"{status.held_for_parent} held for their sale"] if status.held_for_parent else []
    outcomes += [f"{status.held_for_approval} held for approval"] if status.held_for_approval else []
    return ", ".join((*outcomes, f"{status.calls} calls"))


def _left(left: timedelta | None) -> str:
    return "" if left is None else f", about {in_words(left)} left"


def _moment(at: Any) -> str | None:
    return at.isoformat() if at else None
