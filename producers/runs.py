"""A command as a run: recorded, worked off page by page, and told about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from producers.checkpoints import Memory
from producers.store import Stream
from schemas.commands import Resync, ResyncAll, SyncNow
from schemas.entities import Entity

StoreCommand = ResyncAll | Resync | SyncNow

_SOME = 100


class RunState(StrEnum):
    """How far a run is. A joined one has no work of its own; a refused one was not understood."""

    RECORDED = "recorded"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"
    JOINED = "joined"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Run:
    """One command and its id, which is the message's. `name` is the command's."""

    id: str
    name: str
    command: StoreCommand

    @property
    def entities(self) -> frozenset[Entity]:
        """What is to be published."""
        command = self.command
        return frozenset(command.entities if isinstance(command, ResyncAll) else (command.entity,))


@dataclass(frozen=True, slots=True)
class Progress:
    """One stream of a run: everything up to row `last` is confirmed. `rows` were read out of `total`.

    `published` and `skipped` count events; what is skipped is too old, its lane is off, no organisation takes it, or it
    is too large for a message.
    """

    last: int = 0
    pages: int = 0
    rows: int = 0
    published: int = 0
    skipped: int = 0
    broken: int = 0
    total: int | None = None
    done: bool = False

    @property
    def is_short(self) -> bool:
        """Whether far fewer rows were read than were counted at the start: some are deleted meanwhile, not so many."""
        return self.total is not None and self.total - self.rows > max(1, self.total // _SOME)


def shortfall(reached: Mapping[str, Progress]) -> str:
    """Which streams, by their names, ended too early, and what to do; empty where none did."""
    short = [f"{one.rows} of {one.total} {name}" for name, one in reached.items() if one.is_short]
    if not short:
        return ""
    return f"read only {', '.join(short)}: see whether the store gives its whole lists, and publish them again"


class Runs(Protocol):
    """The runs of one store. Each method is one transaction; all raise `CheckpointsAway`."""

    async def record(self, run: Run, body: bytes) -> RunState:
        """Keep a command, whole. A second time changes nothing.

        A resync like one that is not finished joins it. Returns what became of it. Raises `Undecodable` when its id
        names a run of another store.
        """
        ...

    async def refuse(self, body: bytes, reason: str) -> None:
        """Keep a message that is no command of this store, and why."""
        ...

    async def next(self, name: str) -> Run | None:
        """The oldest run of that command which is not finished."""
        ...

    async def begin(self, run: Run) -> bool:
        """It is being worked on. False when it was cancelled meanwhile. Raises `NotInCharge`."""
        ...

    async def progress(self, run: Run) -> Mapping[str, Progress]:
        """How far each stream is, by its name."""
        ...

    async def save_page(self, run: Run, stream: Stream, progress: Progress, memories: Sequence[Memory]) -> bool:
        """Everything up to here is confirmed. False when the run was cancelled: read no more. Raises `NotInCharge`."""
        ...

    async def wanted(self, run: Run) -> bool:
        """Whether it is still to be worked on."""
        ...

    async def finish(self, run: Run, state: RunState, detail: str = "") -> None:
        """It ended; a run that was cancelled meanwhile stays so. Raises `NotInCharge`."""
        ...
