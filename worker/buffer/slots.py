"""The slot of each document that is wanted: whose turn it has, and which version comes behind it. Pure state."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from worker.buffer.turns import turn
from worker.buffer.work import Slot, Work
from worker.documents.documents import DocumentKey, Write


class Slots:
    """One for each document. A version that takes another's place takes its turn: it waits since that came."""

    def __init__(self) -> None:
        self._slots: dict[DocumentKey, Slot] = {}
        self._seq = 0
        self.get: Callable[[DocumentKey], Slot | None] = self._slots.get
        """The slot of a document, if it is wanted. Asked six times an event: the dictionary itself answers."""

    def __contains__(self, key: DocumentKey) -> bool:
        """Whether a document is wanted."""
        return key in self._slots

    def everyone(self) -> Iterable[Slot]:
        """All that are wanted, but for the versions behind."""
        return self._slots.values()

    def of(self, work: Work) -> dict[DocumentKey, Slot]:
        """Those that `work` waits for."""
        return {key: slot for key in work.pending if (slot := self._slots.get(key)) is not None}

    def is_flying(self, key: DocumentKey) -> bool:
        """Whether a document is in a call."""
        slot = self._slots.get(key)
        return slot is not None and slot.in_flight

    def want(self, work: Work, write: Write, waiting: set[DocumentKey], before: Slot | None) -> Slot:
        """Note that `work` wants it, which took the place of what wanted it `before`. Returns the document's slot."""
        slot, seq = self._slots.get(write.key), self._turn(work)
        if slot is None:
            self._slots[write.key] = slot = Slot(write, seq, work.admitted_at, work.rank, [work], waiting)
            slot.follow(before)
            return slot
        if write.only_if_absent:
            slot.owners.append(work)
        elif slot.in_flight:
            behind = Slot(write, seq, work.admitted_at, work.rank, [work], waiting)
            behind.owners += slot.queue.owners if slot.queue else ()
            behind.follow(slot.queue)
            slot.queue = behind
        else:
            slot.write, slot.waiting = write, waiting
            slot.owners.append(work)
        slot.rank, slot.seq = min(slot.rank, work.rank), min(slot.seq, seq)
        return slot

    def supersede(self, slot: Slot) -> Slot | None:
        """What `slot` was to write is not written: the version behind it, if there is one, does it all."""
        behind = slot.queue
        if behind is not None:
            behind.owners.extend(work for work in slot.owners if work not in behind.owners)
            behind.follow(slot)
            self._slots[slot.key] = behind
        return behind

    def remove(self, key: DocumentKey) -> Slot | None:
        """It is done with. Returns the version behind it, which is the document's slot now."""
        behind = self._slots.pop(key).queue
        if behind is not None:
            self._slots[key] = behind
        return behind

    def _turn(self, work: Work) -> int:
        self._seq += 1
        delivery = work.delivery
        returns = 0 if delivery is None else delivery.delivery_count
        return turn(self._seq, returns) if returns else self._seq
