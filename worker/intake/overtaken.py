"""The end of held events that another event of their entity has made needless.

Their rows in the ledger are gone, and nothing of them comes back: here their end is told, that of parked ones too.
"""

from __future__ import annotations

from collections.abc import Sequence

from worker.ledger.records import Held, HoldState
from worker.session.session import Session


class Overtaken:
    """The held events that end because one transaction drops them: those that the session does not have here.

    It has what is in the buffer, and whatever intake compares or holds anew meanwhile.
    """

    def __init__(self, session: Session) -> None:
        self._s = session
        self._gone: Sequence[Held] = ()

    def of(self, dropped: Sequence[Held]) -> Sequence[Held]:
        """Those of `dropped` that the runs are to count: what was parked they have counted before.

        To be asked in the transaction, once: from now on what is not here does not come back, and `tell` has it.
        """
        if dropped:
            here = self._s.returning.here()
            self._gone = [held for held in dropped if held.id not in here]
            self._s.returning.drops(held.id for held in self._gone)
        return [held for held in self._gone if held.state is not HoldState.PERSON]

    def tell(self) -> None:
        """Log their ends. To be called when these are written down, before those in memory are finished."""
        self._s.returning.has_dropped(held.id for held in self._gone)
        for held in self._gone:
            self._s.finishing.overtaken(held)
