"""One list of the store's API, read in pieces: smaller ones when the store fails, down to the row it fails at.

Magento answers 500 to a whole page when one of its rows is broken, such as an order without its payment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain, pairwise
from typing import Any, NamedTuple

from producers.magento.client import ATTEMPTS, Client
from producers.magento.errors import NoAnswer, PageTooLarge, ServerFault
from producers.magento.failing import first_failing
from producers.magento.listing import listing_of
from producers.magento.query import Filter, above, equal, one_of, search, up_to
from producers.magento.translate.values import Raw, Unreadable, identity, moment
from producers.store import Broken, Cursor, StoreRefuses, StoreUnreachable

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CHANGED = "updated_at"
_HIGHEST_ID = 2**32
_BROKEN_IN_A_ROW = 10
_MOST_PAGES = 10_000


@dataclass(frozen=True, slots=True)
class ListSpec:
    """Where a list is, and its key as filters know it and as rows show it, which differ for some."""

    path: str
    key: str = "entity_id"
    shown_key: str = "entity_id"


@dataclass(frozen=True, slots=True)
class Piece:
    """Some rows in the order asked for, or one that cannot be read. `end` is the place of the last; EPOCH by id.

    `lacking`: where rows were asked for by their order, the orders of those that cannot be read, and why.
    """

    rows: tuple[Raw, ...]
    broken: tuple[Broken, ...]
    end: Cursor
    more: bool
    lacking: Mapping[int, str] = field(default_factory=dict)


class _Read(NamedTuple):
    rows: tuple[Raw, ...]
    more: bool
    total: int


class ListReader:
    """Reads one list. Pages shrink while the store is overtaxed, and grow again up to `most` rows."""

    def __init__(self, client: Client, spec: ListSpec, *, most: int) -> None:
        self._client = client
        self._spec = spec
        self._most = most
        self._size = most
        self._broken_in_a_row = 0
        self._readable: int | None = None

    def key_of(self, row: Raw) -> int:
        """The row's id. Raises `StoreRefuses`."""
        try:
            return identity(row, self._spec.shown_key)
        except Unreadable as error:
            raise StoreRefuses(f"{self._spec.path} lists a row that is none: {error}") from None

    def place_of(self, row: Raw) -> Cursor:
        """When the row changed, and its id. Raises `StoreRefuses`."""
        try:
            return Cursor(moment(row, _CHANGED), self.key_of(row))
        except Unreadable as error:
            raise StoreRefuses(f"{self._spec.path} lists a row that is none: {error}") from None

    async def after(self, key: int, filters: Sequence[Filter] = ()) -> Piece:
        """The rows above `key`, in the order of ids."""
        read = await self._first_rows([*filters, above(self._spec.key, key)], [self._spec.key])
        if read is None:
            return await self._at_fault(await self._failing_id(key, filters), EPOCH)
        keys = [self.key_of(row) for row in read.rows]
        self._check_order([key, *keys])
        return Piece(read.rows, (), Cursor(EPOCH, keys[-1] if keys else key), read.more)

    async def changed_at(self, second: datetime, after: int) -> Piece:
        """The rows that changed in that second, with an id above `after`."""
        piece = await self.after(after, [equal(_CHANGED, second)])
        return Piece(piece.rows, piece.broken, Cursor(second, piece.end.id), piece.more)

    async def changed_since(self, second: datetime, until: datetime) -> Piece:
        """The rows that changed after that second and not after `until`, in the order of time and id."""
        read = await self._first_rows([above(_CHANGED, second), up_to(_CHANGED, until)], [_CHANGED, self._spec.key])
        if read is None:
            fails_in = await self._failing_second(second, until)
            return await self._at_fault(await self._failing_id(0, [equal(_CHANGED, fails_in)]), fails_in)
        places = [self.place_of(row) for row in read.rows]
        self._check_order([Cursor(second, _HIGHEST_ID), *places])
        return Piece(read.rows, (), places[-1] if places else Cursor(second), read.more)

    async def of_keys(self, keys: Iterable[int], name: str = "") -> Piece:
        """All rows whose `name` (unless given, their own key) is among `keys`, and which of them cannot be read.

        These take no others along: of several rows with one `name`, those that can be read are among the rows.
        """
        wanted = sorted(set(keys))
        parts = [wanted[at : at + self._most] for at in range(0, len(wanted), self._most)]
        found: list[Raw] = []
        broken: list[Broken] = []
        lacking: dict[int, str] = {}
        while parts:
            part = parts.pop(0)
            try:
                found += await self._all([one_of(name or self._spec.key, part)])
            except ServerFault as error:
                await self._check_answers(error)
                if len(part) > 1:
                    parts[:0] = [part[: len(part) // 2], part[len(part) // 2 :]]
                    continue
                if name:
                    rest = await self._one_by_one([equal(name, part[0])])
                    found += rest.rows
                    broken += rest.broken
                    if rest.broken:
                        lacking[part[0]] = rest.broken[0].reason
                    continue
                await self._check_health(error)
                broken.append(Broken(part[0], str(error)))
        return Piece(tuple(found), tuple(broken), Cursor(EPOCH), more=False, lacking=lacking)

    async def _one_by_one(self, filters: Sequence[Filter]) -> Piece:
        """All rows that pass, and those of them that cannot be read."""
        pieces = [await self.after(0, filters)]
        while pieces[-1].more:
            pieces.append(await self.after(pieces[-1].end.id, filters))
        found = chain.from_iterable(piece.rows for piece in pieces)
        broken = chain.from_iterable(piece.broken for piece in pieces)
        return Piece(tuple(found), tuple(broken), pieces[-1].end, more=False)

    async def ids_after(self, key: int) -> list[int]:
        """Some ids above `key`, ascending, one that cannot be read among them."""
        fields = f"items[{self._spec.shown_key}],total_count"
        read = await self._first_rows([above(self._spec.key, key)], [self._spec.key], fields=fields)
        if read is None:
            return [await self._failing_id(key, ())]
        keys = [self.key_of(row) for row in read.rows]
        self._check_order([key, *keys])
        return keys

    async def check(self) -> None:
        """Ask for rows that cannot be there: it shows whether the list is served, whatever its rows are."""
        await self._ask([up_to(self._spec.key, 0)], [self._spec.key], 1)

    async def count(self, filters: Sequence[Filter]) -> int:
        """How many rows pass."""
        try:
            return (await self._ask(filters, [self._spec.key], 1)).total
        except ServerFault:
            # the first row may be broken; a page past the end has none, or in Magento 2.3 the last once more
            return (await self._ask(filters, [self._spec.key], 1, page=_HIGHEST_ID)).total

    async def _all(self, filters: Sequence[Filter]) -> list[Raw]:
        found: list[Raw] = []
        key = 0
        for _ in range(_MOST_PAGES):
            read = await self._ask([*filters, above(self._spec.key, key)], [self._spec.key], self._most)
            keys = [self.key_of(row) for row in read.rows]
            self._check_order([key, *keys])
            self._note_health(read)
            found += read.rows
            if not keys or not read.more:
                return found
            key = keys[-1]
        raise StoreUnreachable(f"{self._spec.path} does not end after {_MOST_PAGES} pages")

    async def _first_rows(self, filters: Sequence[Filter], order: Sequence[str], *, fields: str = "") -> _Read | None:
        """The first rows, and whether there are more; None when the very first cannot be read."""
        attempts = ATTEMPTS
        while True:
            size = self._size
            try:
                read = await self._ask(filters, order, size, fields=fields, attempts=attempts)
            except ServerFault as error:
                if size == 1:
                    return None
                self._size = size // 2
                await self._check_answers(error)
                attempts = ATTEMPTS if self._size == 1 else 1
                continue
            self._size = min(self._size * 2, self._most)
            self._note_health(read)
            return read

    async def _failing_id(self, key: int, filters: Sequence[Filter]) -> int:
        def between(top: int) -> list[Filter]:
            return [*filters, above(self._spec.key, key), up_to(self._spec.key, top)]

        return await self._failing(key, _HIGHEST_ID, between, [self._spec.key])

    async def _failing_second(self, after: datetime, until: datetime) -> datetime:
        def window(top: int) -> list[Filter]:
            return [above(_CHANGED, after), up_to(_CHANGED, datetime.fromtimestamp(top, UTC))]

        order = [_CHANGED, self._spec.key]
        found = await self._failing(int(after.timestamp()), int(until.timestamp()), window, order)
        return datetime.fromtimestamp(found, UTC)

    async def _failing(self, low: int, high: int, filters: Callable[[int], list[Filter]], order: Sequence[str]) -> int:
        async def fails(top: int) -> bool:
            try:
                await self._ask(filters(top), order, 1, attempts=1)
            except ServerFault as error:
                await self._check_answers(error)
                return True
            return False

        await self.check()
        found = await first_failing(low, high, fails_up_to=fails)
        if found is None:
            raise StoreUnreachable(f"{self._spec.path} answered 500 and, asked again, did not")
        return found

    async def _at_fault(self, key: int, second: datetime) -> Piece:
        """The row that the search came to, asked for by itself: it may be readable after all."""
        piece = await self.of_keys([key])
        return Piece(piece.rows, piece.broken, Cursor(second, key), more=True)

    async def _check_answers(self, error: ServerFault) -> None:
        """Where none came in time: whether the list hangs, which smaller pages would show after many minutes only."""
        if not isinstance(error, NoAnswer):
            return
        try:
            await self._ask([up_to(self._spec.key, 0)], [self._spec.key], 1, attempts=1)
        except NoAnswer:
            raise StoreUnreachable(str(error)) from None
        except ServerFault:
            pass

    def _note_health(self, read: _Read) -> None:
        if read.rows:
            self._broken_in_a_row, self._readable = 0, self.key_of(read.rows[-1])

    async def _check_health(self, error: ServerFault) -> None:
        """Before a row is called broken: that the list answers, and has not failed at row after row everywhere."""
        await self.check()
        self._broken_in_a_row += 1
        if self._broken_in_a_row <= _BROKEN_IN_A_ROW:
            return
        if not await self._another_is_readable():
            raise StoreUnreachable(f"{_BROKEN_IN_A_ROW} rows in a row cannot be read, so it is not theirs: {error}")
        self._broken_in_a_row = 1

    async def _another_is_readable(self) -> bool:
        """Whether the row that was read last still can be; where none was, whether the newest can."""
        filters = [] if self._readable is None else [equal(self._spec.key, self._readable)]
        try:
            return bool((await self._ask(filters, [self._spec.key], 1, descending=True)).rows)
        except ServerFault:
            return False

    async def _ask(
        self,
        filters: Sequence[Filter],
        order: Sequence[str],
        size: int,
        *,
        fields: str = "",
        page: int = 1,
        descending: bool = False,
        attempts: int = ATTEMPTS,
    ) -> _Read:
        query = search(filters, order=order, size=size, fields=fields, page=page, descending=descending)
        try:
            answer = await self._client.read(
                self._spec.path, query, understood=listing_of(self._spec.path, page=page), attempts=attempts
            )
        except PageTooLarge as limit:
            if limit.most >= size:
                raise StoreRefuses(f"{self._spec.path} refuses pages of {size}, and says {limit.most}") from None
            self._most = limit.most
            self._size = min(self._size, limit.most)
            return await self._ask(
                filters, order, limit.most, fields=fields, page=page, descending=descending, attempts=attempts
            )
        return _Read(answer.rows, len(answer.rows) >= size or answer.total > len(answer.rows) > 0, answer.total)

    def _check_order(self, places: Sequence[Any]) -> None:
        if any(one >= other for one, other in pairwise(places)):
            raise StoreRefuses(
                f"{self._spec.path} does not keep to the order and the filters it was asked for: "
                "find the extension that changes its lists, and switch it off for the API"
            )
