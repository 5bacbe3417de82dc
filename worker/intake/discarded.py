"""Messages that come again though a person has let them go, or had somebody taken out of what is held of them.

Their acknowledgement was lost when they were parked.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from operator import attrgetter

from worker.buffer.work import Work
from worker.intake.holding import held_id
from worker.intake.sorting import Sorted
from worker.session.session import Session


async def take_out(session: Session, found: Sorted) -> list[Work]:
    """Take what was let go out of `found`, and return it: a person may have booked it by hand.

    Whoever publishes it anew is heard: that is another message, or one that the broker has not delivered before. What
    is held in other words stays, and is not booked in these.
    """
    again = [
        (held_id(session.org.name, work.body), work)
        for work in _works(found)
        if work.delivery is not None and work.delivery.redelivered
    ]
    if not again:
        return []
    held = session.ledger.held
    ids = await held.discarded({one for one, _ in again}) | await held.redacted({one: work.body for one, work in again})
    gone = [work for one, work in again if one in ids]
    for work in gone:
        work.result = "discarded"
    found.candidates = [one for one in found.candidates if one.work not in gone]
    found.ignored = [work for work in found.ignored if work not in gone]
    found.held = [pair for pair in found.held if pair[0] not in gone]
    found.unmapped = [pair for pair in found.unmapped if pair[0] not in gone]
    return gone


def _works(found: Sorted) -> Iterable[Work]:
    return chain(
        map(attrgetter("work"), found.candidates),
        found.ignored,
        (work for work, _ in found.held),
        (work for work, _ in found.unmapped),
    )
