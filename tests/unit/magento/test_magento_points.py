"""Reward points beside fees and cents: what of a document points paid, and where Magento does not tell it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.magento.translate.credit_memos import OfOrder, credit_memo
from producers.magento.translate.invoices import invoice
from producers.magento.translate.points import Sums, points_paid
from producers.magento.translate.sales import order
from producers.magento.translate.values import CENT, Unreadable
from producers.store import Found
from schemas.entities import Payment
from schemas.parts import ZERO
from tests.support.magento_samples import places
from tests.support.magento_trade import Sale, wire
from tests.support.magento_wares import Paid, Ware

MANY_CENTS = st.integers(0, 2000).map(lambda cents: cents * CENT)
SOME_CENTS = st.integers(2, 2000).map(lambda cents: cents * CENT)


def sold(fee: str = "2", *, named: bool = True) -> Sale:
    """Two rows of 60.00 and a fee, which points paid 10.00 of; the fee may be one that only the total holds."""
    sale = Sale([Ware("50.00"), Ware("50.00")], paid=Paid(reward="10"), surcharge=fee)
    if not named:
        sale.order["extension_attributes"].pop("custom_fees", None)
    return sale


def invoiced(sale: Sale, raw: Any) -> tuple[Found, ...]:
    return invoice(wire(raw), wire(sale.order), places(), captured={}, offline_methods=frozenset())


def told(found: tuple[Found, ...]) -> tuple[str, str, dict[str, str]]:
    """Gross, residual and payments."""
    sale: Any = found[0].data
    paid = {one.data.method: f"{one.data.amount}" for one in found[1:] if isinstance(one.data, Payment)}
    return f"{sale.totals.gross}", f"{sale.residual.net}", paid


@pytest.mark.parametrize(("named", "residual"), [(True, "0.00"), (False, "2.00")], ids=["custom", "an extension's"])
def test_a_fee_of_a_whole_order_is_not_taken_off_its_points(named: bool, residual: str) -> None:
    sale = sold(named=named)

    (ordered,) = order(wire(sale.order), places())
    found = invoiced(sale, sale.invoice())

    assert told((ordered,)) == ("122.00", residual, {})
    assert told(found) == ("122.00", residual, {"reward_points": "10.00", "stripe_payments": "112.00"})


def test_a_fee_above_the_points_does_not_hide_them() -> None:
    sale = sold("15")

    assert told(invoiced(sale, sale.invoice())) == (
        "135.00",
        "0.00",
        {"reward_points": "10.00", "stripe_payments": "125.00"},
    )


def test_cents_of_a_whole_order_are_not_taken_off_its_points() -> None:
    sale = sold("0")
    raw = sale.invoice()
    for one in (sale.order, raw):
        one["grand_total"] += Decimal("0.04")

    assert told(invoiced(sale, raw)) == ("120.04", "0.04", {"reward_points": "10.00", "stripe_payments": "110.04"})


def test_a_fee_that_is_refunded_with_the_whole_order_is_not_taken_off_its_points() -> None:
    sale = sold()
    made = sale.invoice()
    raw = sale.refund({row.item_id: 1 for row in sale.rows})
    raw["grand_total"] = made["grand_total"]  # the fee goes back as well

    of = OfOrder(wire(sale.order), [wire(made)], [wire(raw)])
    found = credit_memo(wire(raw), of, places(), refunded={}, offline_methods=frozenset())

    assert told(found) == ("122.00", "0.00", {"reward_points": "10.00", "stripe_payments": "112.00"})


@pytest.mark.parametrize("named", [True, False], ids=["custom", "an extension's"])
def test_a_part_of_an_order_with_points_and_a_fee_is_refused_with_both_sums(named: bool) -> None:
    sale = sold(named=named)
    raw = sale.invoice({201: 1})

    with pytest.raises(Unreadable, match=r"are 60\.00, and 52\.00 is paid .* 10\.00 of points and 2\.00 of fees"):
        invoiced(sale, raw)


@pytest.mark.parametrize(
    ("beyond", "told_of_it"),
    [
        ("-10", ("60.00", "0.00", {"reward_points": "10.00", "stripe_payments": "50.00"})),
        ("2", ("62.00", "0.00", {"stripe_payments": "62.00"})),
    ],
    ids=["all the points", "all of the fee"],
)
def test_a_part_is_read_where_its_total_leaves_no_choice(beyond: str, told_of_it: tuple[str, str, Any]) -> None:
    sale = sold()
    raw = sale.invoice({201: 1}) | {"grand_total": 60 + Decimal(beyond)}

    assert told(invoiced(sale, raw)) == told_of_it


@given(reward=SOME_CENTS, hidden=MANY_CENTS, sign=st.sampled_from([1, -1]), data=st.data())
def test_points_are_told_or_refused_and_never_guessed(
    reward: Decimal, hidden: Decimal, sign: int, data: st.DataObject
) -> None:
    some = st.integers(0, 100).map(lambda per_cent: Decimal(per_cent) / 100)
    held = sign * (hidden * data.draw(some)).quantize(CENT)
    paid = (reward * data.draw(some)).quantize(CENT)
    whole = Sums(parts=Decimal(99), paid=99 + sign * hidden - reward)

    try:
        found = points_paid(Sums(Decimal(60), 60 + held - paid), whole, reward, owes=True)
    except Unreadable:
        assert hidden
    else:
        assert found == paid or (paid == CENT and found == ZERO)


WHOLE = Sums(Decimal(120), Decimal(110))
"""Of an order that hides nothing and that points paid 10.00 of."""


@pytest.mark.parametrize(
    ("paid", "owes", "points"),
    [
        ("59.99", True, "0.00"),
        ("59.98", True, "0.02"),
        ("59.99", False, "0.01"),
        ("45.00", True, "10.00"),
        ("62.00", True, "0.00"),
    ],
    ids=["a cent beside money", "two cents", "a cent, and points paid all", "more than there were", "a fee"],
)
def test_what_the_total_lacks_is_points_but_for_a_cent_beside_money(paid: str, *, owes: bool, points: str) -> None:
    found = points_paid(Sums(Decimal(60), Decimal(paid)), WHOLE, Decimal(10), owes=owes)

    assert found == Decimal(points)


def test_a_cent_is_the_points_of_an_order_that_has_no_more_of_them() -> None:
    whole = Sums(Decimal(120), Decimal("119.99"))

    assert points_paid(Sums(Decimal(60), Decimal("59.99")), whole, CENT, owes=True) == CENT


def test_a_document_that_holds_more_than_its_order_hides_is_refused() -> None:
    fee = Sums(Decimal(120), Decimal(112))

    with pytest.raises(Unreadable, match=r"63\.00 is paid .* 2\.00 of fees"):
        points_paid(Sums(Decimal(60), Decimal("63.00")), fee, Decimal("10.00"), owes=True)
