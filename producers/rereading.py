"""What changed lately, read once more on a schedule: a row may show later than the poller looks back.

It shows when the transaction that wrote it ends, or when the replica that is asked has it; and a script that writes in
another time zone dates it hours back. Not by when rows were created: an edit shows late as a new row does.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from producers.checkpoints import Reading
from producers.session import Session
from producers.store import Cursor, Stream
from producers.swept import Swept
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

    async def read_again(self, stream: Stream, swept: Swept) -> None:
        """Read once what the poller has passed, and count the rows that differ. Raises `Stopped`, and `NotInCharge`.

        It takes the rows that changed since a day before the last sweep: a page of them at a time.
        """
        reading = await self._s.patience.of(partial(self._s.checkpoints.reading, stream))
        if reading is None:
            return
        wish = Wish(backfill_before=reading.begun_at)
        after = day_before_sweep(reading, self._s.translator.routing.read_from)
        until = reading.cursor.changed_at
        while after.changed_at <= until and not self._s.stop.asked:
            asked_at = self._s.clock.monotonic()
            changes = await self._s.patience.of(partial(self._s.source.changes, stream, after, until=until))
            batch = await self._s.translated(stream, changes.rows, changes.broken, wish)
            swept.unrouted += await self._s.publish(stream, batch, asked_at=asked_at)
            swept.late += len(batch.memories)
            if not changes.more or changes.cursor <= after:
                break
            after = changes.cursor
