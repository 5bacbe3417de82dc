"""The lists as readers see them: entities become rows when they are written, some of them only later [store 5.3]."""

from __future__ import annotations

import heapq
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from deploy.sandbox.store.model import Invoice, Memo, Transaction
from deploy.sandbox.store.registry import KINDS, Entity, Kind, Registry, Written
from deploy.sandbox.store.render_documents import invoice_json, memo_json, transaction_json
from deploy.sandbox.store.render_order import order_json
from deploy.sandbox.store.render_people import customer_json, product_json
from deploy.sandbox.store.style import Json, Style, stamp
from deploy.sandbox.store.table import Row, Table

_RENDER: dict[Kind, Callable[[Any, Style], Json]] = {
    "customers": customer_json,
    "products": product_json,
    "orders": order_json,
    "invoices": invoice_json,
    "creditmemos": memo_json,
    "transactions": transaction_json,
}
_LATE_ONE_IN = 5
_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


class Shelf:
    """The tables. `facts` says what an entity means to the books.

    One database transaction in five is only seen `late_s` seconds after the times that it has written.
    """

    def __init__(
        self, registry: Registry, style: Style, facts: Callable[[Entity], Any], now: Callable[[], float]
    ) -> None:
        self.tables: dict[Kind, Table] = {kind: Table() for kind in KINDS}
        self.late_s = 0.0
        self.style = style
        self._registry = registry
        self._facts = facts
        self._now = now
        self._waiting: list[tuple[float, int, list[tuple[Kind, Row]]]] = []
        self._written = 0
        self._load()
        registry.wrote = self.write

    @property
    def unseen(self) -> int:
        """Transactions that are not visible yet."""
        return len(self._waiting)

    def write(self, written: Written) -> None:
        """Show what one transaction has written, or let it wait."""
        self._written += 1
        rows = [(kind, self._row(kind, entity)) for kind, entity in written]
        if self.late_s and self._written % _LATE_ONE_IN == 0:
            heapq.heappush(self._waiting, (self._now() + self.late_s, self._written, rows))
            return
        self._show(rows)

    def settle(self) -> None:
        """Show what has waited long enough."""
        while self._waiting and self._waiting[0][0] <= self._now():
            self._show(heapq.heappop(self._waiting)[2])

    def restyle(self, **changes: Any) -> None:
        """Write every row anew in the manner of another version."""
        self.style = replace(self.style, **changes)
        self.tables = {kind: Table() for kind in KINDS}
        self._load()

    def rewrite(self, kind: Kind, entity: Entity) -> None:
        """Show an entity as it is now, where it is seen at all."""
        if self.tables[kind].get(entity.id) is not None:
            self.tables[kind].put(self._row(kind, entity))

    def _show(self, rows: list[tuple[Kind, Row]]) -> None:
        """A row that was written again in the meantime stays as it was written last."""
        for kind, row in rows:
            known = self.tables[kind].get(row.id)
            gone = row.id not in self._registry.entities[kind]
            if not gone and (known is None or known.serial <= row.serial):
                self.tables[kind].put(row)

    def _load(self) -> None:
        for kind in KINDS:
            entities = self._registry.entities[kind]
            self.tables[kind].load([self._row(kind, entities[number]) for number in sorted(entities)])

    def _row(self, kind: Kind, entity: Any) -> Row:
        body = _encode(_RENDER[kind](entity, self.style)).encode()
        created = stamp(entity.created)
        updated = created if isinstance(entity, Transaction) else stamp(entity.updated)
        order_id = entity.order.id if isinstance(entity, (Invoice, Memo, Transaction)) else 0
        return Row(
            entity.id,
            body,
            serial=self._written,
            created=created,
            updated=updated,
            order_id=order_id,
            facts=self._facts(entity),
        )
