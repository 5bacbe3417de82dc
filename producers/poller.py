"""What changed in the store, published once: stream after stream, step by step, each checkpoint after its confirms."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from functools import partial

import structlog

from producers.checkpoints import Checkpoints
from producers.first_look import FirstLook
from producers.pace import Clock, Pace, Stop
from producers.patience import Patience
from producers.posting import Posting
from producers.steps import Step, Steps
from producers.store import Broken, Changes, Cursor, StoreSource, Stream
from producers.translation import Translator

_A_DAY = timedelta(days=1)  # a day begins at other moments in other time zones


class Poller:
    """Keeps the exchange up to date with one store."""

    def __init__(
        self,
        *,
        source: StoreSource,
        checkpoints: Checkpoints,
        posting: Posting,
        translator: Translator,
        patience: Patience,
        first_look: FirstLook,
        clock: Clock,
        pace: Pace,
        stop: Stop,
        steps: Steps,
    ) -> None:
        self._source = source
        self._checkpoints = checkpoints
        self._posting = posting
        self._translator = translator
        self._patience = patience
        self._first_look = first_look
        self._clock = clock
        self._pace = pace
        self._stop = stop
        self._steps = steps
        self._reread_at: dict[str, float] = {}
        self._log = structlog.get_logger("xerelay").bind(store=translator.store)

    async def run(self) -> None:
        """Poll until the agent is to end. Raises `Stopped`, and `NotInCharge`."""
        while True:
            await self.poll()
            await self._stop.rest(self._pace.poll_every.total_seconds())

    async def poll(self) -> None:
        """Publish all that changed up to now, less the lag."""
        now = await self._patience.of(self._source.now)
        until = (now - self._pace.lag).replace(microsecond=0)
        for stream in self._source.streams:
            await self._catch_up(stream, until)

    async def _catch_up(self, stream: Stream, until: datetime) -> None:
        saved = await self._patience.of(partial(self._checkpoints.cursor, stream)) or await self._begin(stream, until)
        after = self._looking_back(stream, saved)
        while after.changed_at <= until and not self._stop.asked:
            changes = await self._patience.of(partial(self._source.changes, stream, after, until=until))
            self._steps.reached(Step.FETCHED)
            reached = max(saved, changes.cursor)
            await self._publish(stream, changes, reached if reached > saved else None)
            if not changes.more or self._stands_still(stream, after, changes):
                return
            after, saved = changes.cursor, reached

    async def _begin(self, stream: Stream, until: datetime) -> Cursor:
        """Where a stream is begun that was never read: what is older than all books is left out, and that is said."""
        start = datetime.combine(self._translator.routing.start_date, time(), UTC) - _A_DAY
        await self._patience.of(partial(self._first_look.tell, stream))
        cursor = Cursor(min(start, until))
        await self._patience.of(partial(self._checkpoints.save, stream, (), cursor))
        await self._patience.of(partial(self._checkpoints.save_swept, stream, self._clock.now()))
        return cursor

    def _looking_back(self, stream: Stream, saved: Cursor) -> Cursor:
        now = self._clock.monotonic()
        if now < self._reread_at.get(stream.name, 0.0):
            return saved
        self._reread_at[stream.name] = now + self._pace.reread_every.total_seconds()
        return Cursor(saved.changed_at - self._pace.overlap)

    async def _publish(self, stream: Stream, changes: Changes, cursor: Cursor | None) -> None:
        ids = [row.id for row in changes.rows] + [broken.id for broken in changes.broken]
        known = await self._patience.of(partial(self._checkpoints.memories, stream, ids))
        batch = self._translator.batch(changes.rows, changes.broken, known, now=self._clock.now())
        self._steps.reached(Step.TRANSLATED)
        self._report(stream, batch.broken)
        await self._posting.post(batch.outgoing)
        if batch.memories or cursor is not None:
            await self._patience.of(partial(self._checkpoints.save, stream, batch.memories, cursor))
            self._steps.reached(Step.CHECKPOINTED)
        if batch.outgoing:
            self._log.info("changes.published", stream=stream.name, events=len(batch.outgoing), same=batch.unchanged)

    def _report(self, stream: Stream, broken: Sequence[Broken]) -> None:
        for row in broken:
            self._log.error("row.broken", stream=stream.name, row=row.id, reason=row.reason)

    def _stands_still(self, stream: Stream, after: Cursor, changes: Changes) -> bool:
        if changes.cursor > after:
            return False
        self._log.error("stream.stands_still", stream=stream.name, detail="the adapter says more, but does not go on")
        return True
