"""What mapping says of an event: documents to write, nothing to do, or that a person has to look."""

from __future__ import annotations

from dataclasses import dataclass

from worker.documents.documents import Action, Write


@dataclass(frozen=True, slots=True)
class Writes:
    """The documents this event asks for, in the order they must be settled."""

    writes: tuple[Write, ...]

    @property
    def made(self) -> tuple[Write, ...]:
        """Those of what the event is about, without what only an earlier version of it can have left."""
        saved = any(write.action is Action.SAVE for write in self.writes)
        return tuple(write for write in self.writes if not saved or write.action is Action.SAVE)


@dataclass(frozen=True, slots=True)
class Ignored:
    """Nothing is to be done, and why: the same words for the same reason."""

    reason: str


Plan = Writes | Ignored


RESTART = "restart the workers, then retry"
"""How a hint ends that says what to change in the configuration: it is read when a worker starts."""


class Unmappable(Exception):
    """The event cannot become documents as things are configured. `reason` is a stable word for lists and metrics."""

    def __init__(self, reason: str, detail: str, hint: str) -> None:
        super().__init__(f"{reason}: {detail}; {hint}")
        self.reason = reason
        self.detail = detail
        self.hint = hint
