"""An invoice that takes the place of a cancelled one: Magento does not take the discount off its shipping again."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from producers.magento.translate.invoices import invoice
from schemas.parts import Line, LineKind
from tests.support.magento_identities import identity_i
from tests.support.magento_samples import places
from tests.support.magento_tax import Setting
from tests.support.magento_trade import Sale, wire
from tests.support.magento_wares import VAT_20, Ware

GOODS = Ware("12.00", 2, "simple", (VAT_20,), discount="2.40")


@pytest.mark.parametrize("holds_shipping", [False, True])
@pytest.mark.parametrize(
    ("inclusive", "after_discount", "net", "tax"),
    [
        (True, True, "5.50", "0.50"),
        (True, False, "5.00", "1.00"),
        (False, True, "6.00", "0.60"),
        (False, False, "6.00", "1.20"),
    ],
)
def test_its_shipping_is_what_magento_charges_for_it(
    inclusive: bool, after_discount: bool, net: str, tax: str, holds_shipping: bool
) -> None:
    setting = Setting("row", inclusive, after_discount)
    sale = Sale([GOODS], setting=setting, shipping="6.00", shipping_discount="3.00")
    sale.cancelled_invoice()

    raw = sale.invoice()
    total = raw["grand_total"]
    assert total == identity_i(raw)
    if holds_shipping:  # as in some versions
        raw["discount_tax_compensation_amount"] += sale.shipping.compensation

    found, *_ = invoice(wire(raw), wire(sale.order), places(), captured={}, offline_methods=frozenset())
    data: Any = found.data
    [shipping] = [line for line in data.lines if line.kind is LineKind.SHIPPING]
    assert amounts(shipping) == (Decimal(net), Decimal(tax))
    assert (data.totals.tax, data.totals.gross) == (raw["tax_amount"], total)
    assert (data.residual.net, data.residual.tax) == (0, 0)


def amounts(line: Line) -> tuple[Decimal, Decimal]:
    return line.net, line.tax
