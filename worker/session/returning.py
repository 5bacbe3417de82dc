"""Held events that come back from the ledger: which a call has just released, and which are in hand already."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from operator import attrgetter

from worker.buffer.buffer import Buffer
from worker.buffer.work import everyone

_HELD_ID = attrgetter("held_id")


class Returning:
    """By the ids of held events.

    `released` are those that a call has made due, until they were looked for; `is_due` is set when there are more.
    `in_hand` is what is between the ledger and the buffer, in either direction: how often each. `dropping` has those
    whose rows a transaction deletes that is under way, `dropped` those of which one did so since the last look.
    """

    def __init__(self, buffer: Buffer) -> None:
        self.released: set[str] = set()
        self.is_due = asyncio.Event()
        self._buffer = buffer
        self.in_hand: Counter[str] = Counter()
        self.dropping: set[str] = set()
        self.dropped: set[str] = set()

    def release(self, held_ids: Iterable[str]) -> None:
        """A call has made these due: they are looked for at once."""
        self.released.update(held_ids)
        self.is_due.set()

    @contextmanager
    def takes_in(self, held_ids: Iterable[str | None]) -> Iterator[None]:
        """Meanwhile these are compared, or held anew: neither do they come back again, nor end without being asked."""
        ids = [one for one in held_ids if one]
        self.in_hand.update(ids)
        try:
            yield
        finally:
            self.in_hand -= Counter(ids)

    def look(self) -> set[str]:
        """Begin to look for what is due in the ledger; what is here need not be looked for."""
        self.dropped.clear()
        return self.here()

    def drops(self, held_ids: Iterable[str]) -> None:
        """A transaction tells the ends of these: who reads the ledger before it has committed still finds them."""
        self.dropping.update(held_ids)

    def has_dropped(self, held_ids: Iterable[str]) -> None:
        """It has committed: a look that began before may have them nevertheless."""
        ids = set(held_ids)
        self.dropping -= ids
        self.dropped |= ids

    def is_told(self, held_id: str) -> bool:
        """Whether the end of what the last look has found was told meanwhile: it does not come back."""
        return held_id in self.dropping or held_id in self.dropped

    def here(self) -> set[str]:
        """Those in the buffer, or on their way into it: their ends are told by who has them."""
        here = filter(None, map(_HELD_ID, everyone(self._buffer.works())))
        return {*here, *self.in_hand}
