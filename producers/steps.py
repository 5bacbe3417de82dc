"""The named moments of a store's agent, so that tests can end it at each of them."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol


class Step(StrEnum):
    """In the order a page of rows passes them; a command is recorded before its first page is fetched."""

    RECORDED = "command recorded"
    FETCHED = "fetched"
    TRANSLATED = "translated"
    PUBLISHED = "published"
    CONFIRMED = "confirmed"
    CHECKPOINTED = "checkpointed"


class Steps(Protocol):
    """Who is told."""

    def reached(self, step: Step) -> None:
        """`step` has just happened."""
        ...


class Unwatched:
    """Nobody is told: production."""

    def reached(self, step: Step) -> None:
        """Do nothing."""
