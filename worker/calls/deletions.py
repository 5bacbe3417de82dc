"""Money that is about to be deleted, and what waits for that: whatever else is to happen to what it is on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from worker.buffer.work import Slot
from worker.documents.documents import MONEY, VOID, DocumentKey, Kind, Write
from worker.ledger.records import Document
from worker.session.session import Session

_FOR_MONEY_S = 540.0
"""So long something waits for money that is to be deleted: after ten minutes its event would be returned."""

_ANY = ""
"""It may be on anything: of payments that were booked before it was kept the ledger does not know."""

_TOUCH = frozenset({Kind.INVOICE, Kind.CREDIT_NOTE, *MONEY})


async def awaited(session: Session, slots: Sequence[Slot], now: float) -> set[DocumentKey]:
    """Those of `slots` that change, void, pay or set off what other money is to be taken off first.

    Xero voids nothing that is paid, changes no sums of it, and takes no more money than is due. A store says in any
    order that money was taken back and what takes its place.
    """
    deleting = session.buffer.deleting()
    patient = [slot for slot in slots if _touches(slot.write) and now < slot.since + _FOR_MONEY_S] if deleting else []
    if not patient:
        return set()
    named = {slot.key: {slot.key, *slot.write.awaits} for slot in (*patient, *deleting)}
    known = await session.ledger.documents.get(set().union(*named.values()))
    freed = {xero_id for slot in deleting for xero_id in _freed_by(slot, known)}
    if _ANY in freed:
        return {slot.key for slot in patient if slot.key in known or slot.write.kind in MONEY}
    touched = {slot.key: {known[key].xero_id for key in named[slot.key] if key in known} for slot in patient}
    return {key for key, ids in touched.items() if ids & freed}


def _freed_by(slot: Slot, known: Mapping[DocumentKey, Document]) -> set[str]:
    """What it is on. Of money that is in its first call only the write tells that yet."""
    on = known[slot.key].is_on or (_ANY,) if slot.key in known else ()
    return {*on, *(known[key].xero_id for key in slot.write.awaits if key in known)}


def _touches(write: Write) -> bool:
    return write.kind in _TOUCH and not (write.action is VOID and write.kind in MONEY)
