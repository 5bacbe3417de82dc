"""A duration in words."""

from __future__ import annotations

from datetime import timedelta

_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def in_words(takes: timedelta) -> str:
    """How long, in the unit a person would use; a minute at least."""
    if takes < 2 * _HOUR:
        minutes = max(round(takes / _MINUTE), 1)
        return f"{minutes} minute{'' if minutes == 1 else 's'}"
    return f"{takes / _HOUR:.0f} hours" if takes < 2 * _DAY else f"{takes / _DAY:.1f} days"
