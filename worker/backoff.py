"""How long to wait before trying again. Pure."""

from __future__ import annotations

MAX_ATTEMPTS = 8
"""After so many attempts of an event a person has to look."""


def delay_s(attempt: int, *, base_s: float, cap_s: float, jitter: float) -> float:
    """Seconds before the next attempt: doubling from `base_s`, at most `cap_s`, times 0.5 to 1 by `jitter` (0 to 1)."""
    exponent = min(max(attempt, 1) - 1, 32)
    return min(base_s * 2.0**exponent, cap_s) * (0.5 + jitter / 2)
