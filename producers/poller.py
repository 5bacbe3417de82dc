"""What changed in the store, published once: stream after stream, step by step, each checkpoint after its confirms."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

import structlog

from producers.checkpoints import Reading
from producers.first_look import FirstLook
from producers.rereading import day_before_sweep
from producers.session import Session
from producers.steps import Step
from producers.store import Changes, Cursor, Stream
from producers.translation import Wish
from schemas.dates import rfc3339

_READ_ALL_S = 3600.0


class Poller:
    """Keeps the exchange up to date with one store.

    Of what no queue takes the other changes do not wait: they are read on, and the checkpoint stays before it. Each
    look back tries it again, and reads on from there once a queue takes it; else from where it had read to.
    """

    def __init__(self, *, session: Session, first_look: FirstLook) -> None:
        self._s = session
        self._first_look = first_look
        self._reread_at: dict[str, float] = {}
        self._read_up_to: dict[str, datetime] = {}
        self._passed: dict[str, Cursor] = {}
        self._read_all_at: dict[str, float] = {}
        self._log = structlog.get_logger("xerelay").bind(store=session.store)

    def late_by(self, now: datetime) -> dict[str, timedelta]:
        """How far each stream that was read is behind what the pace wants: zero or less while it is on time.

        Of what changed just now, some is read after the lag, and the last of it by the poll after that.
        """
        due = now - self._s.pace.lag - self._s.pace.poll_every
        return {stream: due - read for stream, read in self._read_up_to.items()}

    async def run(self) -> None:
        """Poll until the agent is to end. Raises `Stopped`, and `NotInCharge`.

        What the store refuses shows before anything is published.
        """
        await self._s.patience.of(partial(self._s.source.check, self._s.streams))
        while True:
            await self.poll()
            await self._s.stop.rest(self._s.pace.poll_every.total_seconds())

    async def poll(self) -> None:
        """Publish all that changed up to now, less the lag."""
        now = await self._s.patience.of(self._s.source.now)
        until = (now - self._s.pace.lag).replace(microsecond=0)
        for stream in self._s.streams:
            begun = self._s.clock.monotonic()
            looks_back = begun >= self._reread_at.get(stream.name, 0.0)
            await self._catch_up(stream, until, looks_back=looks_back)
            if looks_back:  # not before: where a defect ended it, the next poll looks back as far
                self._reread_at[stream.name] = begun + self._s.pace.reread_every.total_seconds()

    async def _catch_up(self, stream: Stream, until: datetime, *, looks_back: bool) -> None:
        known = await self._s.patience.of(partial(self._s.checkpoints.reading, stream))
        reading = known or await self._begin(stream, until)
        if self._passed.get(stream.name, reading.cursor).changed_at > until:
            self._passed.pop(stream.name, None)  # by a clock that was ahead: nothing new lies behind it
        went_back = reading.cursor.changed_at > until
        saved = await self._set_back(stream, reading, until) if went_back else reading.cursor
        seen = self._seen(stream) if looks_back or went_back else None
        after = Cursor(saved.changed_at - self._s.pace.overlap) if looks_back else self._passed.get(stream.name, saved)
        # what was there before the agent came is no news: it does not go ahead of what is
        wish = Wish(backfill_before=reading.begun_at)
        while after.changed_at <= until and not self._s.stop.asked:
            changes = await self._s.patience.of(partial(self._s.source.changes, stream, after, until=until))
            self._s.steps.reached(Step.FETCHED)
            saved = await self._publish(stream, changes, wish, saved)
            self._read_up_to[stream.name] = until if not changes.more and self._is_whole(stream) else saved.changed_at
            if not changes.more or self._stands_still(stream, after, changes):
                return
            after = changes.cursor
            if seen is not None and not went_back and not self._is_whole(stream):
                after, seen = max(after, seen), None
        if not self._s.stop.asked:
            self._read_up_to[stream.name] = until if self._is_whole(stream) else saved.changed_at

    def _seen(self, stream: Stream) -> Cursor | None:
        """Where a look back reads on behind what again no queue takes.

        None once an hour, to read all behind it: the queue of something else there may be mended by now.
        """
        passed, now = self._passed.pop(stream.name, None), self._s.clock.monotonic()
        if passed is None or now >= self._read_all_at.get(stream.name, 0.0):
            self._read_all_at[stream.name] = now + _READ_ALL_S
            return None
        return Cursor(passed.changed_at - self._s.pace.overlap)

    def _is_whole(self, stream: Stream) -> bool:
        """Whether all that was read of it is published."""
        return stream.name not in self._passed

    async def _begin(self, stream: Stream, until: datetime) -> Reading:
        """Where a stream is begun that was never read: what is older than all books is left out, and that is said."""
        start = self._s.translator.routing.read_from
        await self._s.patience.of(partial(self._first_look.tell, stream))
        # a store's clock that is ahead would put off the first sweep, and all that is news until then
        at = min(until + self._s.pace.lag, self._s.clock.now())
        begin = partial(self._s.checkpoints.begin, stream, Cursor(min(start, until)), at)
        return await self._s.patience.of(begin)

    async def _set_back(self, stream: Stream, reading: Reading, until: datetime) -> Cursor:
        """Where to read on when the store's clock was ahead while it was read, and has been put right: earlier.

        What changes from then on has earlier times than what was read last. Since when it does, nobody knows, as this
        agent may have been away; what was read before is known by its content.
        """
        again = min(
            day_before_sweep(reading, self._s.translator.routing.read_from), Cursor(until - self._s.pace.overlap)
        )
        self._log.warning(
            "store.clock_went_back",
            stream=stream.name,
            read_up_to=rfc3339(reading.cursor.changed_at),
            clock=rfc3339(until + self._s.pace.lag),
            detail=f"the store's clock was ahead and was put right: read again from {rfc3339(again.changed_at)} on",
        )
        await self._s.patience.of(partial(self._s.checkpoints.save, stream, (), again))
        return again

    async def _publish(self, stream: Stream, changes: Changes, wish: Wish, saved: Cursor) -> Cursor:
        """Returns the checkpoint of the stream, which goes no further once something had no queue."""
        known = await self._s.known(stream, changes.rows, changes.broken)
        now = self._s.clock.now()
        batch = self._s.translator.batch(changes.rows, changes.broken, known, now=now, wish=wish)
        self._s.steps.reached(Step.TRANSLATED)
        self._s.report(stream, batch)
        await self._s.doubt(stream, batch)
        published, unrouted = await self._s.posting.post(batch.outgoing)
        batch.leave_out(unrouted)
        if unrouted or not self._is_whole(stream):
            self._passed[stream.name] = changes.cursor
        reached = max(saved, changes.cursor) if self._is_whole(stream) else saved
        if batch.memories or reached > saved:
            cursor = reached if reached > saved else None
            await self._s.patience.of(partial(self._s.checkpoints.save, stream, batch.memories, cursor))
            self._s.steps.reached(Step.CHECKPOINTED)
        if batch.outgoing:
            self._log.info("changes.published", stream=stream.name, events=published, same=batch.unchanged)
        return reached

    def _stands_still(self, stream: Stream, after: Cursor, changes: Changes) -> bool:
        if changes.cursor > after:
            return False
        self._log.error("stream.stands_still", stream=stream.name, detail="the adapter says more, but does not go on")
        return True
