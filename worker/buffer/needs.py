"""Which documents wait for which others. Pure state; the slots are the buffer's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable

from worker.buffer.work import Slot, Work
from worker.documents.documents import VOID, DocumentKey


class Needs:
    """Documents by what they wait for. Which of a document's versions wait for it is what their slots say."""

    def __init__(self, slot_of: Callable[[DocumentKey], Slot | None], offer: Callable[[Slot], None]) -> None:
        self._slot_of = slot_of
        self._offer = offer
        self._needed_by: dict[DocumentKey, set[DocumentKey]] = defaultdict(set)

    def add(self, waiter: DocumentKey, needs: Iterable[DocumentKey]) -> None:
        """`waiter` is to be sent after those."""
        for need in needs:
            self._needed_by[need].add(waiter)

    def settled(self, key: DocumentKey, *, exists: bool) -> None:
        """`key` is done, there or not: what waited for that can be sent. Its own slot is still as it was."""
        if key not in self._needed_by:
            return
        mine = self._slot_of(key)
        goes_on = mine is not None and (mine.queue is not None or not mine.in_flight)  # to a newer version
        for waiter in self._needed_by[key]:
            slot = self._slot_of(waiter)
            while slot is not None:
                # what is to be voided waits for the last of it, there or not; others for the first that is there
                if not goes_on if slot.write.action is VOID else exists:
                    slot.waiting.discard(key)
                    self._offer(slot)
                slot = slot.queue
        if exists and not goes_on:
            self._needed_by.pop(key, None)

    def orphans(self, key: DocumentKey) -> list[Work]:
        """The works that wait for `key`."""
        if key not in self._needed_by:
            return []
        slots = (self._slot_of(waiter) for waiter in self._needed_by[key])
        return [work for slot in slots if slot is not None and key in slot.waiting for work in slot.owners]
