"""A shop that exports files for `examples.stores.export_folder`, and trades."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

FIRST_DAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class ExportShop:
    """Keeps its rows in memory and writes them when told to `export`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lists: dict[str, dict[int, dict[str, Any]]] = {"customers": {}, "sales": {}}
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def url(self) -> str:
        return f"file://{self.folder}"

    def customer(self, number: int, at: datetime, *, name: str = "") -> None:
        self._put("customers", number, at, name=name or _name(number), email=f"c{number}@example.com")

    def sale(
        self,
        number: int,
        at: datetime,
        *,
        net: str = "10.00",
        tax: str = "2.00",
        code: str = "GB-VAT-20",
        paid: str = "",
    ) -> None:
        """A sale, all of it paid unless `paid` says how much.

        What is taxed by another `code` than the books know is parked, and its payment waits.
        """
        line = {"sku": f"LAMP-{number % 5}", "name": "Lamp", "quantity": "1", "net": net, "tax": tax, "tax_code": code}
        customer = number % max(1, len(self.lists["customers"])) + 1
        known = {"number": f"{number:06}", "customer": customer, "name": _name(customer), "currency": "GBP"}
        settled = {"method": "stripe", "paid": paid or f"{float(net) + float(tax):.2f}", "charge": f"ch_{number}"}
        self._put("sales", number, at, **known, lines=[line], **settled)

    def trade(self, sales: int, *, customers: int = 3, at: datetime = FIRST_DAY) -> None:
        """A first stock of rows, a few a second."""
        for number in range(1, customers + 1):
            self.customer(number, at + timedelta(hours=6 * number))
        for number in range(1, sales + 1):
            self.sale(number, at + timedelta(seconds=number // 3))
        self.export()

    def remove(self, name: str, number: int) -> None:
        del self.lists[name][number]

    def export(self) -> None:
        """Put new files in the place of the old ones."""
        for name, rows in self.lists.items():
            draft = self.folder / f"{name}.draft"
            draft.write_text("".join(json.dumps(row) + "\n" for row in rows.values()))
            draft.replace(self.folder / f"{name}.jsonl")

    def _put(self, listed: str, row_id: int, at: datetime, **values: Any) -> None:
        known = self.lists[listed].get(row_id, {})
        created = known.get("created_on", str(at.date()))
        self.lists[listed][row_id] = {"id": row_id, "changed_at": at.isoformat(), "created_on": created, **values}


def _name(customer: int) -> str:
    return f"Ada Brandt {customer}"
