"""In which order what is due comes back."""

from __future__ import annotations

from datetime import timedelta

from tests.fakes import START
from tests.sample_ledger import ORG, event, key, lease_of
from worker.ledger.ledger import Ledger
from worker.ledger.records import HoldState

MINUTE = timedelta(minutes=1)


async def test_what_is_asked_for_first_comes_before_what_is_due_longer(ledger: Ledger) -> None:
    lease = await lease_of(ledger)
    longer = [event(n, until=START - MINUTE / n) for n in range(1, 4)]
    asked = [event(n, until=START) for n in (5, 4)]
    never = [event(6, until=START + MINUTE), event(7, HoldState.PERSON), event(8, HoldState.PARENT, parent=key(8))]
    await ledger.held.hold(lease, [*longer, *asked, *never])
    first = {one.id for one in (*asked, *never, longer[2])} | {"gone"}

    found = await ledger.held.due(ORG, limit=4, first=first, besides={asked[0].id})

    assert [one.event_id for one in found] == ["event-3", "event-4", "event-1", "event-2"]
