"""Which events end with the answer to a call, and which are held for it. Reads memory, changes nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from worker.buffer.work import Work
from worker.documents.documents import CONTACT, DocumentKey, EntityKey
from worker.intake.holding import KIND_PAUSE_S, parked, waiting_until
from worker.ledger.records import EXCEEDS_DUE, KIND_PAUSED, Document, Held, Member
from worker.session.outcome import Results, settled_keys
from worker.session.session import Session
from worker.xero.facts import target_of
from worker.xero.replies.verdicts import Refused

_MOST = 2000


@dataclass(frozen=True, slots=True)
class Ending:
    """The events in memory that end, and up to which versions nothing of their entities is wanted any more."""

    works: frozenset[Work]
    completed: Sequence[tuple[EntityKey, datetime]]


class Ends:
    """What becomes of the events of one session."""

    def __init__(self, session: Session) -> None:
        self._s = session

    def owners(self, key: DocumentKey) -> list[Work]:
        """The events whose document `key` is in a call."""
        slot = self._s.buffer.slot(key)
        return list(slot.owners) if slot is not None and slot.in_flight else []

    def with_documents(self, documents: Sequence[Document], given_up: Collection[Work] = ()) -> Ending:
        """When these are there. Of a call that another session opened, what is older than its documents is completed.

        The event of such a document comes again, finds itself written, and drops nothing. A contact may have a sale's
        version. What is `given_up` ends otherwise.
        """
        slot_of = self._s.buffer.slot
        works: set[Work] = set()
        overtaken: list[tuple[EntityKey, datetime]] = []
        for one in documents:
            slot = slot_of(one.key)
            if slot is not None and slot.in_flight:
                works.update(slot.owners)
            elif one.kind is not CONTACT:
                overtaken.append((one.key.owner, one.version - timedelta(microseconds=1)))
        ending = _that_wait_for(works.difference(given_up), settled_keys(documents))
        return Ending(ending.works, [*ending.completed, *overtaken])

    def with_keys(self, keys: Collection[DocumentKey]) -> Ending:
        """When nothing is to be written of these."""
        return _that_wait_for({work for key in keys for work in self.owners(key)}, set(keys))

    def fates(self, results: Results, *, is_paused: bool) -> list[tuple[Work, Held]]:
        """The events that are held for what Xero said, but for those of whose documents a newer version waits.

        Those whose refusal pauses the kind wait until that is over, where it `is_paused`. A refusal counts before a
        doubt.
        """
        until = self._s.time.in_s(KIND_PAUSE_S)
        fates: dict[Work, Held] = {}
        for member, refused in results.refused:
            for work in self._given_up(member.key):
                if is_paused and refused.pauses_kind:
                    fates.setdefault(work, waiting_until(work, until, KIND_PAUSED, refused.reason))
                else:
                    fates.setdefault(work, self._fate(work, member, refused))
        for key, doubt in results.doubted.items():
            for work in self._given_up(key):
                fates.setdefault(work, parked(work, *doubt))
        return list(fates.items())

    def _given_up(self, key: DocumentKey) -> list[Work]:
        slot = self._s.buffer.slot(key)
        return [] if slot is None or slot.queue is not None else self.owners(key)

    def _fate(self, work: Work, member: Member, refused: Refused) -> Held:
        detail = f"Xero refused the {member.kind}: {'; '.join(refused.messages)}"[:_MOST]
        if refused.again or self._is_unpaid_since(member, refused):
            return waiting_until(work, self._s.time.now(), refused.reason, detail)
        is_too_much = refused.reason == EXCEEDS_DUE
        return parked(work, refused.reason, detail, refused.hint, self._paid_for(member) if is_too_much else None)

    def _is_unpaid_since(self, member: Member, refused: Refused) -> bool:
        """Whether money was taken off what `member` is for while Xero was told of it: once more then."""
        freed = target_of(member.element) if refused.reason == EXCEEDS_DUE else None
        if freed is None or freed not in self._s.unpaid:
            return False
        self._s.unpaid.remove(freed)
        return True

    def _paid_for(self, member: Member) -> DocumentKey | None:
        """What money is for. Credit is for the sale that it is set against."""
        slot = self._s.buffer.slot(member.key)
        if slot is None:
            return None
        others = slot.write.needs - {slot.write.parent}
        return min(others) if others else slot.write.parent


def _that_wait_for(works: Iterable[Work], keys: set[DocumentKey]) -> Ending:
    """Those of `works` that wait for nothing else."""
    ending = frozenset([work for work in works if work.pending <= keys])
    return Ending(ending, [(work.owner, work.version) for work in ending])
