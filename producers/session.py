"""What the parts of one store's agent share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import structlog

from producers.belonging import Belonging
from producers.checkpoints import Checkpoints, Memory
from producers.clock import Clock
from producers.pace import Pace, Stop
from producers.patience import Patience
from producers.posting import Posting
from producers.runs import Runs
from producers.steps import Steps
from producers.store import Broken, Row, StoreSource, Stream
from producers.translation import Batch, Translator, Wish


@dataclass(frozen=True, slots=True)
class Session:
    """One store, the way to the exchange, and the memory of both."""

    source: StoreSource
    checkpoints: Checkpoints
    runs: Runs
    posting: Posting
    translator: Translator
    patience: Patience
    clock: Clock
    pace: Pace
    stop: Stop
    steps: Steps

    @property
    def store(self) -> str:
        """The store's name."""
        return self.translator.store

    @property
    def streams(self) -> list[Stream]:
        """The source's, in the order they are read, less those of which no organisation takes anything."""
        wanted = self.translator.routing.entities
        return [stream for stream in self.source.streams if stream.entities & wanted]

    async def known(self, stream: Stream, rows: Sequence[Row], broken: Sequence[Broken]) -> Mapping[int, Memory]:
        """What is remembered of these rows."""
        ids = [row.id for row in rows] + [one.id for one in broken]
        known = await self.patience.of(partial(self.checkpoints.memories, stream, ids))
        return await self.joined(stream, rows, known)

    async def joined(self, stream: Stream, rows: Sequence[Row], known: Mapping[int, Memory]) -> Mapping[int, Memory]:
        """What is known of these rows, with what is remembered of the sales they belong to."""
        belonging = Belonging(self.translator.routing, self.source.streams, self.checkpoints.memories)
        return await self.patience.of(partial(belonging.joined, stream, rows, known))

    async def translated(self, stream: Stream, rows: Sequence[Row], broken: Sequence[Broken], wish: Wish) -> Batch:
        """The events of rows that were read beside the poller.

        Of a row that is late nobody can tell whether the store dated it back, or the poller has published what was
        newer since: it is read again, now that what was published is known, and counts as the row's last word. Where
        that was published just now, a replica that lags may not know it yet: then the row stays in doubt.
        """
        known = await self.known(stream, rows, broken)
        batch = self.translator.batch(rows, broken, known, now=self.clock.now(), wish=wish)
        late = await self._surely_late(batch, known)
        if not late:
            return batch
        found = await self.patience.of(partial(self.source.rows, stream, sorted(late)))
        again = {row.id: row for row in found.rows}
        kept = [again.get(row.id, row) for row in rows if row.id in again or row.id not in late]
        wish = replace(wish, last_word=late)
        return self.translator.batch(kept, [*broken, *found.broken], known, now=self.clock.now(), wish=wish)

    async def late(self, stream: Stream, rows: Sequence[Row], wish: Wish) -> list[Row]:
        """Those that differ from what was published under a newer version: nothing but their last word reaches Xero."""
        known = await self.known(stream, rows, ())
        batch = self.translator.batch(rows, (), known, now=self.clock.now(), wish=wish)
        late = await self._surely_late(batch, known)
        return [row for row in rows if row.id in late]

    async def _surely_late(self, batch: Batch, known: Mapping[int, Memory]) -> frozenset[int]:
        if not batch.late:
            return frozenset()
        now, close = await self.patience.of(self.source.now), self.pace.overlap
        return frozenset(one for one in batch.late if not known[one].is_new(now, within=close, ahead=close))

    async def doubt(self, stream: Stream, batch: Batch, *, asked_at: float | None = None) -> None:
        """Before a batch is published: what it replaces counts as unknown until the new is saved.

        `asked_at` is when a reading began beside the poller's. Where it took so long that the poller may have published
        later changes since, it stays unknown which content is the last.
        """
        if batch.doubtful:
            await self.patience.of(partial(self.checkpoints.save, stream, batch.doubtful))
        if asked_at is not None and self.clock.monotonic() - asked_at >= self.pace.lag.total_seconds():
            batch.stay_in_doubt()

    def report(self, stream: Stream, batch: Batch) -> None:
        """Tell which rows are broken."""
        for row in batch.broken:
            structlog.get_logger("xerelay").error(
                "row.broken", store=self.store, stream=stream.name, row=row.id, reason=row.reason
            )

    async def publish(self, stream: Stream, batch: Batch, *, asked_at: float) -> int:
        """Publish what was read beside the poller, and remember what has gone. Returns how many events no queue took.

        Of what has not, nothing new is remembered: whoever reads its rows again publishes it.
        """
        self.report(stream, batch)
        await self.doubt(stream, batch, asked_at=asked_at)
        _, unrouted = await self.posting.post(batch.outgoing)
        batch.leave_out(unrouted)
        if batch.memories:
            await self.patience.of(partial(self.checkpoints.save, stream, batch.memories))
        return len(unrouted)
