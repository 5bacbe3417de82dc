"""A credit memo of everything but shipping that a discount made free: Magento gives back the tax of that discount."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from producers.magento.translate.credit_memos import OfOrder, credit_memo
from producers.magento.translate.figures import figures
from producers.magento.translate.lines import order_lines
from producers.magento.translate.values import Unreadable
from schemas.parts import Line, LineKind
from tests.support.magento_identities import identity_c
from tests.support.magento_samples import order_json, places
from tests.support.magento_tax import Setting
from tests.support.magento_trade import Sale, wire
from tests.support.magento_wares import VAT_20, Ware

GOODS = Ware("12.00", 2, "simple", (VAT_20,), discount="2.40")
ALL = {201: 2}

Json = dict[str, Any]


def free_shipping(*, discount: str = "6.00") -> Sale:
    """Goods for 21.60 with tax, and shipping of 6.00 less its discount; it is invoiced."""
    setting = Setting("row", inclusive=True, after_discount=True)
    sale = Sale([GOODS], setting=setting, shipping="6.00", shipping_discount=discount)
    sale.invoice()
    return sale


def last_memo(sale: Sale, *, negative: str = "0") -> Json:
    """All goods and no shipping, as versions write it that give back what is left of the order's compensation."""
    raw = sale.refund(ALL, negative=negative)
    raw["discount_tax_compensation_amount"] += sale.shipping.compensation
    raw["grand_total"] += sale.shipping.compensation
    assert raw["grand_total"] == identity_c(raw)
    return raw


def read(raw: Json, sale: Sale) -> Any:
    found, *_ = credit_memo(
        wire(raw, noise=1e-9), OfOrder(wire(sale.order), (), ()), places(), refunded={}, offline_methods=frozenset()
    )
    return found.data


def of_shipping(lines: list[Line]) -> list[tuple[Decimal, Decimal]]:
    return [(one.net, one.tax) for one in lines if one.kind is LineKind.SHIPPING]


@pytest.mark.parametrize("fee", ["0", "1.00"])
def test_it_is_booked_as_untaxed_shipping(fee: str) -> None:
    sale = free_shipping()
    raw = last_memo(sale, negative=fee)

    memo = read(raw, sale)

    assert of_shipping(memo.lines) == [(Decimal("1.00"), Decimal(0))]
    assert (memo.totals.tax, memo.totals.gross) == (raw["tax_amount"], raw["grand_total"])
    assert (memo.residual.net, memo.residual.tax) == (0, 0)
    assert memo.totals.gross == Decimal("22.60") - Decimal(fee)


def test_versions_that_give_back_none_of_it_have_no_line_of_shipping() -> None:
    sale = free_shipping()

    memo = read(sale.refund(ALL), sale)

    assert of_shipping(memo.lines) == []
    assert memo.totals.gross == Decimal("21.60")


def test_what_is_beyond_the_rows_and_no_compensation_of_shipping_is_not_guessed() -> None:
    sale = free_shipping()
    raw = last_memo(sale)
    raw["discount_tax_compensation_amount"] += Decimal("0.30")
    raw["grand_total"] += Decimal("0.30")

    with pytest.raises(Unreadable, match=r"its rows add up to 21\.60, its own figures to 22\.90"):
        read(raw, sale)


def test_of_shipping_that_was_taxed_it_is_not_guessed_either() -> None:
    sale = free_shipping(discount="3.00")

    with pytest.raises(Unreadable, match=r"its rows add up to 21\.60, its own figures to 22\.10"):
        read(last_memo(sale), sale)


def test_a_discount_that_an_order_still_has_of_shipping_it_has_no_more_is_no_line() -> None:
    no_shipping = {"shipping_amount": 0, "shipping_tax_amount": 0, "shipping_discount_amount": 4}
    order = order_json(**no_shipping, tax_amount=19.5, grand_total=116.99)

    sums = figures(order, order_lines(order), reward=Decimal(0))

    assert of_shipping(list(sums.lines)) == []
    assert (sums.totals.gross, sums.residual.net) == (Decimal("116.99"), Decimal(0))
