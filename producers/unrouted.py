"""The events of a run that no queue took, for a person who asks what is left of it. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from producers.translation import Outgoing


class Unrouted:
    """Counts them by organisation."""

    def __init__(self) -> None:
        self._of: Counter[str] = Counter()

    def add(self, left: Sequence[Outgoing]) -> None:
        """These of a page are not published."""
        self._of.update(one.event.organisation for one in left)

    @property
    def told(self) -> str:
        """How many of which organisation, and what to do; empty where every event had a queue."""
        if not self._of:
            return ""
        counted = ", ".join(f"{count} of {organisation}" for organisation, count in sorted(self._of.items()))
        return f"no queue took {counted}: mend what events.unrouted names in the agent's log, and publish them again"
