"""What a store's agent must not forget: how far it read, and what it published.

CheckpointError
├── CheckpointsAway   the database does not answer: wait and repeat
└── NotInCharge       another agent serves the store by now: stop
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from producers.store import Cursor, Stream
from schemas.entities import Entity

_MOMENT = timedelta(seconds=1)
_AN_INSTANT = timedelta(milliseconds=1)
_ALLOWED_AHEAD = timedelta(days=1) - timedelta(minutes=1)
"""Workers refuse a version more than a day ahead of the ledger's clock; a minute is left for clocks that differ."""


class CheckpointError(Exception):
    """Checkpoints cannot be read or saved."""


class CheckpointsAway(CheckpointError):
    """The database does not answer. Every method can be repeated."""


class NotInCharge(CheckpointError):
    """Another agent serves this store."""


class Address(NamedTuple):
    """One entity as one organisation gets it."""

    entity: Entity
    id: str
    organisation: str


@dataclass(frozen=True, slots=True)
class Memory:
    """What is known of one row: the content hash of each entity that was published of it, or why it is broken.

    A new memory also says what is `known` until it is saved; an empty hash is that of an unknown content. `version` is
    the latest that was published of the row, where that is known: saved, it never goes down. `removed_at` is that of
    the row's latest removal, known from before that is published; it never goes down either. `kept_by`, never saved,
    are the organisations that have what the row belongs to, where nothing was published of the row itself.
    """

    row_id: int
    published: Mapping[Address, str] = field(default_factory=dict)
    broken: str = ""
    known: Mapping[Address, str] | None = field(default=None, compare=False)
    version: datetime | None = None
    removed_at: datetime | None = None
    kept_by: tuple[str, ...] = field(default=(), compare=False)

    def newer_than_removal(self, version: datetime) -> datetime:
        """The version to publish: a row that is there again as it was is older than its removal, and would be stale."""
        return version if self.removed_at is None else max(version, self.removed_at + _MOMENT)

    def outdates(self, version: datetime) -> bool:
        """Whether a newer version was published of the row: workers would drop this one as stale."""
        return self.version is not None and version < self.version

    def is_new(self, asked_at: datetime, *, within: timedelta, ahead: timedelta) -> bool:
        """Whether what was published is so new that it may not show yet. Further ahead, it only shows a wrong clock."""
        return self.version is not None and asked_at - within < self.version <= asked_at + ahead

    def last_word(self, version: datetime, now: datetime) -> datetime:
        """The version of what is known to have been read last, however early the store dates it."""
        if self.version is None or not self.outdates(version):
            return version
        return min(self.version, now + _ALLOWED_AHEAD) + _AN_INSTANT

    def removal(self, asked_at: datetime) -> datetime:
        """The version of its removal, by the store's clock: newer than what was published, whatever that clock did.

        What was published further ahead than workers allow they have refused: then an earlier version counts.
        """
        published = min(self.version or asked_at, asked_at + _ALLOWED_AHEAD)
        return max(published, asked_at) + _MOMENT


def reconciled(memory: Memory, stored: Memory) -> Memory:
    """What to save over `stored`. Pure.

    Where another part of the agent has saved the row meanwhile, nobody can tell which of two contents was read last:
    it counts as unknown, so that the next change is published whatever it is.
    """
    version = max(filter(None, (memory.version, stored.version)), default=None)
    removed_at = max(filter(None, (memory.removed_at, stored.removed_at)), default=None)
    memory = replace(memory, version=version, removed_at=removed_at)
    if memory.known is None or memory.known == stored.published:
        return memory
    both = {**stored.published, **memory.published}
    agreed = {one: content for one, content in both.items() if stored.published.get(one) == memory.published.get(one)}
    return replace(memory, published=dict.fromkeys(both, "") | agreed)


@dataclass(frozen=True, slots=True)
class Reading:
    """How far a stream is read: everything up to `cursor` is published. `begun_at` is when it was first read."""

    cursor: Cursor
    begun_at: datetime
    swept_at: datetime


class Checkpoints(Protocol):
    """The memory of one store's agent. Each method is one transaction; all raise `CheckpointsAway`.

    What writes raises `NotInCharge` unless this agent is in charge of the store.
    """

    async def take_charge(self, ttl_s: float) -> bool:
        """Become the store's only agent for so long, or stay it; False while another one is."""
        ...

    async def hand_over(self) -> None:
        """Let the next agent begin at once."""
        ...

    async def reading(self, stream: Stream) -> Reading | None:
        """How far it was read; None before the first time."""
        ...

    async def begin(self, stream: Stream, cursor: Cursor, at: datetime) -> Reading:
        """It is read for the first time, from `cursor`; deletions are looked for from `at`."""
        ...

    async def memories(self, stream: Stream, row_ids: Iterable[int]) -> dict[int, Memory]:
        """Those of these rows that are known."""
        ...

    async def save(self, stream: Stream, memories: Sequence[Memory], cursor: Cursor | None = None) -> None:
        """Remember rows, and how far changes are read. Contents may be saved once the broker has confirmed them."""
        ...

    async def published_between(self, stream: Stream, after: int, until: int | None, limit: int) -> list[Memory]:
        """Rows above `after` up to `until` (None: to the end) of which something was published, by id."""
        ...

    async def broken_after(self, stream: Stream, after: int, limit: int) -> list[Memory]:
        """Rows above `after` that could not be read, by id."""
        ...

    async def forget(self, stream: Stream, removed_at: Mapping[int, datetime]) -> None:
        """These rows are gone from the store, and that was published, each in its version."""
        ...

    async def save_swept(self, stream: Stream, at: datetime) -> None:
        """Deletions were looked for, and what showed late, by a look that began at `at`."""
        ...
