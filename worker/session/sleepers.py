"""What is under way and asks nothing of Xero for minutes maybe: others go on as if it were not there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from schemas.envelope import Lane
from worker.buffer.buffer import Buffer
from worker.buffer.work import everyone
from worker.documents.documents import DocumentKey


class Sleepers:
    """`count` is how many calls, or makings of some, sleep now."""

    def __init__(self) -> None:
        self.count = 0
        self._documents: Counter[DocumentKey] = Counter()

    @contextmanager
    def sleep(self, keys: Iterable[DocumentKey]) -> Iterator[None]:
        """Meanwhile one more sleeps, and these documents wait for it."""
        waiting = Counter(keys)
        self.count += 1
        self._documents += waiting
        try:
            yield
        finally:
            self.count -= 1
            self._documents -= waiting

    def awake(self, buffer: Buffer, lane: Lane) -> int:
        """How many events of a lane are held, but for those that wait for what sleeps."""
        slots = filter(None, map(buffer.slot, self._documents))
        asleep = {work for slot in slots for work in everyone(slot.owners)}
        return buffer.load.held[lane] - sum(work.lane is lane for work in asleep)
