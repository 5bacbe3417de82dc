"""Messages that must not reach Xero: each ends parked, with its reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from deploy.demo import sales
from schemas.codec import encode_event
from schemas.entities import Entity, Invoice, Payment, Snapshot
from schemas.envelope import Event
from schemas.part import changed


@dataclass(frozen=True, slots=True)
class Bad:
    """A message that must end parked, for `reason`."""

    entity: Entity
    body: bytes
    reason: str


def spoiled(sale: Invoice, event: Callable[[Entity, Snapshot], Event]) -> list[Bad]:
    """One of each kind, made from `sale`; `event` puts a snapshot into its envelope."""
    template = event(Entity.INVOICE, sale.model_copy(update={"id": "66601", "number": "666000001"}))
    body = encode_event(template)
    gross = f'"gross":"{sale.totals.gross}"}}'.encode()
    wrong = f'"gross":"{sale.totals.gross + 1}"}}'.encode()
    return [
        Bad(Entity.INVOICE, b'{"specversion":"1.0","id":"cut off', "undecodable"),
        Bad(Entity.INVOICE, wrong.join(body.rsplit(gross, 1)), "totals"),
        Bad(Entity.INVOICE, body.replace(b"invoice.changed:1", b"invoice.changed:9"), "unknown_version"),
        Bad(Entity.INVOICE, encode_event(event(Entity.INVOICE, _unmapped(sale))), "tax_unmapped"),
        Bad(Entity.PAYMENT, encode_event(event(Entity.PAYMENT, _barter(sale))), "payment_method_unmapped"),
        Bad(Entity.CUSTOMER, body.replace(b"store.invoice.changed", b"store.basket.changed"), "unknown_kind"),
    ]


def _unmapped(sale: Invoice) -> Invoice:
    lines = tuple(changed(line, tax_code="MARS-VAT", tax_rate=None) for line in sale.lines)
    return sale.model_copy(update={"id": "66602", "number": "666000002", "lines": lines})


def _barter(sale: Invoice) -> Payment:
    return Payment(
        id="66603",
        direction="in",
        sale=sales.reference(sale),
        method="barter",
        amount=Decimal(1),
        currency=sale.currency,
        date=sale.date,
    )
