"""One small invoice as a message, and ways to spoil it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from schemas.entities import Entity, Invoice
from schemas.envelope import Change, Event

INVOICE: dict[str, Any] = {
    "specversion": "1.0",
    "id": "e1",
    "source": "demo",
    "type": "store.invoice.changed",
    "subject": "17",
    "time": "2026-01-31T09:30:00Z",
    "dataschema": "urn:xerelay:store.invoice.changed:1",
    "organisation": "main",
    "entityversion": "2026-01-31T09:30:00Z",
    "data": {
        "id": "17",
        "number": "100017",
        "order_number": "200017",
        "order_id": "9",
        "currency": "EUR",
        "date": "2026-01-31",
        "customer": {"name": "Ada Lovelace", "email": "ada@example.com"},
        "lines": [{"sku": "A", "name": "Lamp", "net": "10.00", "tax": "1.90", "gross": "11.90"}],
        "tenders": [{"method": "card", "amount": "11.90"}],
        "totals": {"net": "10.00", "tax": "1.90", "gross": "11.90"},
    },
}


def invoice_event(data: dict[str, Any]) -> Event:
    """The invoice with other data."""
    moment = datetime(2026, 1, 31, tzinfo=UTC)
    return Event(
        id="e1",
        source="demo",
        organisation="main",
        entity=Entity.INVOICE,
        change=Change.CHANGED,
        subject="17",
        time=moment,
        version=moment,
        data=Invoice.model_validate(data),
    )


def paths(value: Any, start: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every place of a JSON value."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found: list[tuple[str | int, ...]] = [start] if start else []
    for key, child in pairs:
        found += paths(child, (*start, key))
    return found


def replaced(value: Any, path: tuple[str | int, ...], new: Any) -> Any:
    """A copy of `value` with `new` at `path`."""
    if not path:
        return new
    copy: Any = dict(value) if isinstance(value, dict) else list(value)
    old = value.get(path[0]) if isinstance(value, dict) else value[path[0]]
    copy[path[0]] = replaced(old, path[1:], new)
    return copy
