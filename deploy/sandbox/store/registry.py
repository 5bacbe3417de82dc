"""Everything the store holds, its running numbers, and who is told of what is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Literal

from deploy.sandbox.store.model import Customer, Invoice, Memo, Order, Product, Transaction
from deploy.sandbox.store.shop import StoreView

Kind = Literal["customers", "products", "orders", "invoices", "creditmemos", "transactions"]
KINDS: tuple[Kind, ...] = ("customers", "products", "orders", "invoices", "creditmemos", "transactions")
Entity = Customer | Product | Order | Invoice | Memo | Transaction
Written = Sequence[tuple[Kind, Entity]]


class Registry:
    """The entities by kind and id. `wrote` is told of each database transaction, once it is complete."""

    def __init__(self) -> None:
        self.entities: dict[Kind, dict[int, Entity]] = {kind: {} for kind in KINDS}
        self.wrote: Callable[[Written], None] = _nobody
        self._ids: Counter[str] = Counter()

    def next_id(self, what: str) -> int:
        """The next running number of something."""
        self._ids[what] += 1
        return self._ids[what]

    def next_ids(self, what: str, count: int) -> int:
        """The first of several running numbers."""
        first = self._ids[what] + 1
        self._ids[what] += count
        return first

    def number(self, kind: Kind, view: StoreView) -> str:
        """A number that is unique within its kind and store view; the first view has no prefix [store 4.1]."""
        prefix = "" if view.id == 1 else str(view.id)
        return f"{prefix}{self.next_id(f'{kind} {view.id}'):09d}"

    def add(self, kind: Kind, entity: Entity) -> None:
        """Keep a new entity."""
        self.entities[kind][entity.id] = entity

    def transact(
        self, order: Order, kind: str, moment: int, code: str, parent: Transaction | None = None
    ) -> Transaction:
        """Keep what the gateway was told of an order; only an authorization stays open."""
        number = self.next_id("transactions")
        made = Transaction(number, order, code, kind, moment, parent, closed=kind != "authorization")
        order.transactions.append(made)
        self.add("transactions", made)
        return made

    def write(self, *written: tuple[Kind, Entity]) -> None:
        """Tell of one transaction."""
        self.wrote(written)


def _nobody(_written: Written) -> None:
    """While the past is made up, nobody looks."""
