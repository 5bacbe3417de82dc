"""One step through what changed, over several lists at once, without gap and without offsets.

Times have whole seconds, and any number of rows may share one. So a step first takes what is left of the cursor's
second, in the order of ids, and only then what is later. Where several lists are followed, they share the cursor: the
lists of one second come one after another, each in a range of ids of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from producers.magento.lists import Piece
from producers.magento.translate.values import Raw
from producers.store import Broken, Cursor

RANGE = 2**40
"""How far the ids of one list reach in a cursor; Magento's have 32 bits."""


class ChangeList(Protocol):
    """One list, as far as following its changes needs it."""

    def place_of(self, row: Raw) -> Cursor:
        """When a row changed, and its id."""
        ...

    async def changed_at(self, second: datetime, after: int) -> Piece:
        """The rows that changed in that second, with an id above `after`."""
        ...

    async def changed_since(self, second: datetime, until: datetime) -> Piece:
        """The rows that changed after that second and not after `until`, in the order of time and id."""
        ...


@dataclass(frozen=True, slots=True)
class Step:
    """What one step found: for each list its rows, each with its place, and its broken rows."""

    rows: tuple[tuple[tuple[Cursor, Raw], ...], ...]
    broken: tuple[tuple[Broken, ...], ...]
    cursor: Cursor
    more: bool


async def next_step(lists: Sequence[ChangeList], after: Cursor, until: datetime) -> Step:
    """The rows that changed after the cursor and not after `until`."""
    first, key = divmod(after.id, RANGE)
    for number in range(first, len(lists)):
        piece = await lists[number].changed_at(after.changed_at, key if number == first else 0)
        if piece.rows or piece.broken or piece.more:
            pieces = [piece if place == number else None for place in range(len(lists))]
            return _step(lists, pieces, _shared(piece.end, number), more=True)
    found = [await one.changed_since(after.changed_at, until) for one in lists]
    ends = [_shared(piece.end, number) for number, piece in enumerate(found) if piece.more]
    if ends:
        return _step(lists, found, min(ends), more=True)
    last = [_shared(piece.end, number) for number, piece in enumerate(found) if piece.rows]
    return _step(lists, found, max([after, *last]), more=False)


def _step(lists: Sequence[ChangeList], pieces: Sequence[Piece | None], cursor: Cursor, *, more: bool) -> Step:
    rows, broken = [], []
    for number, (one, piece) in enumerate(zip(lists, pieces, strict=True)):
        placed = [(_shared(one.place_of(row), number), row) for row in (piece.rows if piece else ())]
        rows.append(tuple((place, row) for place, row in placed if place <= cursor))
        # a broken row is alone in its piece, at its end
        reached = piece is not None and _shared(piece.end, number) <= cursor
        broken.append(piece.broken if piece and reached else ())
    return Step(tuple(rows), tuple(broken), cursor, more)


def _shared(place: Cursor, number: int) -> Cursor:
    return Cursor(place.changed_at, number * RANGE + place.id)
