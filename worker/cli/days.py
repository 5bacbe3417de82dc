"""Days as a person types them: a calendar's, without a time or a zone."""

from __future__ import annotations

from datetime import UTC, date, datetime

import typer

FORM = "YYYY-MM-DD"
_YEARS = range(1900, 3000)
"""Of these a day has others before and after it, which a store of another time zone may call the same."""


def day(text: str) -> date:
    """The day that was typed; anything else is refused with what was expected, and exits 2."""
    try:
        typed = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError:
        typed = date.min
    if typed.year not in _YEARS:
        raise typer.BadParameter(f"expected a day of 1900 to 2999 as {FORM}, such as 2026-03-31, got {text!r}")
    return typed


def midnight(of: date) -> datetime:
    """The moment at which a day begins (UTC)."""
    return datetime(of.year, of.month, of.day, tzinfo=UTC)
