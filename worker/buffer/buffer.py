"""What one organisation's worker holds in memory: events that wait for a call, coalesced by entity.

Pure state, no I/O and no clock: times are given. A document has one slot; a newer version takes the place of an older
one that is not in a call yet, and waits behind one that is.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping

from worker.buffer.load import Load
from worker.buffer.needs import Needs
from worker.buffer.ready import Ready
from worker.buffer.recent import Recent
from worker.buffer.slots import Slots
from worker.buffer.work import RANK, Slot, Work
from worker.documents.documents import MONEY, VOID, DocumentKey, EntityKey, Kind, Write


class Buffer:
    """Slots by document, works by entity, and what can be sent."""

    def __init__(self) -> None:
        self._slots = Slots()
        self._newest: dict[EntityKey, Work] = {}
        self._works: dict[Work, None] = {}
        self._blocked: set[DocumentKey] = set()
        self._deleting: set[DocumentKey] = set()
        self.recent = Recent()
        self.load = Load()
        self._ready = Ready(self._slots.get, self._blocked.__contains__)
        self._needs = Needs(self._slots.get, self._ready.offer)

    def __len__(self) -> int:
        return len(self._works)

    def __contains__(self, key: DocumentKey) -> bool:
        """Whether a document is wanted, in an unsettled call, or was settled a moment ago."""
        return key in self._slots or key in self._blocked or key in self.recent

    def wants(self, key: DocumentKey) -> bool:
        """Whether a version of a document is on its way."""
        return key in self._slots or key in self._blocked

    def works(self) -> list[Work]:
        """Every event held that no newer version absorbed, oldest first."""
        return list(self._works)

    def admit(self, work: Work, writes: Iterable[Write], known: Container[DocumentKey]) -> bool:
        """Take `work` in. `known` are the documents that Xero had when the ledger was asked, a moment ago.

        False, and nothing is taken, when all that was wanted has arrived since.
        """
        wanted = [write for write in writes if not (write.only_if_absent and self._has_arrived(write.key))]
        if not wanted:
            return False
        self.load.add(work)
        before = self._coalesce(work)
        if before is None:
            return True
        self._works[work] = None
        voided: DocumentKey | None = None
        for write in wanted:
            waiting = {n for n in write.awaits if n not in known and n not in self.recent}
            if write.action is VOID:
                if write.kind in MONEY:
                    self._deleting.add(write.key)
                # Xero voids a credit note only when its allocations are gone: one after the other, as they come
                waiting |= {voided} if voided is not None else set()
                voided = write.key
            work.pending.add(write.key)
            slot = self._slots.want(work, write, waiting, before.get(write.key))
            if waiting:
                self._needs.add(write.key, waiting)
            self._ready.offer(slot)
        return True

    def take(self, kind: Kind, limit: int, now: float, first: int = 0) -> list[Slot]:
        """Up to `limit` sendable slots of `kind`, those of rank `first`, then most urgent lane and oldest first.

        They count as in flight.
        """
        return self._ready.pop(kind, limit, now, first)

    def choose(
        self,
        now: float,
        ranks: Iterable[int] = range(len(RANK)),
        *,
        least: Callable[[Kind], int] = lambda _: 1,
        order: Callable[[Kind], int] = lambda _: 0,
    ) -> tuple[Kind, int] | None:
        """The kind to send next and its rank: the lanes in that order, the kinds in `order`, then the oldest event's.

        Kinds of which fewer than about `least` can be sent do not count.
        """
        return self._ready.choose(now, ranks, least, order)

    def count(self, kind: Kind) -> int:
        """How many documents of `kind` may be sendable, but for those that were taken."""
        return self._ready.count(kind)

    def waits_since(self, kind: Kind, now: float) -> float | None:
        """Since when the first document waits that a call of `kind` could carry now, in whatever version it came."""
        return self._ready.since(kind, now)

    def next_due(self) -> float | None:
        """When the next delayed slot becomes sendable."""
        return self._ready.next_due()

    def put_back(self, keys: Iterable[DocumentKey], *, not_before: float = 0.0) -> None:
        """Free slots whose call wrote nothing: sendable again from `not_before`, or replaced by their next version."""
        for key in keys:
            slot = self._slots.get(key)
            if slot is None:
                continue
            slot.in_flight = False
            if slot.queue is not None:
                self._supersede(slot)
            elif not slot.owners:
                self._slots.remove(key)
            else:
                slot.not_before = not_before
                self._ready.offer(slot)

    def land(self, key: DocumentKey) -> list[Work]:
        """A refused document is in no call any more. Returns the works to give up, none if a newer version waits."""
        slot = self._slots.get(key)
        if slot is None or not slot.in_flight:
            return []
        slot.in_flight = False
        if slot.queue is not None:
            self._supersede(slot)
            return []
        if not slot.owners:
            self._slots.remove(key)  # its event was given up while it was in the call
        return list(slot.owners)

    def unsettle(self, keys: Iterable[DocumentKey]) -> None:
        """Documents that were settled a moment ago are not there any more: who needs them waits for them again."""
        for key in keys:
            self.recent.forget(key)

    def replace(self, write: Write) -> None:
        """Change what an in-flight slot is going to send (a contact's name with its suffix)."""
        slot = self._slots.get(write.key)
        if slot is not None:
            slot.write = write

    def settle(self, key: DocumentKey, *, exists: bool = True) -> list[Work]:
        """The slot of `key` is done. Returns the works that wait for nothing more; they have left the buffer.

        Unless it `exists`, as when there was nothing to void, those that need it go on waiting; what is to be voided
        after it does not. A slot that is in no call, because one from before this session was settled, stays: it may
        hold a newer version.
        """
        if exists:
            self.recent.add(key)
        self._needs.settled(key, exists=exists)
        slot = self._slots.get(key)
        if slot is None or not slot.in_flight:
            return []
        self._remove(key)
        done = []
        for work in slot.owners:
            if slot.queue is None or work not in slot.queue.owners:
                work.pending.discard(key)
            if not work.pending and work in self._works:
                self.load.remove((work, *work.absorbed))
                self._forget(work)
                done.append(work)
        return done

    def drop(self, work: Work) -> list[Work]:
        """Take `work` out unsettled, with what it absorbed.

        Returns the works that wait for a document nobody is going to write now.
        """
        if work in self._works:
            self.load.remove((work, *work.absorbed))
        return self._withdraw(work)

    def shed(self, work: Work, which: Callable[[Work], bool]) -> list[Work]:
        """Take out unsettled, of what `work` absorbed, each event that is so; `work` itself stays."""
        gone = [one for one in work.absorbed if which(one)]
        if gone:
            work.absorbed = [one for one in work.absorbed if not which(one)]
            self.load.remove(gone)
        return gone

    def block(self, keys: Iterable[DocumentKey]) -> None:
        """Keep documents from being sent: an earlier call that holds them is not settled yet."""
        self._blocked.update(keys)

    def unblock(self, keys: Iterable[DocumentKey]) -> list[Work]:
        """The earlier call is settled. Returns the works that wait for a document nobody is going to write now."""
        orphans: list[Work] = []
        for key in keys:
            self._blocked.discard(key)
            slot = self._slots.get(key)
            if slot is not None:
                self._ready.offer(slot)
            else:
                orphans += self._needs.orphans(key)
        return list(dict.fromkeys(orphans))

    def slot(self, key: DocumentKey) -> Slot | None:
        """The slot of a document, if it is wanted."""
        return self._slots.get(key)

    def of_kind(self, kind: Kind) -> list[Work]:
        """The works that want a document of `kind` that is not in a call."""
        slots = (s for s in self._slots.everyone() if s.write.kind is kind and not s.in_flight)
        return list(dict.fromkeys(work for slot in slots for work in slot.owners))

    def deleting(self) -> list[Slot]:
        """The slots of payments and allocations that are to be gone, be that in a call or behind one."""
        slots = [slot for key in self._deleting if (slot := self._slots.get(key)) is not None and _deletes(slot)]
        self._deleting = {slot.key for slot in slots}
        return slots

    def idle(self) -> list[Work]:
        """The works of which nothing is in a call."""
        return [w for w in self._works if not any(map(self._slots.is_flying, w.pending))]

    def _has_arrived(self, key: DocumentKey) -> bool:
        return key in self.recent and not self.wants(key)

    def _coalesce(self, work: Work) -> Mapping[DocumentKey, Slot] | None:
        """Let the newest version absorb the others: returns the slots of what `work` has absorbed.

        None when `work` itself was absorbed by a newer one.
        """
        held = self._newest.get(work.owner)
        if held is not None and held.newness > work.newness:
            held.absorb(work)
            self._hurry(held)
            return None
        before: Mapping[DocumentKey, Slot] = {}
        if held is not None and not any(map(self._slots.is_flying, held.pending)):
            before = self._slots.of(held)
            self._withdraw(held)
            work.absorb(held)
        self._newest[work.owner] = work
        return before

    def _hurry(self, work: Work) -> None:
        """What `work` wants goes as soon as the most urgent of what it absorbed."""
        for slot in self._slots.of(work).values():
            if work in slot.owners and work.rank < slot.rank:
                slot.rank = work.rank
                self._ready.offer(slot)

    def _supersede(self, slot: Slot) -> None:
        behind = self._slots.supersede(slot)
        if behind is not None:
            self._ready.offer(behind)

    def _remove(self, key: DocumentKey) -> bool:
        """The slot is done with; whether another version was behind it."""
        behind = self._slots.remove(key)
        if behind is not None:
            self._ready.offer(behind)
        return behind is not None

    def _prune(self, key: DocumentKey, orphans: list[Work]) -> None:
        slot = self._slots.get(key)
        if slot is None or slot.owners or slot.in_flight:
            return
        if not self._remove(key):
            orphans += self._needs.orphans(key)

    def _withdraw(self, work: Work) -> list[Work]:
        """As `drop` does; but whoever absorbs `work` goes on holding it."""
        orphans: list[Work] = []
        for key in work.pending:
            slot = self._slots.get(key)
            if slot is not None:
                slot.leave(work)
            self._prune(key, orphans)
        self._forget(work)
        return [w for w in dict.fromkeys(orphans) if w in self._works]

    def _forget(self, work: Work) -> None:
        self._works.pop(work, None)
        if self._newest.get(work.owner) is work:
            del self._newest[work.owner]


def _deletes(slot: Slot) -> bool:
    return slot.write.action is VOID or (slot.queue is not None and slot.queue.write.action is VOID)
