"""How far an agent has read one stream, which may be beyond the checkpoint, and where it is read on from. Pure."""

from __future__ import annotations

from collections.abc import Collection, Hashable
from dataclasses import dataclass, field
from datetime import datetime

from producers.pace import Pace
from producers.store import Cursor

_READ_ALL_S = 3600.0


@dataclass(slots=True)
class Reach:
    """How far one stream is read. The checkpoint stays before what no queue took, and reading goes on behind that.

    Each look back tries it again, and reads on from there once a queue takes it; else from where it had read to. A way
    is a routing key: what goes the same way waits for the same queue.
    `now` and what is compared with it are seconds of the monotonic clock.
    """

    pace: Pace
    read_up_to: datetime | None = None
    _passed: Cursor | None = field(default=None, init=False)
    _left: set[Hashable] = field(default_factory=set, init=False)
    _skip_to: Cursor | None = field(default=None, init=False)
    _skip_over: set[Hashable] = field(default_factory=set, init=False)
    _reads_all: bool = field(default=False, init=False)
    _look_back_at: float = field(default=0.0, init=False)
    _read_all_at: float = field(default=0.0, init=False)
    _skip_nothing_at: float = field(default=0.0, init=False)

    @property
    def is_whole(self) -> bool:
        """Whether all that was read is published."""
        return self._passed is None

    def looks_back(self, now: float) -> bool:
        """Whether it is time to read once more what came last, and what is unpublished."""
        return now >= self._look_back_at

    def looked_back(self, now: float) -> None:
        """A look back that began at `now` is over."""
        self._look_back_at = now + self.pace.reread_every.total_seconds()

    def went_back(self, checkpoint: Cursor, until: datetime) -> bool:
        """Whether the store's clock was ahead when the checkpoint was saved, and is put right: `until` is before that.

        What was read to by a clock that was ahead is forgotten in any case: nothing new lies behind it. A clock that
        is little behind may be that of another machine of the store's: looks back meet all that it dates.
        """
        latest = until + self.pace.clocks_differ
        if self._passed is not None and self._passed.changed_at > latest:
            self._passed = None
        return checkpoint.changed_at > latest

    def begin(self, checkpoint: Cursor, now: float, *, looks_back: bool, went_back: bool) -> Cursor:
        """Where to read on from.

        A look back skips what was read once it again meets what no queue takes (`after`). Not once an hour, for the
        queue of something that would be skipped may be mended, unless all of that went the ways that it meets; nor
        where the clock went back; nor as often as a store is swept, for what shows late there and is older than the
        first reading, no sweep meets.
        """
        self._skip_to = None
        if looks_back or went_back:
            passed, self._passed = self._passed, None
            self._skip_over, self._left = self._left, set()
            self._reads_all = now >= self._read_all_at
            if passed is None or self._reads_all:
                self._read_all_at = now + _READ_ALL_S
            if passed is None or now >= self._skip_nothing_at:
                self._skip_nothing_at = now + self.pace.sweep_every.total_seconds()
            elif not went_back:
                self._skip_to = Cursor(passed.changed_at - self.pace.overlap)
        if looks_back:
            return Cursor(checkpoint.changed_at - self.pace.overlap)
        return self._passed or checkpoint

    def in_time(self, after: Cursor, until: datetime) -> Cursor:
        """Where to read on from by a clock that is a little behind what was read: it dates what is new before that."""
        return after if after.changed_at <= until else Cursor(until - self.pace.lag)

    def read(self, cursor: Cursor, checkpoint: Cursor, *, unrouted: Collection[Hashable]) -> Cursor:
        """A step up to `cursor` is read, and published but for what goes `unrouted` ways. Returns the checkpoint."""
        self._left.update(unrouted)
        if unrouted or not self.is_whole:
            self._passed = max(self._passed or cursor, cursor)
            return checkpoint
        return max(checkpoint, cursor)

    def after(self, cursor: Cursor) -> Cursor:
        """Where the next step begins, when `cursor` was read up to."""
        if self._skip_to is None or self.is_whole:
            return cursor
        skip_to, self._skip_to = self._skip_to, None
        if self._reads_all and not self._skip_over <= self._left:
            return cursor
        self._left |= self._skip_over
        return max(cursor, skip_to)
