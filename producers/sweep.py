"""What following changes misses: on a schedule a store's ids are compared with what was published, and more."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from functools import partial

import structlog

from producers.mending import Mender
from producers.removal import Missing, Remover
from producers.rereading import Rereader
from producers.session import Session
from producers.store import Stream
from producers.swept import Swept

_LOOK_EVERY_S = 60.0
_ASK_AGAIN_S = 3600.0
"""A list that is not believed, does not go on, or has events that no queue took: often enough for whoever mends that,
and each time all ids are read."""


class Sweeper:
    """Publishes what is gone, what is mended, and what showed late.

    More than `removal_limit`, a share of what is known, does not go in a day: then none of the list is believed.
    `withheld` says of each stream how many rows are missing and not published as removed.
    """

    def __init__(self, *, session: Session, removal_limit: float) -> None:
        self.withheld: dict[str, int] = {}
        self._s = session
        self._removal_limit = removal_limit
        self._remover = Remover(session=session)
        self._mender = Mender(session=session)
        self._rereader = Rereader(session=session)
        self._ask_again_at: dict[str, float] = {}
        self._log = structlog.get_logger("xerelay").bind(store=session.store)

    async def run(self) -> None:
        """Sweep each stream when its time has come. Raises `Stopped`, and `NotInCharge`.

        They are swept against their order, for what is gone is undone in it: a refund before its sale.
        """
        look_every_s = min(_LOOK_EVERY_S, self._s.pace.sweep_every.total_seconds())
        while True:
            for stream in reversed(self._s.streams):
                if await self._is_due(stream):
                    await self.sweep(stream)
            await self._s.stop.rest(look_every_s)

    async def sweep(self, stream: Stream) -> int:
        """Compare all ids once, read again what was broken and what may have shown late; returns how many are gone.

        Where too many are missing, or the list does not go on, nothing is published, and the sweep is to be done again.
        So it is where something had no sound queue.
        """
        begun_at = self._s.clock.now()  # a look that takes hours misses what shows behind it
        missing = await self._remover.missing(stream)
        if missing is None:
            self._stands_still(stream)
            return 0
        if self._s.stop.asked or not self._is_believed(stream, missing):
            return 0
        swept = Swept()
        await self._remover.remove(stream, missing.ids, swept)
        await self._mender.look_again(stream, swept)
        await self._rereader.read_again(stream, swept)
        if not self._s.stop.asked:
            await self._end(stream, swept, begun_at)
        return swept.gone

    async def _end(self, stream: Stream, swept: Swept, begun_at: datetime) -> None:
        if swept.unrouted:
            self._ask_again_at[stream.name] = self._s.clock.monotonic() + _ASK_AGAIN_S
        else:
            await self._s.patience.of(partial(self._s.checkpoints.save_swept, stream, begun_at))
        self._log.info("stream.swept", stream=stream.name, **asdict(swept))

    async def _is_due(self, stream: Stream) -> bool:
        reading = await self._s.patience.of(partial(self._s.checkpoints.reading, stream))
        # a look that lies far ahead was noted by a clock that is put right since
        if reading is None or abs(self._s.clock.now() - reading.swept_at) < self._s.pace.sweep_every:
            self.withheld[stream.name] = 0  # another agent may have swept it meanwhile
            return False
        return self._s.clock.monotonic() >= self._ask_again_at.get(stream.name, 0.0)

    def _stands_still(self, stream: Stream) -> None:
        self._ask_again_at[stream.name] = self._s.clock.monotonic() + _ASK_AGAIN_S
        detail = "the adapter's ids() does not list ids above `after`, ascending: what is gone cannot be found"
        self._log.error("stream.stands_still", stream=stream.name, detail=detail)

    def _is_believed(self, stream: Stream, missing: Missing) -> bool:
        count, allowed = len(missing.ids), missing.allowed(self._removal_limit)
        self.withheld[stream.name] = count if count > allowed else 0
        if count <= allowed:
            return True
        self._ask_again_at[stream.name] = self._s.clock.monotonic() + _ASK_AGAIN_S
        self._log.error(
            "stream.shrunk",
            stream=stream.name,
            missing=count,
            known=missing.known,
            detail=f"{count} of {missing.known} rows that were published are not in the store's list, and no more than "
            f"{allowed} are believed to be deleted: none is published as removed. See that [stores.{self._s.store}] "
            "leads to the whole store; if they were deleted, restart the agent with removal_limit = 1 there",
        )
        return False
