"""What the runs have of the events that one transaction ends: each of them once, also what joins them meanwhile."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from worker.buffer.work import Work, everyone
from worker.calls.ends import Ending
from worker.intake.overtaken import Overtaken
from worker.intake.tally import tally
from worker.ledger.records import Held, Tally
from worker.session.session import Session


class Tallying:
    """Of the events of `ending`, which end with that result, and of those that are `held`, in so many `calls`.

    `counted` has every event that the transaction counted. They stay in memory until it has committed: an older version
    may come, be absorbed, and be none of these.
    """

    def __init__(
        self,
        session: Session,
        ending: Ending,
        result: str,
        held: Sequence[tuple[Work, Held]] = (),
        *,
        calls: int = 0,
    ) -> None:
        self._ending = ending
        self._result = result
        self._held = held
        self._calls = calls
        self._overtaken = Overtaken(session)
        self.counted: Collection[Work] = ()

    def of(self, dropped: Sequence[Held]) -> Tally:
        """What to add to the runs: the transaction's `Count`."""
        works = self._ending.works
        for work in works:
            work.result = self._result
        self.counted = frozenset(everyone([*works, *(work for work, _ in self._held)]))
        return tally(works, self._held, overtaken=self._overtaken.of(dropped), calls=self._calls)

    def tell(self) -> None:
        """It has committed: log what it ended that is not in memory."""
        self._overtaken.tell()
