"""What Xero's headers say about the limits, and how long that binds.

X-DayLimit-Remaining, X-MinLimit-Remaining, X-AppMinLimit-Remaining, and Retry-After with X-Rate-Limit-Problem on a 429.
https://developer.xero.com/documentation/guides/oauth2/limits/
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from operator import attrgetter

from worker.budget.limits import DAY, MINUTE
from worker.budget.state import Correction

PROBE_EVERY = timedelta(minutes=15)
# what a 429 without Retry-After blocks; concurrent ones carry none reliably
_BLOCK = {"concurrent": timedelta(seconds=1), "minute": MINUTE, "appminute": MINUTE}
_UNTIL = attrgetter("until")
UNAVAILABLE = "xero_unavailable"
"""Xero asked to be left alone, and of no limit's: Retry-After came with a 5xx."""
_REASONS = {
    "concurrent": "in_flight",
    "minute": "minute",
    "appminute": "app_minute",
    "day": "day",
    UNAVAILABLE: UNAVAILABLE,
}


@dataclass(frozen=True, slots=True)
class Headers:
    """The limit headers of one reply, absent ones None. `problem` is a 429's, in Xero's word, or `UNAVAILABLE`."""

    day_remaining: int | None = None
    minute_remaining: int | None = None
    app_minute_remaining: int | None = None
    retry_after_s: float | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Forbidden:
    """No call before `until`; `reason` is which limit says so."""

    until: datetime
    reason: str


def corrected(correction: Correction, headers: Headers, *, in_flight: int, now: datetime) -> Correction:
    """What binds after this reply. `in_flight` other calls were granted that Xero may not have counted in it."""
    correction = _remaining(_unblocked(correction, headers, now), headers, in_flight, now)
    problem = headers.problem.strip().lower()
    if problem == "day" and headers.retry_after_s is None:
        return replace(correction, day_remaining=0, day_at=now)
    if headers.retry_after_s is not None:
        correction = _voided(correction, problem)
    if problem or headers.retry_after_s is not None:
        return _blocked(correction, problem or "minute", headers.retry_after_s, now)
    if headers.app_minute_remaining is not None and headers.app_minute_remaining <= 0:
        return _blocked(correction, "appminute", None, now)
    return correction


def granted(correction: Correction, now: datetime) -> Correction:
    """One call less, and a probe where the correction alone forbade it."""
    probe = _forbids(correction, now) is not None
    return replace(
        correction,
        day_remaining=_less(correction.day_remaining),
        minute_remaining=_less(correction.minute_remaining),
        probed_at=now if probe else correction.probed_at,
    )


def forbidden_until(correction: Correction, now: datetime) -> Forbidden | None:
    """Until when the correction forbids calls. It lets one probe through every 15 minutes."""
    forbidden = _forbids(correction, now)
    if forbidden is None:
        return None
    marks = (correction.probed_at, correction.day_at, correction.blocked_at)
    last = max((mark for mark in marks if mark is not None), default=now)
    until = min(forbidden.until, last + PROBE_EVERY)
    return replace(forbidden, until=until) if until > now else None


def leaves_probes(correction: Correction, now: datetime) -> bool:
    """Whether the next call would be a probe: Xero's word is that there are none."""
    return _forbids(correction, now) is not None


def day_left(correction: Correction, now: datetime) -> int | None:
    """Calls that Xero's word leaves of the day; None where there is none, or it is a day old and void."""
    is_void = correction.day_at is None or correction.day_at + DAY <= now
    return None if is_void else correction.day_remaining


def _forbids(correction: Correction, now: datetime) -> Forbidden | None:
    words = []
    if correction.blocked_until is not None:
        words.append(Forbidden(correction.blocked_until, correction.blocked_reason))
    # whichever kind of window Xero uses, a minute's or a day's word is void after that time
    if correction.minute_at is not None and correction.minute_remaining == 0:
        words.append(Forbidden(correction.minute_at + MINUTE, "minute"))
    if correction.day_at is not None and correction.day_remaining == 0:
        words.append(Forbidden(correction.day_at + DAY, "day"))
    return max((word for word in words if word.until > now), key=_UNTIL, default=None)


def _remaining(correction: Correction, headers: Headers, in_flight: int, now: datetime) -> Correction:
    if headers.day_remaining is not None:
        left = max(0, headers.day_remaining - in_flight)
        correction = replace(correction, day_remaining=left, day_at=now)
    if headers.minute_remaining is not None:
        left = max(0, headers.minute_remaining - in_flight)
        correction = replace(correction, minute_remaining=left, minute_at=now)
    return correction


def _voided(correction: Correction, problem: str) -> Correction:
    """Retry-After says when the window opens again: its count of none left holds no longer than that."""
    if problem == "day":
        return replace(correction, day_remaining=None, day_at=None)
    return replace(correction, minute_remaining=None, minute_at=None) if problem == "minute" else correction


def _unblocked(correction: Correction, headers: Headers, now: datetime) -> Correction:
    """A reply without a problem lifts a block that is over, or one that a probe has gone out against.

    Else it answers what was under way before.
    """
    probed_at, blocked_at, until = correction.probed_at, correction.blocked_at, correction.blocked_until
    if headers.problem or blocked_at is None or until is None:
        return correction
    if until > now and (probed_at is None or probed_at <= blocked_at):
        return correction
    return replace(correction, blocked_until=None, blocked_at=None, blocked_reason="")


def _blocked(correction: Correction, problem: str, retry_after_s: float | None, now: datetime) -> Correction:
    reason = _REASONS.get(problem, "minute")
    said = timedelta(seconds=retry_after_s) if retry_after_s is not None else _BLOCK.get(problem, MINUTE)
    span = max(said, _twice_in_vain(correction, reason, now))
    if correction.blocked_until is not None and correction.blocked_until >= now + span:
        return correction
    return replace(correction, blocked_until=now + span, blocked_at=now, blocked_reason=reason)


def _twice_in_vain(correction: Correction, reason: str, now: datetime) -> timedelta:
    """Twice as long as was waited in vain: who asks again and again at the time that is told burns the day's calls.

    After a quiet time as long as the longest block is nothing in a row: asking so seldom burns no more than that does.
    """
    at, until = correction.blocked_at, correction.blocked_until
    is_again = reason != UNAVAILABLE and reason == correction.blocked_reason
    if not is_again or at is None or until is None or not until <= now <= until + PROBE_EVERY:
        return timedelta()
    return min(2 * (until - at), PROBE_EVERY)


def _less(remaining: int | None) -> int | None:
    return None if remaining is None else max(0, remaining - 1)
