"""Whether tax was computed before or after a discount, told by the figures of an order."""

from __future__ import annotations

import pytest

from producers.magento.translate.invoices import invoice
from producers.magento.translate.sales import order
from schemas.entities import Sale as BookedSale
from schemas.parts import Line, LineKind
from tests.support.magento_samples import places
from tests.support.magento_tax import Setting
from tests.support.magento_trade import Sale, wire
from tests.support.magento_wares import VAT_20, Ware

FIFTY_PIECES = Ware("0.89", 50, "simple", (VAT_20,), discount="0.50")
FIFTY_DEARER = Ware("14.74", 50, "simple", (VAT_20,), discount="0.50")
TWO_PIECES = Ware("12.50", 2, "simple", (VAT_20,), discount="2.50")


@pytest.mark.parametrize("inclusive", [False, True])
@pytest.mark.parametrize("ware", [FIFTY_PIECES, FIFTY_DEARER])
def test_tax_rounded_by_the_unit_is_that_of_the_discounted_price(ware: Ware, inclusive: bool) -> None:
    sale = Sale([ware], setting=Setting("unit", inclusive, after_discount=True))

    assert discount_lines(sale) == []


def test_all_rows_of_an_order_are_taxed_alike_though_one_of_them_tells_nothing() -> None:
    sale = Sale([FIFTY_PIECES, TWO_PIECES], setting=Setting("unit", inclusive=False, after_discount=False))

    assert [str(line.net) for line in discount_lines(sale)] == ["-0.50", "-2.50"]


def discount_lines(sale: Sale) -> list[Line]:
    """Those of the order; the invoice of all of it has the same."""
    (booked,) = order(wire(sale.order), places())
    (billed, *_) = invoice(wire(sale.invoice()), wire(sale.order), places(), captured={}, offline_methods=frozenset())
    of_order, of_invoice = (
        [line for line in found.data.lines if line.kind is LineKind.DISCOUNT]
        for found in (booked, billed)
        if isinstance(found.data, BookedSale)
    )
    assert of_order == of_invoice
    return of_order
