"""When the immediate lane cedes a call to the batch lane, which a busy day would starve. Pure state.

It outlives the session: with few calls a day each ends in a pause, and with that its session.
"""

from __future__ import annotations

from dataclasses import dataclass

_IN_A_ROW = 3


@dataclass(slots=True)
class Ceding:
    """After three immediate calls in a row the lane cedes one, token and all."""

    in_a_row: int = 0

    @property
    def is_due(self) -> bool:
        """Whether the next call is the batch lane's, if that has one."""
        return self.in_a_row >= _IN_A_ROW

    def opened(self, *, immediate: bool) -> None:
        """A call went out, of the immediate lane or of another."""
        self.in_a_row = min(self.in_a_row + 1, _IN_A_ROW) if immediate else 0

    def ceded_of(self, calls: int) -> int:
        """How many of the next `calls` of the immediate lane are ceded, while both lanes have enough to send."""
        return (self.in_a_row + calls) // (_IN_A_ROW + 1)
