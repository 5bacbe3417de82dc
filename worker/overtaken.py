"""The end of held events that another event of their entity has made needless.

Their rows in the ledger are gone, and nothing of them comes back: here their end is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from worker.ledger.records import Held
from worker.session import Session
from worker.tally import tally_held
from worker.work import Work, everyone


async def end_overtaken(session: Session, dropped: Sequence[Held], besides: Iterable[Work] = ()) -> None:
    """Count and log those of `dropped` that are not in memory: what is in the buffer, or `besides`, ends by itself.

    To be called before those are closed.
    """
    if not dropped:
        return
    here = {work.held_id for work in everyone([*session.buffer.works(), *besides])}
    gone = [held for held in dropped if held.id not in here]
    await session.ledger.runs.add(tally_held(gone, "unchanged"))
    for held in gone:
        session.closing.overtaken(held)
