"""What is made for each event, several times: structs are made in C, and tuples with names in Python."""

from __future__ import annotations

from typing import Any, Self

from msgspec import Struct
from msgspec.structs import replace


class Value(Struct, frozen=True):
    """Fields that do not change. Equal to another of its class where all of them are."""

    def _replace(self, **changes: Any) -> Self:
        """The same but for these fields, as of a tuple with names."""
        return replace(self, **changes)
