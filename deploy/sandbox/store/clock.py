"""The store's time: the machine's, moved forward on request."""

from __future__ import annotations

import time
from email.utils import formatdate


class StoreClock:
    """Seconds since the epoch, plus whatever a test has advanced."""

    def __init__(self) -> None:
        self._offset = 0.0

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time() + self._offset

    def http_date(self) -> str:
        """The same, as the `Date` header of a reply."""
        return formatdate(self.now(), usegmt=True)

    def advance(self, seconds: float) -> None:
        """Move time forward."""
        self._offset += seconds
