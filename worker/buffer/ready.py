"""Which slots can be sent, the most urgent lane and the oldest first. Pure: times are given."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterable

from worker.buffer.turns import is_overdue
from worker.buffer.work import RANK, Slot
from worker.documents.documents import DocumentKey, Kind


class Ready:
    """A heap for each rank and kind. Entries are dropped when they turn out to be out of date, not before.

    A document may have several, as one version takes another's place: `_newest` tells which is its last.
    """

    def __init__(
        self, slot_of: Callable[[DocumentKey], Slot | None], is_blocked: Callable[[DocumentKey], bool]
    ) -> None:
        self._slot_of = slot_of
        self._is_blocked = is_blocked
        self._heaps: dict[tuple[int, Kind], list[tuple[int, DocumentKey]]] = defaultdict(list)
        self._newest: dict[Kind, dict[DocumentKey, tuple[int, int]]] = {kind: {} for kind in Kind}
        self._delayed: list[tuple[float, int, DocumentKey]] = []

    def offer(self, slot: Slot) -> None:
        """Note a slot that may be sendable now, or at its time."""
        write, rank, seq = slot.write, slot.rank, slot.seq
        key, kind = write.key, write.kind
        if slot.in_flight or slot.waiting or self._is_blocked(key):
            return
        if slot.not_before:
            heapq.heappush(self._delayed, (slot.not_before, seq, key))
            return
        newest, entry = self._newest[kind], (rank, seq)
        if newest.get(key) != entry:
            newest[key] = entry
            heapq.heappush(self._heaps[rank, kind], (seq, key))

    def pop(self, kind: Kind, limit: int, now: float, first: int) -> list[Slot]:
        """Take up to `limit` sendable slots of `kind`, those of rank `first` first; they are marked as in flight."""
        self._wake(now)
        taken: list[Slot] = []
        for rank in sorted(range(len(RANK)), key=lambda rank: (rank != first, rank)):
            heap = self._heaps[rank, kind]
            while heap and len(taken) < limit:
                key = self._drop_head(rank, kind)
                slot = self._sendable(key, rank, now)
                if slot is not None:
                    self._newest[kind].pop(key, None)  # it may have been found by an entry of an earlier version
                    slot.in_flight = True
                    taken.append(slot)
        return taken

    def choose(
        self, now: float, ranks: Iterable[int], least: Callable[[Kind], int], order: Callable[[Kind], int]
    ) -> tuple[Kind, int] | None:
        """The first kind in that order, then of the oldest slot, of the first of `ranks` that has one; and its rank.

        What is overdue goes before, whether or not there are `least` of it: a kind that never fills a call goes, too.
        """
        self._wake(now)
        for rank in ranks:
            heads = [(head.seq, kind) for kind in Kind if (head := self._head(rank, kind, now))]
            overdue = [head for head in heads if is_overdue(head[0])]
            if overdue:
                return min(overdue)[1], rank
            enough = [(head, kind) for head, kind in heads if self.count(kind) >= least(kind)]
            if enough:
                return min(enough, key=lambda pair: (order(pair[1]), pair))[1], rank
        return None

    def count(self, kind: Kind) -> int:
        """How many documents of `kind` may be sendable: those whose events were given up meanwhile count too."""
        return len(self._newest[kind])

    def since(self, kind: Kind, now: float) -> float | None:
        """Since when a sendable slot of `kind` waits, of those whose turn is first."""
        heads = [self._head(rank, kind, now) for rank in range(len(RANK))]
        return min((slot.since for slot in heads if slot is not None), default=None)

    def next_due(self) -> float | None:
        """When the next delayed slot becomes sendable."""
        return self._delayed[0][0] if self._delayed else None

    def _wake(self, now: float) -> None:
        while self._delayed and self._delayed[0][0] <= now:
            _, _, key = heapq.heappop(self._delayed)
            slot = self._slot_of(key)
            if slot is not None and slot.not_before and slot.not_before <= now:
                slot.not_before = 0.0
                self.offer(slot)

    def _head(self, rank: int, kind: Kind, now: float) -> Slot | None:
        heap = self._heaps[rank, kind]
        while heap:
            seq, key = heap[0]
            slot = self._sendable(key, rank, now)
            if slot is not None and slot.seq == seq:
                return slot
            self._drop_head(rank, kind)
        return None

    def _drop_head(self, rank: int, kind: Kind) -> DocumentKey:
        seq, key = heapq.heappop(self._heaps[rank, kind])
        if self._newest[kind].get(key) == (rank, seq):
            del self._newest[kind][key]
        return key

    def _sendable(self, key: DocumentKey, rank: int, now: float) -> Slot | None:
        slot = self._slot_of(key)
        if slot is None or slot.rank != rank or slot.in_flight or slot.waiting or self._is_blocked(key):
            return None
        return slot if slot.not_before <= now else None
