"""What following changes misses: on a schedule a store's ids are compared with what was published, and more."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from functools import partial

import structlog

from producers.checkpoints import Memory
from producers.mending import Mender
from producers.rereading import Rereader
from producers.session import Session
from producers.store import Stream
from producers.translation import Outgoing

_AT_A_TIME = 100
_LOOK_EVERY_S = 60.0


class Sweeper:
    """Publishes `removed` for what a store no longer has."""

    def __init__(self, *, session: Session) -> None:
        self._s = session
        self._mender = Mender(session=session)
        self._rereader = Rereader(session=session)
        self._log = structlog.get_logger("xerelay").bind(store=session.store)

    async def run(self) -> None:
        """Sweep each stream when its time has come. Raises `Stopped`, and `NotInCharge`."""
        look_every_s = min(_LOOK_EVERY_S, self._s.pace.sweep_every.total_seconds())
        while True:
            for stream in self._s.source.streams:
                if await self._is_due(stream):
                    await self.sweep(stream)
            await self._s.stop.rest(look_every_s)

    async def sweep(self, stream: Stream) -> int:
        """Compare all ids once, read again what was broken and what may have shown late; returns how many are gone."""
        after, gone, more = 0, 0, True
        while more:
            ids = await self._s.patience.of(partial(self._s.source.ids, stream, after))
            more = bool(ids) and not self._s.stop.asked
            until = ids[-1] if ids else None
            gone += await self._compare(stream, after, until, frozenset(ids))
            after = max(after, until or after)
        mended = await self._mender.look_again(stream)
        late = await self._rereader.read_again(stream)
        if not self._s.stop.asked:
            await self._s.patience.of(partial(self._s.checkpoints.save_swept, stream, self._s.clock.now()))
            self._log.info("stream.swept", stream=stream.name, gone=gone, mended=mended, late=late)
        return gone

    async def _is_due(self, stream: Stream) -> bool:
        reading = await self._s.patience.of(partial(self._s.checkpoints.reading, stream))
        return reading is not None and self._s.clock.now() - reading.swept_at >= self._s.pace.sweep_every

    async def _compare(self, stream: Stream, after: int, until: int | None, there: Collection[int]) -> int:
        gone = 0
        while True:
            ask = partial(self._s.checkpoints.published_between, stream, after, until, _AT_A_TIME)
            known = await self._s.patience.of(ask)
            if not known:
                return gone
            after = known[-1].row_id
            gone += await self._remove(stream, [memory for memory in known if memory.row_id not in there])

    async def _remove(self, stream: Stream, missing: list[Memory]) -> int:
        """Publish the removals, once the store has said a second time that these rows are not there."""
        if not missing:
            return 0
        asked_at = await self._s.patience.of(self._s.source.now)
        found = await self._s.patience.of(partial(self._s.source.rows, stream, [memory.row_id for memory in missing]))
        there = {row.id for row in found.rows} | {broken.id for broken in found.broken}
        gone = [memory for memory in missing if memory.row_id not in there]
        await self._s.posting.post([one for memory in gone for one in self._removals(memory, asked_at)])
        await self._s.patience.of(partial(self._s.checkpoints.forget, stream, [memory.row_id for memory in gone]))
        return len(gone)

    def _removals(self, memory: Memory, asked_at: datetime) -> list[Outgoing]:
        # its last change has to be older than its removal, whatever the store's clock did
        return self._s.translator.removals(memory, version=asked_at + timedelta(seconds=1), now=self._s.clock.now())
