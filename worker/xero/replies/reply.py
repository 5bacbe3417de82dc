"""What came of a call, whatever it was: one value for the caller to decide by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

_CLOSED_TO_US = "the consent was withdrawn, or tenant_id is not set, or no organisation of this connection"
_FORBIDDEN = 403


class ReplyKind(StrEnum):
    """One word per reaction."""

    ANSWERED = "answered"
    """Xero said something of each document; `verdicts` reads it."""
    REFUSED_WHOLE = "refused_whole"
    """A 400 that names no document of the call: nothing was written."""
    TOO_MANY_MINUTE = "too_many_minute"
    TOO_MANY_CONCURRENT = "too_many_concurrent"
    TOO_MANY_DAY = "too_many_day"
    TOO_MANY_APP = "too_many_app"
    CONSENT = "consent"
    """A person has to connect again, or to mend the app's credentials."""
    SCOPE = "scope"
    """The consent lacks a scope that the call needs."""
    SERVER_ERROR = "server_error"
    """A 500: part of the call may have been written, and Xero's idempotency keeps the error."""
    UNSENT = "unsent"
    """The call did not reach Xero, or was turned away before it was processed: nothing was written."""
    UNCERTAIN = "uncertain"
    """Whether the call was processed is not known."""
    NOT_FOUND = "not_found"
    UNEXPECTED = "unexpected"
    """A reply this client does not know how to take: nothing is assumed."""


PROBLEMS = {
    ReplyKind.TOO_MANY_MINUTE: "minute",
    ReplyKind.TOO_MANY_CONCURRENT: "concurrent",
    ReplyKind.TOO_MANY_DAY: "day",
    ReplyKind.TOO_MANY_APP: "appminute",
}
"""Every kind of a 429, with Xero's word for its limit (X-Rate-Limit-Problem)."""


@dataclass(frozen=True, slots=True)
class LimitHeaders:
    """What Xero said of its limits. Absent headers are `None`, seconds may have fractions."""

    day_remaining: int | None = None
    minute_remaining: int | None = None
    app_minute_remaining: int | None = None
    retry_after_s: float | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """`elements` are the documents of the reply's envelope, numbers as `Decimal`; `detail` is for people.

    Without a `status` Xero gave none: nothing came, or something else answered in its place, which `detail` tells.

    Without `has_messages` no element holds a validation error or a warning: they need not be walked through.
    """

    outcome: ReplyKind
    status: int | None = None
    elements: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)
    raw: bytes = field(default=b"", repr=False)
    limits: LimitHeaders = field(default_factory=LimitHeaders)
    detail: str = ""
    has_messages: bool = True


def hint_of(status: int | None, outcome: ReplyKind) -> str:
    """Our own words beside Xero's, which do not tell a lost consent from a wrong tenant; empty for other replies."""
    return _CLOSED_TO_US if status == _FORBIDDEN and outcome is ReplyKind.CONSENT else ""
