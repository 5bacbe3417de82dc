"""How far the rows of a document may be from the figures of its header."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from producers.magento.translate.credit_memos import OfOrder, credit_memo
from producers.magento.translate.invoices import invoice
from producers.magento.translate.values import Unreadable
from schemas.parts import ZERO
from tests.support.magento_samples import places
from tests.support.magento_tax import Setting
from tests.support.magento_trade import Sale, wire
from tests.support.magento_wares import Ware


def residual_of(rows: int, drift: str) -> Decimal:
    """What is left over of an invoice of so many rows, whose net is so much off them."""
    sale = Sale([Ware("10.00", rates=())] * rows)
    raw = sale.invoice(net_drift=drift)
    found, *_ = invoice(wire(raw), wire(sale.order), places(), captured={}, offline_methods=frozenset())
    data: Any = found.data
    net: Decimal = data.residual.net
    return net


@pytest.mark.parametrize(("rows", "drift"), [(1, "0.05"), (1, "-0.05"), (5, "0.05"), (7, "0.07"), (7, "-0.07")])
def test_five_cents_or_one_for_each_row_are_rounding(rows: int, drift: str) -> None:
    assert residual_of(rows, drift) == Decimal(drift)


@pytest.mark.parametrize(("rows", "drift"), [(1, "0.06"), (1, "-0.06"), (5, "0.06"), (7, "0.08"), (7, "-0.08")])
def test_more_than_that_is_not_understood(rows: int, drift: str) -> None:
    with pytest.raises(Unreadable, match="its rows add up to"):
        residual_of(rows, drift)


def test_a_compensation_that_holds_that_of_shipping_is_not_counted_twice() -> None:
    sale = Sale([Ware("10.00")], setting=Setting(inclusive=True), shipping="5.00", shipping_discount="1.00")
    made = sale.invoice()
    raw = sale.refund({201: 1}, shipping=True)
    raw["shipping_discount_tax_compensation_amount"] = sale.shipping.compensation
    assert sale.shipping.compensation > Decimal("0.05")

    of = OfOrder(wire(sale.order), [wire(made)], [wire(raw)])
    found, *_ = credit_memo(wire(raw), of, places(), refunded={}, offline_methods=frozenset())

    data: Any = found.data
    assert data.totals.gross == raw["grand_total"]
    assert (data.residual.net, data.residual.tax) == (ZERO, ZERO)
