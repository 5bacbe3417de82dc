"""Whatever a shop sells, invoices and refunds: its figures keep Magento's identities, and the events equal them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from producers.magento.translate.credit_memos import OfOrder, credit_memo
from producers.magento.translate.invoices import invoice
from producers.magento.translate.sales import order
from producers.store import Found
from schemas.codec import decode_event, encode_event
from schemas.entities import Payment
from schemas.entities import Sale as SaleData
from schemas.envelope import Change, Event
from tests.support.magento_baskets import sales
from tests.support.magento_identities import identity_c, identity_i, identity_o, tenders
from tests.support.magento_samples import places
from tests.support.magento_tax import ZERO
from tests.support.magento_trade import Sale, wire
from tests.support.magento_wares import Paid, Ware

CENT = Decimal("0.01")
Json = dict[str, Any]
OFFLINE: frozenset[str] = frozenset()


@given(sale=sales(), noise=st.sampled_from([0.0, 1e-13, -1e-13]))
def test_orders_keep_their_identity_and_become_events_with_their_totals(sale: Sale, noise: float) -> None:
    raw = wire(sale.order, noise=noise)

    (found,) = order(raw, places())

    assert identity_o(sale.order) == sale.order["grand_total"]
    assert_is_event(found)
    assert_equals(found, sale.order, tendered=tenders(sale.order))


@given(sale=sales(), data=st.data())
def test_invoices_keep_theirs_and_their_payments_pay_them(sale: Sale, data: st.DataObject) -> None:
    some = data.draw(quantities(sale))
    made = [sale.invoice(some)] if any(some.values()) else []
    made += [sale.invoice()] if any(row.invoiced < row.quantity for row in sale.rows) else []
    # a part of a row of cents may be worth less than its share of the discount: no sale that can be booked
    assume(all(identity_i(raw) + tenders(raw) >= 0 for raw in made))
    assume(all(tells_points(raw, identity_i(raw), sale) for raw in made))

    for raw in made:
        found, *payments = invoice(wire(raw), wire(sale.order), places(), captured={}, offline_methods=OFFLINE)

        reward = identity_i(raw) - raw["grand_total"]
        assert ZERO <= reward <= sale.order["extension_attributes"]["reward_currency_amount"]
        assert_rows(raw)
        assert_is_event(found)
        assert_equals(found, raw, tendered=tenders(raw) + reward)
        assert_paid(found, payments)


@given(sale=sales(), data=st.data())
def test_credit_memos_keep_theirs_and_their_payments_pay_them_back(sale: Sale, data: st.DataObject) -> None:
    invoiced = sale.invoice()
    positive, negative = data.draw(st.tuples(*[st.sampled_from(["0", "0", "2.50"])] * 2))
    chosen, shipping = data.draw(quantities(sale)), data.draw(st.booleans())
    raw = sale.refund(chosen, shipping=shipping, positive=positive, negative=negative)
    assume(raw["grand_total"] >= 0 and (sum(chosen.values()) or Decimal(positive) > Decimal(negative)))
    assume(tells_points(raw, identity_c(raw), sale))

    of = OfOrder(wire(sale.order), [wire(invoiced)], [wire(raw)])
    found, *payments = credit_memo(wire(raw), of, places(), refunded={}, offline_methods=OFFLINE)

    reward = identity_c(raw) - raw["grand_total"]
    assert ZERO <= reward <= sale.order["extension_attributes"]["reward_currency_amount"]
    assert_rows(raw)
    assert_is_event(found)
    assert_equals(found, raw, tendered=tenders(raw) + reward)
    assert_paid(found, payments)


# points and surcharges show in an invoice's total only, as the drift does
@given(sale=sales(total_only=False), drift=st.sampled_from(["0.01", "-0.01", "0.02", "-0.02"]))
def test_cents_that_the_rows_do_not_explain_are_told_apart(sale: Sale, drift: str) -> None:
    raw = sale.invoice(drift=drift)
    assume(raw["grand_total"] > 0)

    found, *_ = invoice(wire(raw), wire(sale.order), places(), captured={}, offline_methods=OFFLINE)

    assert isinstance(found.data, SaleData)
    assert (found.data.residual.net, found.data.residual.tax) == (ZERO, Decimal(drift))


def test_points_that_pay_all_of_a_cent_are_not_taken_for_rounding() -> None:
    sale = Sale([Ware("0.01", rates=())], paid=Paid(reward="5"))

    found, payment = invoice(wire(sale.invoice()), wire(sale.order), places(), captured={}, offline_methods=OFFLINE)

    assert isinstance(found.data, SaleData)
    assert isinstance(payment.data, Payment)
    assert (found.data.totals.gross, payment.data.amount, payment.data.method) == (CENT, CENT, "reward_points")


def test_a_cent_of_points_beside_other_money_is_taken_for_rounding() -> None:
    sale = Sale([Ware("1.99", rates=()), Ware("0.75", rates=())], paid=Paid(reward="2"))
    sale.invoice({201: 1})

    found, payment = invoice(wire(sale.invoice()), wire(sale.order), places(), captured={}, offline_methods=OFFLINE)

    assert isinstance(found.data, SaleData)
    assert isinstance(payment.data, Payment)
    assert (found.data.totals.gross, found.data.residual.net, payment.data.amount) == (
        Decimal("0.74"),
        -CENT,
        Decimal("0.74"),
    )


def tells_points(raw: Json, identity: Decimal, sale: Sale) -> bool:
    """A document does not say its points: one cent of the order's, beside other money, looks like rounding."""
    missing = identity - raw["grand_total"]
    return (
        missing != CENT
        or not raw["grand_total"]
        or missing == sale.order["extension_attributes"]["reward_currency_amount"]
    )


