"""Documents that were settled a moment ago, which the ledger's last answer may not know of. Pure state."""

from __future__ import annotations

from collections import OrderedDict

from worker.documents.documents import DocumentKey

_REMEMBERED = 5_000
"""Seconds' worth at full speed, and a few MB."""


class Recent:
    """Which documents are there now, and in what order they were settled."""

    def __init__(self) -> None:
        # the first of a plain dict is looked for behind the places of all that were deleted before it
        self._places: OrderedDict[DocumentKey, int] = OrderedDict()
        self.place = 0
        """How many were settled so far: what is settled from now on is `settled_since` it."""

    def __contains__(self, key: DocumentKey) -> bool:
        return key in self._places

    def add(self, key: DocumentKey) -> None:
        """It was settled, and is there."""
        self._places.pop(key, None)
        self.place += 1
        self._places[key] = self.place
        if len(self._places) > _REMEMBERED:
            self._places.popitem(last=False)

    def forget(self, key: DocumentKey) -> None:
        """It is not there any more."""
        self._places.pop(key, None)

    def settled_since(self, place: int, key: DocumentKey) -> bool:
        """Whether it was settled after that."""
        return self._places.get(key, 0) > place
