"""How long a Xero that does not answer is left alone before it is asked again. Pure."""

from __future__ import annotations

from worker.backoff import delay_s
from worker.budget.limits import DAY

_FIRST_S = 30.0
_LONGEST_S = 300.0
_SOON = 25
"""Calls that the first minutes without an answer may take: the session's own, and probes until their pace is even."""

_STEPS = 16


def ask_again_s(probes: int, day: int) -> float:
    """Seconds from one probe to the next after so many in vain, where `day` calls may be made in 24 hours.

    They double from half a minute to 5 minutes, or to the pace at which a whole day of them leaves three quarters of
    `day`: each spends a token though Xero may count none, and what waits needs those when Xero is back. A small cap
    leaves them a tenth all the same, or Xero's return would hardly be noticed.
    """
    longest_s = max(_LONGEST_S, DAY.total_seconds() / max(day / 4 - _SOON, day / 10, 1))
    return delay_s(probes, base_s=max(_FIRST_S, longest_s / _STEPS), cap_s=longest_s, jitter=1.0)
