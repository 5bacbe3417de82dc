"""The rows of one list as readers see them, found by id, time of change, time of creation and order.

A row is a snapshot: it is rendered when it is written, and does not follow its entity.
"""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator, Sequence
from typing import Any

from deploy.sandbox.store.style import Json


class Row:
    """One row. `facts` is what it means to the books; `serial` grows with every transaction."""

    __slots__ = ("body", "created", "facts", "id", "order_id", "serial", "updated")

    def __init__(
        self, number: int, body: bytes, *, serial: int, created: str, updated: str, order_id: int, facts: Any
    ) -> None:
        self.id = number
        self.body = body
        self.serial = serial
        self.created = created
        self.updated = updated
        self.order_id = order_id
        self.facts = facts

    def parsed(self) -> Json:
        """The row as JSON; not kept, since most rows are only ever sent."""
        return json.loads(self.body)  # type: ignore[no-any-return]

    def brief(self, name: str) -> str | int:
        """One of the values that need no parsing; any other name is the id's."""
        return {"created_at": self.created, "updated_at": self.updated}.get(name, self.id)


Entry = tuple[str, int, Row]


class Table:
    """Rows in the order of their ids, and by what is searched."""

    def __init__(self) -> None:
        self._ids: list[int] = []
        self._rows: list[Row] = []
        self._updated: list[Entry] = []
        self._created: list[Entry] = []
        self._of_order: dict[int, list[int]] = {}

    def __len__(self) -> int:
        return len(self._ids)

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows)

    def load(self, rows: Sequence[Row]) -> None:
        """Fill an empty table at once; rows in the order of ids."""
        self._rows = list(rows)
        self._ids = [row.id for row in rows]
        self._updated = sorted((row.updated, row.id, row) for row in rows)
        self._created = sorted((row.created, row.id, row) for row in rows)
        for row in rows:
            self._of_order.setdefault(row.order_id, []).append(row.id)

    def get(self, number: int) -> Row | None:
        """One row, or None."""
        place = bisect_left(self._ids, number)
        return self._rows[place] if place < len(self._ids) and self._ids[place] == number else None

    def put(self, row: Row) -> None:
        """Add a row, or replace the one with its id."""
        if self.get(row.id) is not None:
            self.remove(row.id)
        place = bisect_left(self._ids, row.id)
        self._ids.insert(place, row.id)
        self._rows.insert(place, row)
        self._of_order.setdefault(row.order_id, []).append(row.id)
        insort(self._updated, (row.updated, row.id, row))
        insort(self._created, (row.created, row.id, row))

    def remove(self, number: int) -> Row:
        """Delete a row. Raises KeyError."""
        row = self.get(number)
        if row is None:
            raise KeyError(number)
        place = bisect_left(self._ids, number)
        del self._ids[place], self._rows[place]
        self._drop(self._updated, row.updated, number)
        self._drop(self._created, row.created, number)
        self._of_order[row.order_id].remove(number)
        return row

    def by_ids(self, low: int | None, high: int | None) -> list[Row]:
        """Rows with `low` <= id <= `high`, by id."""
        start = 0 if low is None else bisect_left(self._ids, low)
        end = len(self._ids) if high is None else bisect_right(self._ids, high)
        return self._rows[start:end]

    def by_updated(self, low: str, high: str) -> list[Row]:
        """Rows with `low` <= time of change <= `high`, by time and id."""
        return [entry[2] for entry in _between(self._updated, low, high)]

    def by_created(self, low: str, high: str) -> list[Row]:
        """Rows with `low` <= time of creation <= `high`, by time and id."""
        return [entry[2] for entry in _between(self._created, low, high)]

    def of_orders(self, numbers: Sequence[int]) -> list[Row]:
        """Rows of some orders, by id."""
        ids = sorted({number for order in numbers for number in self._of_order.get(order, ())})
        return self.of_ids(ids)

    def of_ids(self, numbers: Sequence[int]) -> list[Row]:
        """Rows with these ids, by id."""
        found = (self.get(number) for number in sorted(set(numbers)))
        return [row for row in found if row is not None]

    def _drop(self, entries: list[Entry], key: str, number: int) -> None:
        place = bisect_left(entries, (key, number))  # a shorter tuple sorts before its entry
        del entries[place]


def _between(entries: list[Entry], low: str, high: str) -> list[Entry]:
    start = bisect_left(entries, (low, -1))
    end = bisect_right(entries, (high, 1 << 62))
    return entries[start:end]
