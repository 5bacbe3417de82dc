"""What the poller has passed, or has not come to for years, read on a schedule: a row may show late, or be dated ahead.

It shows when the transaction that wrote it ends, or when the replica that is asked has it; and a script that writes in
another time zone dates it hours back. Not by when rows were created: an edit shows late as a new row does.

What an import dates ahead, by days or by years, the poller would read when that time has come.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

from producers.checkpoints import Reading
from producers.session import Session
from producers.store import Cursor, Row, Stream
from producers.swept import Swept
from producers.translation import Wish

LATEST = timedelta(days=1)
"""How long after its change a row may show: nothing is made of its absence before."""


_END_OF_TIME = datetime(9999, 12, 31, tzinfo=UTC)  # of its last day nothing: adapters may count in time zones


def day_before_sweep(reading: Reading, read_from: datetime) -> Cursor:
    """A day before the last sweep; not before the first reading of all: what is older counts once it changes. Pure."""
    first = min(read_from, reading.begun_at)
    return Cursor(max(reading.swept_at - LATEST, first).replace(microsecond=0))


class Rereader:
    """Publishes what became visible up to a day after its change, and what is dated ahead."""

    def __init__(self, *, session: Session) -> None:
        self._s = session

    async def read_again(self, stream: Stream, swept: Swept) -> None:
        """Read once what the poller has passed, and what lies ahead of the store's clock; count the rows that differ.

        The first are the rows that changed since a day before the last sweep: a page of them at a time. It has passed
        more where the checkpoint stays before what no queue takes. Of what was there before the first reading, that
        queue may be full for days: this is left to the poller. Raises `Stopped`, and `NotInCharge`.
        """
        reading = await self._s.patience.of(partial(self._s.checkpoints.reading, stream))
        if reading is None:
            return
        wish = Wish(backfill_before=reading.begun_at)
        again = day_before_sweep(reading, self._s.translator.routing.read_from)
        await self._read(stream, again, reading.cursor.changed_at, wish, swept)
        now = await self._s.patience.of(self._s.source.now)
        news = Cursor(reading.begun_at.replace(microsecond=0))
        await self._read(stream, max(again, reading.cursor, news), _END_OF_TIME, wish, swept, now=now)

    async def _read(
        self, stream: Stream, after: Cursor, until: datetime, wish: Wish, swept: Swept, *, now: datetime | None = None
    ) -> None:
        while after.changed_at <= until and not self._s.stop.asked:
            asked_at = self._s.clock.monotonic()
            changes = await self._s.patience.of(partial(self._s.source.changes, stream, after, until=until))
            rows = changes.rows if now is None else await self._not_the_pollers(stream, changes.rows, wish, now)
            batch = await self._s.translated(stream, rows, changes.broken, wish)
            swept.unrouted += await self._s.publish(stream, batch, asked_at=asked_at)
            swept.late += len(batch.memories)
            if not changes.more or changes.cursor <= after:
                break
            after = changes.cursor

    async def _not_the_pollers(self, stream: Stream, rows: Sequence[Row], wish: Wish, now: datetime) -> list[Row]:
        """Those behind the checkpoint that the poller publishes as stale, or does not come to before their time.

        The others it publishes itself, once they are old enough, or have a queue.
        """
        ahead = [row for row in rows if row.changed_at > now]
        return await self._s.late(stream, [row for row in rows if row.changed_at <= now], wish) + ahead
