"""Money that is about to be deleted, and what waits for that: whatever else is to happen to what it is on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from worker.buffer.work import Slot
from worker.documents.documents import MONEY, VOID, DocumentKey, Kind, Write
from worker.ledger.records import Document
from worker.session.session import Session

_PATIENCE_S = 540.0
"""So long something waits for money that is to be deleted: after ten minutes its event would be returned."""

_ANY = ""
"""It may be on anything: of payments that were booked before it was kept the ledger does not know."""

_TOUCH = frozenset({Kind.INVOICE, Kind.CREDIT_NOTE, *MONEY})


class Deletions:
    """Xero voids nothing that is paid, changes no sums of it, and takes no more money than is due.

    A store says in any order that money was taken back and what takes its place.
    """

    def __init__(self, session: Session) -> None:
        self._s = session
        self._freed: dict[DocumentKey, frozenset[str]] = {}

    async def to_wait_for(self, slots: Sequence[Slot], now: float) -> set[DocumentKey]:
        """Those of `slots` that change, void, pay or set off what other money is to be taken off first."""
        deleting = self._s.buffer.deleting()
        if not deleting:
            self._freed.clear()
            return set()
        patient = [slot for slot in slots if _touches(slot.write) and now < slot.since + _PATIENCE_S]
        if not patient:
            return set()
        named = {slot.key: {slot.key, *slot.write.awaits} for slot in patient}
        asked = {slot.key for slot in deleting if slot.key not in self._freed}
        asked.update(*named.values(), *(slot.write.awaits for slot in deleting))
        known = await self._s.ledger.documents.get(asked)
        freed: set[str] = set()
        for slot in deleting:
            freed |= self._freed_by(slot, known)
        if _ANY in freed:
            return {slot.key for slot in patient if slot.key in known or slot.write.kind in MONEY}
        return {key for key, touched in named.items() if any(known[k].xero_id in freed for k in touched if k in known)}

    def _freed_by(self, slot: Slot, known: Mapping[DocumentKey, Document]) -> frozenset[str]:
        """What it is on. Of money that is in its first call only the write tells that yet."""
        if slot.key in known:
            self._freed[slot.key] = frozenset(known[slot.key].is_on or (_ANY,))
        on = {known[key].xero_id for key in slot.write.awaits if key in known}
        return self._freed.get(slot.key, frozenset()) | on


def _touches(write: Write) -> bool:
    return write.kind in _TOUCH and not (write.action is VOID and write.kind in MONEY)
