"""One event on its way through the worker, and the slot of one document that events want written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct, field

from producers.amqp import Delivery
from schemas.envelope import Lane
from worker.documents.documents import DocumentKey, EntityKey, Write

_WRITTEN = frozenset({"written", "adopted"})
RANK = {Lane.IMMEDIATE: 0, Lane.BATCH: 1, Lane.BACKFILL: 2}


class Work(Struct, eq=False):
    """One event until it is settled: its bytes, where to acknowledge it, and the documents it still waits for."""

    event_id: str
    owner: EntityKey
    version: datetime
    occurred_at: datetime
    lane: Lane
    body: bytes
    delivery: Delivery | None = None
    held_id: str | None = None
    attempt: int = 0
    admitted_at: float = 0.0
    pending: set[DocumentKey] = field(default_factory=set)
    absorbed: list[Work] = field(default_factory=list)
    result: str = "written"
    reason: str = ""
    document_id: str = ""
    call_id: str = ""
    run_id: str = ""
    urgent: Lane | None = None

    @property
    def is_in_the_books(self) -> bool:
        """Whether its documents are in Xero for it: written, or found there with our content."""
        return self.result in _WRITTEN

    @property
    def rank(self) -> int:
        """How soon it goes: as the most urgent of what it absorbed, for a resync must not slow down a sale of today."""
        return RANK[self.urgent or self.lane]

    @property
    def newness(self) -> tuple[datetime, float]:
        """Of two events of one entity the later version counts; of equal versions, the later arrival."""
        return (self.version, self.admitted_at)

    def absorb(self, other: Work) -> None:
        """`other` ends with this one, and so does all that it had absorbed: that is this one's now, in one flat list.

        The list is handed on, not copied: of versions that come one after the other each absorbs all before it.
        """
        if other.rank < self.rank:
            self.urgent = other.urgent or other.lane
        if other.absorbed:
            other.absorbed += self.absorbed
            self.absorbed, other.absorbed = other.absorbed, []
        self.absorbed.append(other)


def unheld(works: Iterable[Work]) -> Counter[Lane]:
    """How many of each lane only memory has: what the ledger holds is counted there."""
    return Counter(work.lane for work in works if work.held_id is None)


class Slot(Struct, eq=False):
    """One document that is wanted. `waiting` names the documents it needs first; `queue` is the next version.

    `seq` is its turn, `since` when the first event came that it is to be written for.
    """

    write: Write
    seq: int
    since: float
    rank: int
    owners: list[Work]
    waiting: set[DocumentKey] = field(default_factory=set)
    in_flight: bool = False
    not_before: float = 0.0
    queue: Slot | None = None

    @property
    def key(self) -> DocumentKey:
        """Whose slot this is."""
        return self.write.key

    def follow(self, before: Slot | None) -> None:
        """It takes the place of that one: its turn, the time since which it waits, and how soon it was to go."""
        if before is not None:
            self.seq, self.rank = min(self.seq, before.seq), min(self.rank, before.rank)
            self.since = before.since

    def leave(self, work: Work) -> None:
        """`work` wants it no more; a version that waits behind it goes with its last owner."""
        if work in self.owners:
            self.owners.remove(work)
        if self.queue is not None:
            self.queue.leave(work)
            if not self.queue.owners:
                self.queue = None


def everyone(works: Iterable[Work]) -> list[Work]:
    """The works and all they absorbed."""
    found = list(works)
    for work in [one for one in found if one.absorbed]:
        found += work.absorbed
    return found
