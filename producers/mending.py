"""Rows that could not be read are read again on a schedule: what mends them, as a row put in, may date nothing anew."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from producers.checkpoints import Memory
from producers.session import Session
from producers.store import Stream
from producers.swept import Swept
from producers.translation import Wish

_AT_A_TIME = 100


class Mender:
    """Publishes broken rows once they can be read."""

    def __init__(self, *, session: Session) -> None:
        self._s = session

    async def look_again(self, stream: Stream, swept: Swept) -> None:
        """Read all broken rows once, and count those that can be read now. Raises `Stopped`, and `NotInCharge`."""
        after = 0
        while not self._s.stop.asked:
            asked_at = self._s.clock.monotonic()
            known = await self._s.patience.of(partial(self._s.checkpoints.broken_after, stream, after, _AT_A_TIME))
            if not known:
                break
            after = known[-1].row_id
            await self._read(stream, known, asked_at, swept)

    async def _read(self, stream: Stream, known: Sequence[Memory], asked_at: float, swept: Swept) -> None:
        ids = [memory.row_id for memory in known]
        found = await self._s.patience.of(partial(self._s.source.rows, stream, ids))
        memories = await self._s.joined(stream, found.rows, {memory.row_id: memory for memory in known})
        wish = Wish(last_word=frozenset(row.id for row in found.rows))
        batch = self._s.translator.batch(found.rows, found.broken, memories, now=self._s.clock.now(), wish=wish)
        swept.unrouted += await self._s.publish(stream, batch, asked_at=asked_at)
        swept.mended += len(found.rows)
