"""What xerelay needs of a store: a few methods, whatever the store's software is.

A store is read in *streams*. A stream is one list of the store's API (invoices, say), whose rows have an id that grows
and a time of last change; a row becomes the snapshots of one entity or more (an invoice and the payments that its
capture proves). Everything above this protocol knows streams, rows and cursors, and nothing of the store.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol, runtime_checkable

from schemas.entities import Entity, Snapshot


@dataclass(frozen=True, slots=True)
class Stream:
    """One list of the store. `entities` are those its rows may become; no entity and id comes from two streams."""

    name: str
    entities: frozenset[Entity]


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the store something belongs: the code of a website, and of a store view where the store knows it.

    Of a sale whose own place is deleted, it is what is left: its website, or nothing that has a code.
    """

    website: str
    view: str = ""


@dataclass(frozen=True, slots=True)
class Site:
    """How a place is set up: the time zone (IANA) in which its days are counted, and the currency of its sales.

    Its rates are units of a sale's currency for one of `base`. An empty currency: the store does not say.
    """

    place: Place
    zone: str
    currency: str = ""
    base: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """One snapshot, its version, and the places it belongs to: one for a sale; else each website, and all its views.

    The first number in `data.id` is the row's id: `17`, `invoice-17`.
    """

    entity: Entity
    version: datetime
    places: tuple[Place, ...]
    data: Snapshot


@dataclass(frozen=True, slots=True)
class Row:
    """One row as read. `snapshots` is empty where the books want nothing of it."""

    id: int
    changed_at: datetime
    snapshots: tuple[Found, ...]


@dataclass(frozen=True, slots=True)
class Broken:
    """A row that cannot be read or understood, and why; it is reported, and stops nothing."""

    id: int
    reason: str


@dataclass(frozen=True, slots=True, order=True)
class Cursor:
    """How far changes were read: everything before (`changed_at`, `id`), and itself. Times are UTC, whole seconds."""

    changed_at: datetime
    id: int = 0


@dataclass(frozen=True, slots=True)
class Changes:
    """One step through what changed. `cursor` is where the next step starts; `more` says whether to take it now."""

    rows: tuple[Row, ...]
    broken: tuple[Broken, ...]
    cursor: Cursor
    more: bool


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a full reading in the order of ids. `last` is the highest id read; `more`: there may be others."""

    rows: tuple[Row, ...]
    broken: tuple[Broken, ...]
    last: int
    more: bool


@dataclass(frozen=True, slots=True)
class Selection:
    """Which rows a full reading takes: those created in the days from `since` to `until`, both included."""

    since: date | None = None
    until: date | None = None


class StoreUnreachable(Exception):
    """The store does not answer, or is in maintenance: try again later. The text says what was tried.

    `retry_after_s` is how long the store asks to be left alone, where it says so.
    """

    def __init__(self, text: str = "", *, retry_after_s: float | None = None) -> None:
        super().__init__(text)
        self.retry_after_s = retry_after_s


class StoreRefuses(Exception):
    """The store will not serve us until a person changes something. The text says what to change, and where."""


class StoreSource(Protocol):
    """A store. Every method may raise `StoreUnreachable` (wait and repeat) and `StoreRefuses` (tell a person)."""

    @property
    def streams(self) -> Sequence[Stream]:
        """In the order they are read: what others refer to comes first."""
        ...

    async def now(self) -> datetime:
        """The store's own clock, UTC, so that cursors do not depend on ours."""
        ...

    async def changes(self, stream: Stream, after: Cursor, *, until: datetime) -> Changes:
        """The rows that changed after the cursor and not after `until`, in the order of (`changed_at`, `id`).

        A row that changes again while it is read comes again later; none is left out. The cursor may lie days back:
        what changed since is read again.
        """
        ...

    async def page(self, stream: Stream, after: int, selection: Selection) -> Page:
        """The rows with an id above `after`, in the order of ids."""
        ...

    async def rows(self, stream: Stream, ids: Sequence[int]) -> Page:
        """The rows of these ids. What is gone from the store is left out."""
        ...

    async def count(self, stream: Stream, selection: Selection) -> int:
        """How many rows a full reading will find."""
        ...

    async def ids(self, stream: Stream, after: int) -> Sequence[int]:
        """Some of the ids above `after`, ascending; empty at the end. Cheap: what is gone is found by it."""
        ...

    async def check(self, streams: Collection[Stream]) -> None:
        """Ask for one row of each of these, so that wrong credentials and missing permissions show at once.

        They are those that somebody wants: no permission is needed for the others.
        """
        ...


@runtime_checkable
class TellsSites(Protocol):
    """What a store may say besides. Only `xerelay check` asks, to hold it against the organisation's settings."""

    async def sites(self) -> Sequence[Site]:
        """How each of its places is set up. Raises `StoreUnreachable` and `StoreRefuses`."""
        ...
