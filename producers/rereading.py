"""What changed lately, read once more on a schedule: a row may show later than the poller looks back.

It shows when the transaction that wrote it ends, or when the replica that is asked has it; and a script that writes in
another time zone dates it hours back. Not by when rows were created: an edit shows late as a new row does.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

import structlog

from producers.checkpoints import Reading
from producers.session import Session
from producers.store import Changes, Cursor, Stream
from producers.translation import Wish

LATEST = timedelta(days=1)
"""How long after its change a row may show: nothing is made of its absence before."""


def day_before_sweep(reading: Reading, read_from: datetime) -> Cursor:
    """A day before the last sweep; not before the first reading of all: what is older counts once it changes. Pure."""
    first = min(read_from, reading.begun_at)
    return Cursor(max(reading.swept_at - LATEST, first).replace(microsecond=0))


class Rereader:
    """Publishes what became visible up to a day after its change."""

    def __init__(self, *, session: Session) -> None:
        self._s = session
        self._log = structlog.get_logger("xerelay").bind(store=session.store)

    async def read_again(self, stream: Stream) -> int:
        """Read once what the poller has passed. Returns how many rows differ. Raises `Stopped`, and `NotInCharge`.

        It takes the rows that changed since a day before the last sweep: a page of them at a time.
        """
        reading = await self._s.patience.of(partial(self._s.checkpoints.reading, stream))
        if reading is None:
            return 0
        wish = Wish(backfill_before=reading.begun_at)
        after = day_before_sweep(reading, self._s.translator.routing.read_from)
        until, late = reading.cursor.changed_at, 0
        while after.changed_at <= until and not self._s.stop.asked:
            asked_at = self._s.clock.monotonic()
            changes = await self._s.patience.of(partial(self._s.source.changes, stream, after, until=until))
            late += await self._publish(stream, changes, wish, asked_at)
            if not changes.more or changes.cursor <= after:
                break
            after = changes.cursor
        return late

    async def _publish(self, stream: Stream, changes: Changes, wish: Wish, asked_at: float) -> int:
        batch = await self._s.translated(stream, changes.rows, changes.broken, wish)
        for row in batch.broken:
            self._log.error("row.broken", stream=stream.name, row=row.id, reason=row.reason)
        await self._s.doubt(stream, batch, asked_at=asked_at)
        await self._s.posting.post(batch.outgoing)
        if batch.memories:
            await self._s.patience.of(partial(self._s.checkpoints.save, stream, batch.memories))
        return len(batch.memories)
