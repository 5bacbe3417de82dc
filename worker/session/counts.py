"""What this process has done for one organisation since it started: plain sums, which the metrics show. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from operator import attrgetter

from schemas.entities import Entity
from schemas.envelope import Lane
from worker.buffer.work import Work
from worker.documents.documents import Kind
from worker.ledger.records import Call, Held, HoldState, Purpose
from worker.xero.replies.reply import PROBLEMS, Reply, ReplyKind

DELAYS_S = (1, 5, 15, 30, 60, 300, 900, 1_800, 3_600, 10_800, 43_200, 86_400)
DURATIONS_S = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
DOCUMENTS = (1, 2, 5, 10, 20, 30, 40, 45, 50)
LIMITS = {**PROBLEMS, ReplyKind.TOO_MANY_APP: "app_minute"}
"""Which of Xero's limits a 429 is about, in Xero's words but one: two words of ours have an underscore between."""

UNSENT, LOST = "unsent", "lost"
"""What stands for a status where there was none: the request did not reach Xero, or its answer did not reach us."""

_ENTITIES = frozenset(Entity)
_OUTCOME, _LANE = attrgetter("owner.entity", "lane", "result"), attrgetter("lane")
_IS_IN_THE_BOOKS, _ABSORBED = attrgetter("is_in_the_books"), attrgetter("absorbed")
_UNKNOWN = "unknown"
_LABELS = (*map(str, Entity), _UNKNOWN)


@dataclass(slots=True)
class Distribution:
    """How many values fell up to each of the `bounds`, and above the last; and their sum."""

    bounds: tuple[float, ...]
    counts: list[int] = field(default_factory=list)
    total: float = 0.0

    def __post_init__(self) -> None:
        """Begin with nothing."""
        self.counts = [0] * (len(self.bounds) + 1)

    def add(self, *values: float) -> None:
        """Count these as well."""
        for value in values:
            self.counts[bisect_left(self.bounds, value)] += 1
        self.total += sum(values)


class Counts:
    """Of one organisation. Kept by the process while sessions come and go; `now` is the time of day.

    `events` by entity, lane and outcome; `calls` by endpoint, purpose and status: each request of its own.
    `failed_sessions` ended with a failure of ours.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        # what is there from the beginning can be seen to grow: a first burst would pass for where it began
        self.events = Counter({(entity, lane, "parked"): 0 for entity in _LABELS for lane in Lane})
        self.delays = {lane: Distribution(DELAYS_S) for lane in Lane}
        self.calls: Counter[tuple[str, Purpose, str]] = Counter()
        self.durations: dict[str, Distribution] = {}
        self.documents: dict[Kind, Distribution] = {}
        self.limited = Counter(dict.fromkeys(LIMITS.values(), 0))
        self.failed_sessions = 0

    def outcomes(self) -> Counter[Lane]:
        """How many events of each lane have come to an outcome."""
        found: Counter[Lane] = Counter()
        for (_, lane, _), count in self.events.items():
            found[lane] += count
        return found

    def completed(self, works: Sequence[Work]) -> None:
        """Events whose documents are as they should be, and what they absorbed."""
        now = self._now()
        self.events.update(map(_OUTCOME, works))
        for lane, booked in groupby(filter(_IS_IN_THE_BOOKS, works), key=_LANE):
            self.delays[lane].add(*[max(0.0, (now - work.occurred_at).total_seconds()) for work in booked])
        for work in filter(_ABSORBED, works):
            self._coalesced(work)

    def held(self, work: Work, held: Held) -> None:
        """An event that the ledger keeps, and what it absorbed. One that comes back is counted again at its end."""
        self._hold(held, work.owner.entity)
        self._coalesced(work)

    def expired(self, held: Held) -> None:
        """A held event whose time is over: a person has to look."""
        self._hold(held, held.owner.entity if held.owner else _UNKNOWN)

    def overtaken(self, held: Held) -> None:
        """A held event that another one has made needless."""
        self.events[held.owner.entity if held.owner else _UNKNOWN, held.lane, "coalesced"] += 1

    def answered(self, call: Call, reply: Reply, seconds: float) -> None:
        """What came of one request, after so many seconds."""
        endpoint = call.path.strip("/").partition("/")[0]
        self.calls[endpoint, call.purpose, _status(reply)] += 1
        if reply.status is not None:
            self.durations.setdefault(endpoint, Distribution(DURATIONS_S)).add(seconds)
        if call.purpose is Purpose.WRITE and call.kind is not None and call.sends == 1:
            self.documents.setdefault(call.kind, Distribution(DOCUMENTS)).add(len(call.members))
        if reply.outcome in LIMITS:
            self.limited[LIMITS[reply.outcome]] += 1

    def _hold(self, held: Held, entity: str) -> None:
        outcome = "parked" if held.state is HoldState.PERSON else "held"
        # a message that cannot be read may call itself anything
        self.events[entity if entity in _ENTITIES else _UNKNOWN, held.lane, outcome] += 1

    def _coalesced(self, work: Work) -> None:
        for other in work.absorbed:
            self.events[other.owner.entity, other.lane, "coalesced"] += 1


def _status(reply: Reply) -> str:
    if reply.status is not None:
        return str(reply.status)
    return LOST if reply.outcome is ReplyKind.UNCERTAIN else UNSENT
