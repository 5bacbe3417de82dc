"""The named moments of an event's way, so that tests can end a worker at each of them."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol


class Step(StrEnum):
    """In the order an event passes them."""

    RECEIVED = "received"
    BUFFERED = "buffered"
    HELD = "held"
    CALL_OPENED = "call opened"
    SENT = "sent"
    ANSWERED = "answered"
    RECORDED = "recorded"
    ACKED = "acked"


# a look-up in an enum costs as much as a call, and these are made for every event
RECEIVED, BUFFERED, ACKED = Step.RECEIVED, Step.BUFFERED, Step.ACKED


class Steps(Protocol):
    """Who is told."""

    def reached(self, step: Step) -> None:
        """`step` has just happened."""
        ...


class Unwatched:
    """Nobody is told: production."""

    def reached(self, step: Step) -> None:
        """Do nothing."""
