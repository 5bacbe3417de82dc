"""What belongs to a sale, and is published for the first time, goes where the sale went, whosever its place is by now.

A refund and its money belong to the sale they name. So does a later invoice with its payments, where orders are booked.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from producers.checkpoints import Memory
from producers.routing import Routing
from producers.selection import row_of
from producers.store import Row, Stream
from schemas.entities import CreditMemo, Entity, Invoice, Payment, Snapshot

Parent = tuple[Entity, str]
"""What something belongs to: a document of the sale that may be the one in the books, or a credit memo."""


@dataclass(frozen=True, slots=True)
class Belonging:
    """What a store's agent remembers of the parents that rows name. `remembered` may raise what its database raises."""

    routing: Routing
    streams: Sequence[Stream]
    remembered: Callable[[Stream, Sequence[int]], Awaitable[Mapping[int, Memory]]]

    async def joined(self, stream: Stream, rows: Sequence[Row], known: Mapping[int, Memory]) -> Mapping[int, Memory]:
        """What is known of these rows, and of those of which nothing was published, who has what they belong to."""
        if self.routing.organisation:
            return known
        here = {row.id: known.get(row.id, Memory(row.id)) for row in rows}
        booked = frozenset[Entity]().union(*map(self._booked_by, self.routing.targets))
        parents = {row.id: _parents(row, booked) for row in rows if not here[row.id].published}
        having = await self._having(stream, here, set(chain.from_iterable(parents.values())))
        joined = {**known}
        for row_id, named in parents.items():
            if kept_by := next((having[one] for one in named if one in having), ()):
                joined[row_id] = replace(here[row_id], kept_by=kept_by)
        return joined

    async def _having(
        self, stream: Stream, here: Mapping[int, Memory], parents: Iterable[Parent]
    ) -> dict[Parent, tuple[str, ...]]:
        """The organisations that have each: one look into the memory for each list that may hold some."""
        having: dict[Parent, tuple[str, ...]] = {}
        for other in self.streams:
            rows = {one: row for one in parents if one[0] in other.entities and (row := row_of(one[1])) is not None}
            at_hand = here if other == stream else {}
            missing = sorted({*rows.values()} - at_hand.keys())
            memories = {**at_hand, **(await self.remembered(other, missing) if missing else {})}
            names = {one: self._names(memories[row], one) for one, row in rows.items() if row in memories}
            having |= {one: found for one, found in names.items() if found}
        return having

    def _names(self, memory: Memory, parent: Parent) -> tuple[str, ...]:
        names = (one.organisation for one in memory.published if (one.entity, one.id) == parent)
        return tuple(name for name in names if parent[0] in self._booked_by(name))

    def _booked_by(self, name: str) -> frozenset[Entity]:
        """An order that is published to an organisation which books invoices is not in its books."""
        target = self.routing.targets.get(name)
        return frozenset({Entity.CREDIT_MEMO, Entity(target.sales_document)}) if target else frozenset()


def _parents(row: Row, booked: frozenset[Entity]) -> list[Parent]:
    """In the order in which they count: of a refund's money its credit memo, before the sale."""
    named = chain.from_iterable(_named(found.data) for found in row.snapshots)
    return [(entity, own) for entity, own in named if own and entity in booked]


def _named(data: Snapshot) -> list[tuple[Entity, str | None]]:
    if isinstance(data, Invoice):
        return [(Entity.ORDER, data.order_id)]
    if not isinstance(data, (CreditMemo, Payment)):
        return []
    sale = [(Entity.ORDER, data.sale.order_id), (Entity.INVOICE, data.sale.invoice_id)]
    return [(Entity.CREDIT_MEMO, data.credit_memo_id), *sale] if isinstance(data, Payment) else sale
