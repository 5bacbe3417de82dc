"""Rows become Xero's line items, and their sums are proved before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any

from schemas.entities import Sale
from worker.documents.content import ItemCode
from worker.documents.pieces import Kept, plain
from worker.mapping.places import tracking_of
from worker.mapping.predict import UNIT, Prediction, cents, predict, summed
from worker.mapping.result import Unmappable
from worker.mapping.rows import ONE, Row, rows_of
from worker.mapping.text import cut
from worker.settings import OrganisationSettings

_MAX_DESCRIPTION = 4000
_HALF_CENT = Decimal("0.005")


def line_items(source: str, sale: Sale, org: OrganisationSettings) -> list[Mapping[str, Any]]:
    """The lines of a sale's document, plain, equal to the store's totals in net, tax and gross. Raises `Unmappable`."""
    lines = list(map(_line, rows_of(sale, org)))
    predicted, totals = summed([sums for _, sums in lines]), sale.totals
    if predicted != (totals.net, totals.tax, totals.gross):
        detail = (
            f"Xero would show net {predicted.net}, tax {predicted.tax}, gross {predicted.gross}; "
            f"the store has net {totals.net}, tax {totals.tax}, gross {totals.gross}"
        )
        raise Unmappable("prediction_differs", detail, "please report this sale's event: mapping has to be mended")
    tracking = tracking_of(source, sale.website, org)
    return [{**item, "Tracking": tracking} if tracking else item for item, _ in lines]


@lru_cache(4096)  # what sells well is on many documents, as many of it at the same price
def _line(row: Row) -> tuple[Kept, Prediction]:
    """The line that a row becomes, and what Xero will make of it."""
    description, sold = row.description, row.quantity
    quantity, unit_amount = _factors(sold, row.net)
    if quantity != sold:
        description = f"{description} (quantity {sold.normalize():f})"
    item: dict[str, Any] = {
        "Description": cut(description, _MAX_DESCRIPTION),
        "Quantity": plain(quantity),
        "UnitAmount": plain(unit_amount),
        "AccountCode": row.account,
        "TaxType": row.tax_type,
        "TaxAmount": plain(cents(row.tax)),
    }
    if row.item:
        item["ItemCode"] = ItemCode(row.item)
    return Kept(item), predict([item])


def _factors(quantity: Decimal, net: Decimal) -> tuple[Decimal, Decimal]:
    """The quantity and a price of 4 decimals, where Xero makes the row's net of them; else once the net.

    Xero does not say how it rounds an exact half cent, so no net rests on it.
    """
    if quantity == ONE:
        return ONE, net
    unit_amount = (net / quantity).quantize(UNIT, ROUND_HALF_UP)
    return (quantity, unit_amount) if abs(quantity * unit_amount - net) < _HALF_CENT else (ONE, net)
