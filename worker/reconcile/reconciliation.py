"""Reads both sides for some days and compares them: the store first, which costs no call, then Xero's lists."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from producers.selection import row_of
from producers.store import Broken, Stream
from schemas.entities import Entity
from worker.calls.paging import Lists
from worker.documents.documents import DocumentKey, Kind
from worker.ledger.ledger import Ledger
from worker.ledger.records import Document
from worker.reconcile.compare import Comparison, Days, Difference, Finding, compare
from worker.reconcile.entries import Entry
from worker.reconcile.theirs import entry_of
from worker.reconcile.wanted import StoreBooks
from worker.settings import OrganisationSettings
from worker.stores.store_reading import StoreReader, widened
from worker.xero.changes.reissue import later_numbers
from worker.xero.endpoints import ENDPOINTS, inner
from worker.xero.lists import of_sales, pages_of

KINDS = (Kind.INVOICE, Kind.CREDIT_NOTE, Kind.PAYMENT)
_LETTERS = {Kind.INVOICE: "I", Kind.CREDIT_NOTE: "C", Kind.PAYMENT: "P"}


@dataclass(slots=True)
class Reconciliation:
    """One organisation, once: `read_store`, look at the `price`, `read_xero`, then `compared`.

    `readers` are the stores that feed it, by name. `on_rows` hears how many rows of a store were read.
    """

    org: OrganisationSettings
    days: Days
    readers: Mapping[str, StoreReader]
    ledger: Ledger
    on_rows: Callable[[str, int], None] = lambda _store, _rows: None
    books: StoreBooks = field(init=False)
    broken: list[Difference] = field(default_factory=list)
    _theirs: list[Entry] = field(default_factory=list)
    _codes: dict[str, str] = field(default_factory=dict)
    _known: Mapping[DocumentKey, Document] = field(default_factory=dict)
    _settled: Sequence[Document] = ()
    _unread: Sequence[str] = ()
    _silent: set[tuple[Kind, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.books = StoreBooks(self.org)

    async def read_store(self) -> None:
        """Take what the stores have of these days. Raises `StoreUnreachable`, `StoreRefuses`."""
        selection = widened(self.days.first, self.days.last)
        for name, reader in self.readers.items():
            async for events in reader.events(selection, self._entities):
                self.on_rows(name, len(events))
                for event in events:
                    self.books.take(event)

    def note_broken(self, store: str, stream: Stream, broken: Broken) -> None:
        """A row that cannot be compared; asked for twice it is told once."""
        told = Difference(Finding.UNREADABLE, None, f"{store} {stream.name} {broken.id}", None, broken.reason)
        if told not in self.broken:
            self.broken.append(told)

    @property
    def price(self) -> int:
        """Calls that Xero's lists take, if they are as long as the store's."""
        counts = Counter(entry.kind for entry in self.books.entries() if self.days.has(entry.day))
        return sum(pages_of(counts[kind]) for kind in KINDS)

    async def read_xero(self, lists: Lists) -> None:
        """Take what Xero has on these days. Raises `XeroUnreadable`, and what the ledger and the stores raise."""
        seen: set[str] = set()
        for kind in KINDS:
            async for elements in lists.pages(kind, of_sales(kind, self.days.first, self.days.last)):
                for element in elements:
                    self._take(kind, element, seen)
        await self._ask_for_strangers()
        self._known = await self.ledger.documents.get(self.books.keys)
        self._settled = await self._ask_for_settled()
        self._unread = [one for one in await self.ledger.histories.sources([self.org.name]) if one not in self.readers]

    def compared(self) -> Comparison:
        """What came of it."""
        comparison = compare(
            self.books.entries(self._codes, self._known),
            self._theirs,
            self.days,
            prefixes=self._prefixes([*self.readers, *self._unread]),
            unbookable=self.books.unbookable,
            known=[*self._known.values(), *self._settled],
            unread=self._prefixes(self._unread),
            silent=self._silent,
        )
        return replace(comparison, differences=(*self.broken, *comparison.differences))

    @property
    def _entities(self) -> frozenset[Entity]:
        return frozenset({Entity(self.org.sales_document), Entity.PAYMENT, Entity.CREDIT_MEMO})

    def _prefixes(self, stores: Iterable[str]) -> list[str]:
        return [
            f"{self.org.number_prefix}{letter}-{store}-".lower() for letter in _LETTERS.values() for store in stores
        ]

    def _take(self, kind: Kind, element: Mapping[str, object], seen: set[str]) -> None:
        """Once, for a page may repeat what moved while the list was read."""
        own_id = str(element.get(ENDPOINTS[kind].id))
        if own_id in seen:
            return
        seen.add(own_id)
        self._theirs.append(entry_of(kind, element))
        account = inner(element, "Account")
        if kind is Kind.PAYMENT and account.get("Code"):
            self._codes[str(account.get("AccountID")).lower()] = str(account["Code"]).lower()

    async def _ask_for_settled(self) -> list[Document]:
        """What the payments of these days are on, where it is of other days."""
        known = {(document.kind, document.number) for document in self._known.values()}
        numbers: defaultdict[Kind, set[str]] = defaultdict(set)
        for kind, number in {entry.target for entry in self._theirs if entry.kind is Kind.PAYMENT} - known:
            numbers[kind] |= {number, *later_numbers(kind, number)}
        found = [await self.ledger.documents.by_number(self.org.name, kind, those) for kind, those in numbers.items()]
        return [document for one in found for document in one.values()]

    async def _ask_for_strangers(self) -> None:
        """Our documents whose sale is of other days: the ledger knows which rows of the store they are.

        Their date was moved into these days; or their sale got another, and was issued anew.
        """
        known = {(entry.kind, entry.number) for entry in self.books.entries()}
        rows: defaultdict[tuple[str, Entity], dict[int, tuple[Kind, str]]] = defaultdict(dict)
        for kind in KINDS:
            strange = [
                e.number for e in self._theirs if e.kind is kind and not any((kind, n) in known for n in e.names)
            ]
            numbers = [*strange, *(later for number in strange for later in later_numbers(kind, number))]
            for document in (await self.ledger.documents.by_number(self.org.name, kind, numbers)).values():
                _, source, entity, entity_id, _ = document.key
                if (row := row_of(entity_id)) is not None:
                    rows[source, Entity(entity)][row] = kind, document.number
        for (source, entity), named in rows.items():
            await self._take_rows(source, entity, named)

    async def _take_rows(self, source: str, entity: Entity, named: Mapping[int, tuple[Kind, str]]) -> None:
        """Take what the store has in these rows, each with the document that the ledger has of it."""
        reader = self.readers.get(source)
        if reader is None:
            return
        for stream in reader.streams({entity}):
            events = await reader.of_rows(stream, sorted(named), self._entities)
            for event in events:
                self.books.take(event)
            told = {row_of(event.subject) for event in events if event.entity is entity}
            self._silent |= {named[row] for row in await reader.silent(stream, sorted(named.keys() - told))}
