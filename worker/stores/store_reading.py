"""A store read as its agent reads it, and sent nowhere."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from producers.belonging import Belonging
from producers.checkpoints import Memory
from producers.store import Broken, Page, Selection, StoreSource, Stream
from producers.translation import Translator, Wish
from schemas.entities import Entity
from schemas.envelope import Event
from worker.stores.stores import defects_told

_AFTER = timedelta(days=1)
"""A store may count its days in another time zone than its documents."""

_BEFORE = timedelta(days=7)
"""An invoice may be paid days after it was made, and its payment is of the day it was paid."""

_IDS_AT_A_TIME = 100


@dataclass(frozen=True, slots=True)
class StoreReader:
    """One store, as far as it feeds `organisation`. Its methods raise `StoreUnreachable` and `StoreRefuses`.

    `on_broken` hears of each row that the store does not give, or that cannot be understood. `remembered` is what the
    store's agent knows of some rows: which organisation has a sale; it is asked where the store feeds several.
    """

    source: StoreSource
    translator: Translator
    organisation: str
    now: Callable[[], datetime]
    on_broken: Callable[[Stream, Broken], None]
    remembered: Callable[[Stream, Sequence[int]], Awaitable[Mapping[int, Memory]]]

    def streams(self, entities: Collection[Entity]) -> list[Stream]:
        """Those that may hold some of the entities which the organisation takes; others may be refused."""
        wanted = self.translator.routing.targets[self.organisation].lanes.keys() & frozenset(entities)
        return [stream for stream in self.source.streams if stream.entities & wanted]

    async def events(self, selection: Selection, entities: Collection[Entity]) -> AsyncIterator[list[Event]]:
        """The events of all rows that may hold some of the entities, a page at a time."""
        for stream in self.streams(entities):
            after, more = 0, True
            while more:
                with defects_told(self.translator.store):
                    page = await self.source.page(stream, after, selection)
                    more, after = page.more and page.last > after, max(page.last, after)
                yield await self._translated(stream, page, entities)

    async def of_rows(self, stream: Stream, ids: Sequence[int], entities: Collection[Entity]) -> list[Event]:
        """The events of some rows; what is gone from the store is left out."""
        events: list[Event] = []
        for start in range(0, len(ids), _IDS_AT_A_TIME):
            with defects_told(self.translator.store):
                page = await self.source.rows(stream, ids[start : start + _IDS_AT_A_TIME])
            events += await self._translated(stream, page, entities)
        return events

    async def silent(self, stream: Stream, ids: Sequence[int]) -> list[int]:
        """Those rows that the store has and that are to be booked neither way as they are, as orders on hold."""
        found: list[int] = []
        for start in range(0, len(ids), _IDS_AT_A_TIME):
            with defects_told(self.translator.store):
                page = await self.source.rows(stream, ids[start : start + _IDS_AT_A_TIME])
            found += [row.id for row in page.rows if not row.snapshots]
        return found

    async def _translated(self, stream: Stream, page: Page, entities: Collection[Entity]) -> list[Event]:
        whose = await self._whose(stream, page)
        wish = Wish(lambda found: found.entity in entities, self.organisation, again=True)
        with defects_told(self.translator.store):
            batch = self.translator.batch(page.rows, page.broken, whose, now=self.now(), wish=wish)
        for broken in batch.broken:
            self.on_broken(stream, broken)
        return [outgoing.event for outgoing in batch.outgoing]

    async def _whose(self, stream: Stream, page: Page) -> Mapping[int, Memory]:
        """Which organisation has what: nobody asks where the store feeds one alone."""
        routing = self.translator.routing
        if routing.organisation:
            return {}
        known = await self.remembered(stream, [row.id for row in page.rows])
        published = {row_id: Memory(row_id, memory.published) for row_id, memory in known.items()}
        return await Belonging(routing, self.source.streams, self.remembered).joined(stream, page.rows, published)


def widened(first: date, last: date) -> Selection:
    """The rows that may hold documents of these days."""
    return Selection(first - _BEFORE, last + _AFTER)
