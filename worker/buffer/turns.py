"""Whose turn it is, as a number. What went back to the broker keeps it without being remembered: the broker counts."""

from __future__ import annotations

_OVERTAKEN = 1
"""What went back so often may be overtaken by what came meanwhile: going before all of that, in a busy hour it would
have all of it go back as well."""

_A_RETURN = 1 << 40
"""More than ever comes in a session."""


def turn(arrival: int, returns: int) -> int:
    """The turn of the event that came as number `arrival`: what went back more often goes first, lest it never goes."""
    return arrival if returns <= _OVERTAKEN else arrival - returns * _A_RETURN


def is_overdue(turn: int) -> bool:
    """Whether it was overtaken often enough."""
    return turn < 0
