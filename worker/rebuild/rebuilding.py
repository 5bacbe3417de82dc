"""Fills an organisation's ledger: what the stores want is looked for in Xero's lists, some days after others.

What is in the ledger already costs nothing, so an end in the middle loses one window at most: run it again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from producers.store import Selection, Stream
from schemas.entities import Entity
from schemas.envelope import Event
from worker.calls.paging import Lists
from worker.documents.documents import ONE_EACH, Action, DocumentKey, Kind, Write
from worker.ledger.ledger import Ledger
from worker.ledger.records import Document, Known, Lease
from worker.mapping.plan import Ignored, Unmappable, plan
from worker.rebuild.equal_numbers import one_each
from worker.rebuild.index import Index
from worker.rebuild.restoring import as_begun, restored
from worker.rebuild.windows import Window, merged, months
from worker.reconcile.wanted import name_of
from worker.settings import OrganisationSettings
from worker.stores.store_reading import StoreReader
from worker.xero.lists import of_sales

_ORDER = (Kind.CONTACT, Kind.ITEM, Kind.INVOICE, Kind.CREDIT_NOTE, Kind.PAYMENT, Kind.ALLOCATION)
"""What others name comes first."""

_LISTED = {Kind.ALLOCATION: Kind.CREDIT_NOTE}
"""Allocations stand in their credit note."""

_DATED = frozenset({Kind.INVOICE, Kind.CREDIT_NOTE, Kind.PAYMENT})
_UNDATED = frozenset({Entity.CUSTOMER, Entity.PRODUCT})


@dataclass(frozen=True, slots=True)
class Sought:
    """A document that the store wants and the ledger lacks. `name` is what Xero's number begins with."""

    write: Write
    name: str


