"""Chance that can be repeated: everything the store makes up comes from one seed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

Thing = TypeVar("Thing")


class Chance:
    """The same seed draws the same things."""

    def __init__(self, seed: int) -> None:
        self._draw = random.Random(seed).random  # noqa: S311 - makes up a store, keeps no secret

    def happens(self, share: float) -> bool:
        """Whether something does that happens in this share of cases."""
        return self._draw() < share

    def below(self, end: int) -> int:
        """A number from 0 up to `end`, without it."""
        return int(self._draw() * end)

    def between(self, least: float, most: float) -> float:
        """A number in a range."""
        return least + self._draw() * (most - least)

    def one_of(self, things: Sequence[Thing]) -> Thing:
        """Any of them; what shall come more often stands there more often."""
        return things[int(self._draw() * len(things))]