def quantities(sale: Sale) -> st.SearchStrategy[dict[int, int]]:
    """How many of each row, none of some."""
    return st.fixed_dictionaries({row.item_id: st.integers(0, int(row.quantity)) for row in sale.rows})


def assert_rows(raw: Json) -> None:
    """Identities S and T: the shipping's and the rows' taxes make the header's, and discounts its discount."""
    rows = raw["items"]
    discounts = sum((row.get("discount_amount", ZERO) for row in rows), ZERO)
    shipping = raw.get("shipping_incl_tax", ZERO) - (-raw["discount_amount"] - discounts)
    taxes = sum((row.get("tax_amount", ZERO) for row in rows), ZERO) + raw.get("shipping_tax_amount", ZERO)
    assert shipping >= 0
    assert raw["tax_amount"] >= taxes


def assert_equals(found: Found, raw: Json, *, tendered: Decimal) -> None:
    """The event has the document's totals, every cent of them in its rows."""
    sale = found.data
    assert isinstance(sale, SaleData)
    assert sale.totals.gross == raw["grand_total"] + tendered
    assert sale.totals.tax == raw["tax_amount"]
    assert (sale.residual.net, sale.residual.tax) == (ZERO, ZERO)
    assert sum((tender.amount for tender in sale.tenders), ZERO) == sale.totals.gross


def assert_paid(found: Found, payments: Sequence[Found]) -> None:
    """Everything is paid by payments, each with an id of its own."""
    assert isinstance(found.data, SaleData)
    data = [one.data for one in payments if isinstance(one.data, Payment)]
    assert sum((one.amount for one in data), ZERO) == found.data.totals.gross
    assert len({one.id for one in data}) == len(data) == len(payments)
    for one in payments:
        assert_is_event(one)


def assert_is_event(found: Found) -> None:
    """It passes the wire as an event."""
    event = Event(
        id="1",
        source="shop",
        organisation="main",
        entity=found.entity,
        change=Change.CHANGED,
        subject=found.data.id,
        time=found.version,
        version=found.version,
        data=found.data,
    )
    assert decode_event(encode_event(event)).data.id == found.data.id
