"""What was made of texts that come again and again."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

_REMEMBERED = 8192
"""Fewer than there are amounts below 100.00, and 2 MB."""

_LONGEST = 64
"""Longer than any of the contract's own kinds, but not than any text that their patterns match."""


class Memory(dict[str | None, Any]):
    """Values by their text, and None for None: a shop's days, prices and quantities come again and again.

    It holds the latest some thousand. What comes often stays, and those that come once are forgotten together.
    """

    def __init__(self, pattern: str, make: Callable[[str], object], *, most: int = _REMEMBERED) -> None:
        super().__init__()
        self._most = most
        self.pattern = pattern
        self.make = make
        self._matches = re.compile(pattern).fullmatch
        self._before: dict[str | None, Any] = {None: None}

    def __missing__(self, text: str | None) -> Any:
        """Make it. Raises `ValueError`."""
        value = self._before.get(text)
        if value is None and text is not None:
            if not self._matches(text):
                raise ValueError(self.pattern)
            value = self.make(text)
            if len(text) > _LONGEST:
                return value
        if len(self) >= self._most:
            self._before = dict(self)
            self.clear()
        self[text] = value
        return value
