"""The end of held events that another event of their entity has made needless.

Their rows in the ledger are gone, and nothing of them comes back: here their end is told, that of parked ones too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from worker.buffer.work import Work, everyone
from worker.ledger.records import Held, HoldState
from worker.session.session import Session


class Overtaken:
    """The held events that end because one transaction drops them: neither the session nor `besides` has them."""

    def __init__(self, session: Session, besides: Iterable[Work] = ()) -> None:
        self._s = session
        self._besides = besides
        self._gone: Sequence[Held] = ()

    def of(self, dropped: Sequence[Held]) -> Sequence[Held]:
        """Those of `dropped` that are to be counted: not as parked before. To be asked in the transaction."""
        if dropped:
            here = self._s.held_here() | {work.held_id for work in everyone(self._besides)}
            self._gone = [held for held in dropped if held.id not in here]
        return [held for held in self._gone if held.state is not HoldState.PERSON]

    def tell(self) -> None:
        """Log their ends. To be called when these are written down, before those in memory are finished."""
        for held in self._gone:
            self._s.finishing.overtaken(held)