@dataclass(slots=True)
class Rebuilding:
    """One organisation, once. `readers` are the stores that feed it, by name; `lease` is the right to serve it.

    `known_before` counts what was there already, contacts of buyers aside, whom many sales share. `unmapped` counts, by
    reason, payments that cannot be mapped: Xero may have them, and takes them a second time.
    Its methods raise what reading the stores, Xero and the ledger raises, and `LeaseLost`.
    """

    org: OrganisationSettings
    readers: Mapping[str, StoreReader]
    ledger: Ledger
    lists: Lists
    lease: Lease
    on_events: Callable[[str, int], None] = lambda _store, _events: None
    restored: Counter[Kind] = field(default_factory=Counter)
    unmapped: Counter[str] = field(default_factory=Counter)
    known_before: int = 0
    _sought: dict[DocumentKey, Sought] = field(default_factory=dict)
    _absent: dict[DocumentKey, Kind] = field(default_factory=dict)
    _read: set[Kind] = field(default_factory=set)
    _index: Index = field(init=False)

    def __post_init__(self) -> None:
        self._index = Index(
            [f"{self.org.number_prefix}{letter}-{store}-" for letter in "ICP" for store in self.readers]
        )

    async def run(self, windows: Sequence[Window]) -> None:
        """Restore contacts and items of the stores' own lists, then sales and money, window by window."""
        # a backup that was just restored has no statistics, and then the rebuild writes many rows at once
        await self.ledger.refresh_statistics()
        for name, reader in self.readers.items():
            async for events in reader.events(Selection(), _UNDATED):
                self.on_events(name, len(events))
                await self._restore(events, None)
        for window in windows:
            await self._restore(await self._events(window), window)
        await self.ledger.refresh_statistics()

    @property
    def missing(self) -> Counter[Kind]:
        """What the store wants and Xero has not: it was never sent, or a person renumbered it."""
        sought = (one.write.kind for one in self._sought.values() if one.write.action is Action.SAVE)
        return Counter(self._absent.values()) + Counter(sought)

    async def _events(self, window: Window) -> list[Event]:
        wanted = frozenset({Entity(self.org.sales_document), Entity.PAYMENT, Entity.CREDIT_MEMO})
        found: list[Event] = []
        for name, reader in self.readers.items():
            async for events in reader.events(Selection(window.first, window.last), wanted):
                self.on_events(name, len(events))
                found += events
        return found

    async def _restore(self, events: Iterable[Event], window: Window | None) -> None:
        """Look for what these events want, and for what was not found before."""
        fresh = {one.write.key: one for event in events for one in self._wanted(event)}
        there = await self.ledger.documents.get(fresh)
        self.known_before += sum(1 for key in there if not fresh[key].write.only_if_absent)
        new = {key: one for key, one in fresh.items() if key not in there and key not in self._absent}
        self._sought |= new
        kinds = {one.write.kind for one in new.values()}
        if Kind.INVOICE in kinds and self.org.edited_paid == "reissue":
            kinds.add(Kind.CREDIT_NOTE)  # it alone tells of a re-issue that was stopped before its new invoice
        await self._read_lists(kinds, window)
        for kind in _ORDER:
            await self._restore_kind([one for one in self._sought.values() if one.write.kind is kind])
        self._give_up()

    def _wanted(self, event: Event) -> list[Sought]:
        """The documents of one event. Of one that cannot be mapped none: a sale of a known number is not made twice."""
        try:
            planned = plan(event, self.org)
        except Unmappable as error:
            self.unmapped[error.reason] += event.entity is Entity.PAYMENT
            return []
        if isinstance(planned, Ignored):
            return []
        return [Sought(write, _name(write, event, self.org)) for write in planned.made]

    def _give_up(self) -> None:
        """Of contacts and items the whole list was read; what is dated may turn up among other days."""
        for key, one in list(self._sought.items()):
            if one.write.kind in (Kind.CONTACT, Kind.ITEM):
                self._absent[key] = one.write.kind
                del self._sought[key]

    async def _read_lists(self, kinds: set[Kind], window: Window | None) -> None:
        """The lists that may hold something new; those without dates once."""
        for kind in sorted({_LISTED.get(kind, kind) for kind in kinds} - self._read, key=_ORDER.index):
            dated = kind in _DATED
            where = of_sales(kind, window.first, window.last) if dated and window else ""
            async for elements in self.lists.pages(kind, where):
                self._index.add(kind, elements)
            if not dated:
                self._read.add(kind)

    async def _restore_kind(self, sought: Sequence[Sought]) -> None:
        if not sought:
            return
        needs = {key for one in sought for key in one.write.needs}
        own = {DocumentKey(*one.write.key[:4], part="credit_note") for one in sought}
        known = Known(await self.ledger.documents.get(needs | own), frozenset())
        found = await self._apart([(one, rows) for one in sought if (rows := self._found(one, known))])
        await self.ledger.documents.restore(self.lease, [row for _, rows in found for row in rows])
        for one, (document, *_) in found:
            del self._sought[one.write.key]
            self.restored[document.kind] += 1
            if document.kind in _DATED and document.kind is not Kind.CREDIT_NOTE:
                self._index.forget(document.kind, document.xero_id, one.name)

    async def _apart(self, found: Sequence[tuple[Sought, list[Document]]]) -> Sequence[tuple[Sought, list[Document]]]:
        """Without those that ask for another sale's document; they stay missing, and the resync parks them."""
        if not found or found[0][0].write.kind not in ONE_EACH:
            return found
        numbers = {row.number for _, rows in found for row in rows}
        there = await self.ledger.documents.by_number(self.org.name, found[0][0].write.kind, numbers)
        # what the store cancelled and Xero has void is that sale's rather than one's that the store still has
        found = sorted(found, key=lambda one: one[0].write.action is Action.SAVE)
        keep = one_each([rows for _, rows in found], {one.xero_id: one.key.owner for one in there.values()})
        return [(one, rows) for one, rows in found if one.write.key.owner in keep]

    def _found(self, one: Sought, known: Known) -> list[Document]:
        """Its row, and those of what was made for its re-issue; none where Xero has no such document."""
        kind = _LISTED.get(one.write.kind, one.write.kind)
        if kind is Kind.INVOICE and one.write.action is Action.SAVE and self.org.edited_paid == "reissue":
            begun = self._index.unfinished(one.name)
            if begun is not None:
                return as_begun(one.write, begun, known)
        row = restored(one.write, self._index.candidates(kind, one.name), known)
        return [] if row is None else [row]


async def windows_of(org: OrganisationSettings, readers: Iterable[StoreReader], last: date) -> tuple[list[Window], int]:
    """The windows from `start_date` on, and how many customers the stores have. Raises as the stores do."""
    counted: list[Window] = []
    readers = list(readers)
    for month in months(org.start_date, last):
        days = Selection(month.first, month.last)
        sales, refunds = [
            [await _count(reader, entity, days) for reader in readers]
            for entity in (Entity(org.sales_document), Entity.CREDIT_MEMO)
        ]
        counted.append(Window(month.first, month.last, sum(sales), sum(refunds)))
    customers = [await _count(reader, Entity.CUSTOMER, Selection()) for reader in readers]
    return merged(counted), sum(customers)


async def _count(reader: StoreReader, entity: Entity, days: Selection) -> int:
    streams: list[Stream] = reader.streams({entity})
    return sum([await reader.source.count(stream, days) for stream in streams])


def _name(write: Write, event: Event, org: OrganisationSettings) -> str:
    return write.number if write.kind in (Kind.CONTACT, Kind.ITEM) else name_of(event, org)
