"""What one look at a whole list comes to: rows that are gone, mended, late; and events that no queue took."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Swept:
    """Counted while a list is swept. Where something is `unrouted`, the list is to be swept again."""

    gone: int = 0
    mended: int = 0
    late: int = 0
    unrouted: int = 0
