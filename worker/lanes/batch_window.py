"""An organisation's batch window: which one it is, and how much is to be taken of what was there at its opening.

Pure state. It outlives the session: who is paused at an opening has not missed it, and a window that a session's end
cut short is taken to its end by the next one of the same lease.
"""

from __future__ import annotations

from dataclasses import dataclass

ZEROS = 8
"""So many answers of 0 in a row say that nothing waits (two seconds and more): one alone may mean that the queue's
leader did not answer within 250 ms (`rabbit_quorum_queue:stat/2` of RabbitMQ 3.10 to 4.x)."""


@dataclass(slots=True)
class BatchWindow:
    """`index` is None before the first session. `awaited`: it has opened, and what is there is not known yet."""

    index: int | None = None
    awaited: bool = False
    remaining: int = 0
    _zeros: int = 0

    @property
    def asks(self) -> bool:
        """Whether the queue's depth is of interest."""
        return self.awaited or self.remaining > 0

    def leaves(self, depth: int) -> int:
        """How many of so many in the queue wait for the next opening."""
        return 0 if self.awaited else max(0, depth - max(0, self.remaining))

    def at(self, index: int) -> None:
        """It is the window of that index now; another one than before opens. The first begins in mid-window."""
        if self.index is not None and index != self.index:
            self.open()
        self.index = index

    def open(self) -> None:
        """Take what will be found in the queue."""
        self.awaited, self._zeros = True, 0

    def shut(self) -> None:
        """Take no more before the next opening."""
        self.awaited, self.remaining = False, 0

    def taken(self, count: int) -> None:
        """So many messages were delivered."""
        self.remaining -= count

    def returned(self, count: int) -> None:
        """So many went back to the queue: as many more are taken of it, though the window was over.

        That a prefetch has taken more than was there at the opening is forgotten, and not set against them.
        """
        if count:
            self.remaining = max(self.remaining, 0) + count

    def learn(self, depth: int) -> None:
        """An opening takes what is there; an open window ends early when others took some, or the queue was purged."""
        if depth == 0:
            self._zeros += 1
            if self._zeros == ZEROS:
                self.shut()
            return
        self._zeros = 0
        if self.awaited:
            self.awaited, self.remaining = False, depth
