"""A Magento 2 store as a `StoreSource`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

from producers.magento.advice import allow
from producers.magento.client import Client
from producers.magento.errors import NotAllowed
from producers.magento.joins import Lists
from producers.magento.keyset import next_step
from producers.magento.lists import ListReader, Piece
from producers.magento.query import Filter, before, from_on
from producers.magento.seconds import as_read_at
from producers.magento.streams import (
    CREDIT_MEMOS,
    INVOICES,
    LISTS,
    OF_ORDERS,
    ORDERS,
    STREAMS,
    TRANSACTIONS,
    lists_of,
)
from producers.magento.translate.places import Places, read_places, read_sites
from producers.magento.translate.values import Raw, number, version
from producers.magento.translator import Translator
from producers.store import Broken, Changes, Cursor, Page, Row, Selection, Site, StoreRefuses, Stream

SETTINGS = ("V1/store/storeConfigs", "V1/store/storeViews", "V1/store/websites")
_PLACES_LAST_S = 3600.0


class MagentoStore:
    """Reads one store. Safe to use from several tasks."""

    def __init__(
        self,
        client: Client,
        *,
        offline_methods: frozenset[str],
        page_size: int,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._monotonic = monotonic
        self._readers = {name: ListReader(client, spec, most=page_size) for name, spec in LISTS.items()}
        lists = Lists(
            orders=self._readers[ORDERS.name],
            invoices=self._readers[INVOICES.name],
            credit_memos=self._readers[CREDIT_MEMOS.name],
            transactions=self._readers[TRANSACTIONS],
        )
        self._translator = Translator(lists, places=self._places, offline_methods=offline_methods)
        self._known: Places | None = None
        self._known_at = 0.0

    @property
    def streams(self) -> Sequence[Stream]:
        """What sales refer to first."""
        return STREAMS

    async def now(self) -> datetime:
        """The store's own clock, UTC."""
        return await self._client.now()

    async def changes(self, stream: Stream, after: Cursor, *, until: datetime) -> Changes:
        """The rows that changed; those of invoices and credit memos also when their order did.

        An order's change may alter what its documents say (the customer, an address), and does not touch them. So they
        change when either does, and their place is the later of both.
        """
        begun = await self._client.instant()
        reader, orders = self._readers[stream.name], self._readers[ORDERS.name]
        step = await next_step([reader, orders] if stream in OF_ORDERS else [reader], after, until)
        changed = {reader.key_of(row): (place.changed_at, row) for place, row in step.rows[0]}
        broken, known = list(step.broken[0]), dict[int, Raw]()
        if stream in OF_ORDERS:
            known = {orders.key_of(row): row for _, row in step.rows[1]}
            times = {orders.key_of(row): place.changed_at for place, row in step.rows[1]}
            times |= dict.fromkeys((one.id for one in step.broken[1]), step.cursor.changed_at)
            documents = await reader.of_keys(times, "order_id")
            for row in documents.rows:
                key, at = reader.key_of(row), times.get(number(row.get("order_id")) or 0, step.cursor.changed_at)
                changed[key] = (max(at, changed[key][0]) if key in changed else at, row)
            broken += documents.broken
        rows, unreadable = await self._rows(stream, {key: row for key, (_, row) in changed.items()}, known)
        # what has changed again since comes again, at its place
        rows = tuple(row for row in rows if row.changed_at <= changed[row.id][0])
        # a row may fail twice, by itself and with its order; what was read by either is whole
        told = {row.id for row in rows}
        failed = {one.id: one for one in (*broken, *unreadable) if one.id not in told}
        return Changes(as_read_at(begun, rows), tuple(failed.values()), step.cursor, step.more)

    async def page(self, stream: Stream, after: int, selection: Selection) -> Page:
        """The rows above `after`."""
        begun = await self._client.instant()
        piece = await self._readers[stream.name].after(after, await self._filters(selection))
        return await self._page(stream, piece, begun, last=piece.end.id)

    async def rows(self, stream: Stream, ids: Sequence[int]) -> Page:
        """The rows of these ids."""
        begun = await self._client.instant()
        piece = await self._readers[stream.name].of_keys(ids)
        return await self._page(stream, piece, begun, last=max(ids, default=0))

    async def count(self, stream: Stream, selection: Selection) -> int:
        """How many rows the selection has."""
        return await self._readers[stream.name].count(await self._filters(selection))

    async def ids(self, stream: Stream, after: int) -> Sequence[int]:
        """Some of the ids above `after`."""
        return await self._readers[stream.name].ids_after(after)

    async def check(self, streams: Collection[Stream]) -> None:
        """Ask the lists that these are read from, for no rows, and name all missing permissions in one error."""
        refused: list[NotAllowed] = []
        settings: list[Callable[[], Awaitable[object]]] = [partial(self._client.get, path) for path in SETTINGS]
        lists = lists_of(streams)
        readers = [reader for name, reader in self._readers.items() if name in lists]
        for ask in (*settings, *(reader.check for reader in readers)):
            try:
                await ask()
            except NotAllowed as error:
                refused.append(error)
        if refused:
            resources = dict.fromkeys(error.resource for error in refused)
            raise StoreRefuses(f"the store refuses what has to be read: {allow(*resources)}")

    async def sites(self) -> Sequence[Site]:
        """How each store view is set up."""
        configs, views, websites = await self._settings()
        return read_sites(configs, views, websites)

    async def _page(self, stream: Stream, piece: Piece, begun: datetime, *, last: int) -> Page:
        key_of = self._readers[stream.name].key_of
        rows, unreadable = await self._rows(stream, {key_of(row): row for row in piece.rows}, {})
        in_order = sorted(rows, key=lambda row: row.id)
        return Page(as_read_at(begun, in_order), (*piece.broken, *unreadable), last, piece.more)

    async def _rows(
        self, stream: Stream, raws: Mapping[int, Raw], orders: Mapping[int, Raw]
    ) -> tuple[tuple[Row, ...], tuple[Broken, ...]]:
        found = await self._translator.snapshots(stream, raws, orders)
        rows = []
        for key, one in found.items():
            if not isinstance(one, Broken):
                # a snapshot's version is the latest change of anything it is made of
                rows.append(Row(key, one[0].version if one else version(raws[key]), one))
        rows.sort(key=lambda row: (row.changed_at, row.id))
        return tuple(rows), tuple(one for one in found.values() if isinstance(one, Broken))

    async def _filters(self, selection: Selection) -> list[Filter]:
        filters = []
        if selection.since is not None:
            filters.append(from_on("created_at", (await self._places(())).begins(selection.since)))
        if selection.until is not None:
            next_day = selection.until + timedelta(days=1)
            filters.append(before("created_at", (await self._places(())).begins(next_day)))
        return filters

    async def _places(self, rows: Iterable[Raw]) -> Places:
        """The store's set-up, an hour old at most, and younger than any store view or website that `rows` name."""
        known = self._known
        fresh = known is not None and self._monotonic() - self._known_at < _PLACES_LAST_S
        if known is not None and fresh and all(map(known.knows, rows)):
            return known
        configs, views, websites = await self._settings()
        self._known, self._known_at = read_places(configs, views, websites), self._monotonic()
        return self._known

    async def _settings(self) -> Sequence[Sequence[Raw]]:
        return await asyncio.gather(*(self._client.get(path) for path in SETTINGS))
