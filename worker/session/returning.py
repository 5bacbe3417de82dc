"""Held events that come back from the ledger: which a call has just released, and which are in hand already."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from worker.buffer.buffer import Buffer
from worker.buffer.work import everyone


class Returning:
    """By the ids of held events.

    `released` are those that a call has made due, until they were looked for; `is_due` is set when there are more.
    `in_hand` is what is between the ledger and the buffer, in either direction: how often each.
    """

    def __init__(self, buffer: Buffer) -> None:
        self.released: set[str] = set()
        self.is_due = asyncio.Event()
        self._buffer = buffer
        self.in_hand: Counter[str] = Counter()

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

    def here(self) -> set[str]:
        """Those in the buffer, or on their way into it: their ends are told by who has them."""
        return {work.held_id for work in everyone(self._buffer.works()) if work.held_id} | self.in_hand.keys()
