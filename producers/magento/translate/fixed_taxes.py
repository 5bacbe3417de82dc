"""The fixed product taxes (FPT, WEEE) of a document's rows: net, and the tax on it. Pure.

Credit memos say both; invoices say neither, and have their part of what the order says, by quantity.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from producers.magento.translate.items import fixed_tax, listed_net
from producers.magento.translate.values import CENT, Raw, amount, cents, number, rows
from schemas.parts import ZERO


@dataclass(frozen=True, slots=True)
class FixedTax:
    """Of one row, rounded by itself, as Magento does it."""

    net: Decimal = ZERO
    tax: Decimal = ZERO
    is_estimated: bool = False


def fixed_taxes(document: Raw, counted: Mapping[int, Raw], tax_of_rows: Decimal) -> list[FixedTax]:
    """Those of each row. `tax_of_rows` is all tax of the document but that on these.

    What the document's tax then is beyond the estimate, up to a cent a row, is theirs: no other part is estimated.
    """
    found = [_of_row(row, counted.get(number(row.get("order_item_id")) or 0, {})) for row in rows(document, "items")]
    estimated = [i for i, one in enumerate(found) if one.is_estimated]
    beyond = amount(document, "tax_amount") - tax_of_rows - _tax_of(found)
    if estimated and abs(beyond) <= CENT * len(estimated):
        most = max(estimated, key=lambda i: found[i].tax)
        found[most] = replace(found[most], tax=max(found[most].tax + beyond, ZERO))
    return found


def _of_row(row: Raw, item: Raw) -> FixedTax:
    _, own, own_tax = fixed_tax(row)
    if own and own_tax and abs(listed_net(row) - own) <= CENT:
        return FixedTax(own, own_tax)
    _, whole, tax = fixed_tax(item)
    ordered = amount(item, "qty_ordered")
    if not whole or not ordered:
        return FixedTax()
    quantity = amount(row, "qty")
    is_part = bool(tax) and ZERO < quantity != ordered
    net = own or cents(whole * quantity / ordered)
    return FixedTax(net, cents(tax * quantity / ordered), is_estimated=is_part)


def _tax_of(found: Sequence[FixedTax]) -> Decimal:
    return sum((one.tax for one in found), ZERO)
