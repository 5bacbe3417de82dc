"""What changed in the store, published once: stream after stream, step by step, each checkpoint after its confirms."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from functools import partial

import structlog

from producers.checkpoints import Reading
from producers.first_look import FirstLook
from producers.posting import route_of
from producers.reach import Reach
from producers.rereading import day_before_sweep
from producers.session import Session
from producers.steps import Step
from producers.store import Changes, Cursor, Stream
from producers.translation import Wish
from schemas.dates import rfc3339


class Poller:
    """Keeps the exchange up to date with one store.

    Of what no queue takes the other changes do not wait: they are read on, and the checkpoint stays before it.
    """

    def __init__(self, *, session: Session, first_look: FirstLook) -> None:
        self._s = session
        self._first_look = first_look
        self._reaches: defaultdict[str, Reach] = defaultdict(lambda: Reach(session.pace))
        self._log = structlog.get_logger("xerelay").bind(store=session.store)

    def late_by(self, now: datetime) -> dict[str, timedelta]:
        """How far each stream that was read is behind what the pace wants: zero or less while it is on time.

        Of what changed just now, some is read after the lag, and the last of it by the poll after that.
        """
        due = now - self._s.pace.lag - self._s.pace.poll_every
        return {name: due - reach.read_up_to for name, reach in self._reaches.items() if reach.read_up_to is not None}

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
            reach, begun = self._reaches[stream.name], self._s.clock.monotonic()
            looks_back = reach.looks_back(begun)
            await self._catch_up(stream, reach, until, looks_back=looks_back)
            if looks_back:  # not before: where a defect ended it, the next poll looks back as far
                reach.looked_back(begun)

    async def _catch_up(self, stream: Stream, reach: Reach, until: datetime, *, looks_back: bool) -> None:
        known = await self._s.patience.of(partial(self._s.checkpoints.reading, stream))
        reading = known or await self._begin(stream, until)
        went_back = reach.went_back(reading.cursor, until)
        saved = await self._set_back(stream, reading, until) if went_back else reading.cursor
        after = reach.begin(saved, self._s.clock.monotonic(), looks_back=looks_back, went_back=went_back)
        after = reach.in_time(after, until)
        # what was there before the agent came is no news: it does not go ahead of what is
        wish = Wish(backfill_before=reading.begun_at)
        while after.changed_at <= until and not self._s.stop.asked:
            changes = await self._s.patience.of(partial(self._s.source.changes, stream, after, until=until))
            self._s.steps.reached(Step.FETCHED)
            saved = await self._publish(stream, reach, changes, wish, saved)
            reach.read_up_to = until if not changes.more and reach.is_whole else saved.changed_at
            if not changes.more or self._stands_still(stream, after, changes):
                return
            after = reach.after(changes.cursor)
        if not self._s.stop.asked:
            reach.read_up_to = until if reach.is_whole else saved.changed_at

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

    async def _publish(self, stream: Stream, reach: Reach, changes: Changes, wish: Wish, saved: Cursor) -> Cursor:
        """Returns the checkpoint of the stream, which goes no further once something had no queue."""
        known = await self._s.known(stream, changes.rows, changes.broken)
        now = self._s.clock.now()
        batch = self._s.translator.batch(changes.rows, changes.broken, known, now=now, wish=wish)
        self._s.steps.reached(Step.TRANSLATED)
        self._s.report(stream, batch)
        await self._s.doubt(stream, batch)
        published, unrouted = await self._s.posting.post(batch.outgoing)
        batch.leave_out(unrouted)
        reached = reach.read(changes.cursor, saved, unrouted={route_of(one) for one in unrouted})
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
