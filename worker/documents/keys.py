"""How the ledger names what a store has, and each document of it."""

from __future__ import annotations

from typing import NamedTuple


class EntityKey(NamedTuple):
    """One thing a store has."""

    org: str
    source: str
    entity: str
    entity_id: str


class DocumentKey(NamedTuple):
    """One document of an entity; `part` is `contact`, `item`, `invoice`, `credit_note`, `payment/1`, `allocation/1`.

    Of a paid sale that was issued anew it is also `credit_note~1`, `allocation~1/1`, `invoice~2` and on.
    """

    org: str
    source: str
    entity: str
    entity_id: str
    part: str

    @property
    def owner(self) -> EntityKey:
        """The entity whose document this is."""
        return EntityKey(*self[:4])
