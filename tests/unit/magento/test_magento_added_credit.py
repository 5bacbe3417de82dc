"""Refunds to store credit that newer versions of Commerce write on the credit memo as well."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from producers.magento.translate.values import Unreadable
from tests.support.magento_identities import identity_c
from tests.support.magento_refunds import BY_HAND, TRANSFER, order_of, typed, went_back
from tests.support.magento_tax import ZERO, cents
from tests.support.magento_trade import Sale
from tests.support.magento_wares import Paid, Ware


@pytest.mark.parametrize(
    ("paid", "amount", "back"),
    [
        (Paid(), "120", {"store_credit": "120.00"}),
        (Paid(), "50", {"store_credit": "50.00", TRANSFER: "70.00"}),
        (Paid(credit="20"), "120", {"store_credit": "120.00"}),
        (Paid(credit="20"), "50", {"store_credit": "50.00", TRANSFER: "70.00"}),
        (Paid(gift_cards="50"), "70", {"gift_card": "50.00", "store_credit": "70.00"}),
        (Paid(gift_cards="50", credit="20"), "20", {"gift_card": "50.00", "store_credit": "20.00", TRANSFER: "50.00"}),
    ],
    ids=[
        "all",
        "a part",
        "all, with credit that had paid",
        "a part, with credit that had paid",
        "beside a gift card",
        "no more than had paid, beside a gift card",
    ],
)
def test_a_refund_to_store_credit_that_its_memo_bears_too_counts_once(
    paid: Paid, amount: str, back: dict[str, str]
) -> None:
    sale = Sale([Ware("100.00")], paid=paid)
    invoice = sale.invoice()

    assert went_back(typed(sale.refund({201: 1}) | BY_HAND, Decimal(amount)), order_of(sale, amount), invoice) == back


def test_each_of_two_memos_that_bear_their_refund_to_store_credit_is_told() -> None:
    sale = Sale([Ware("50.00"), Ware("25.00")])
    invoice, order = sale.invoice(), order_of(sale, "75")
    first = typed(sale.refund({201: 1}) | BY_HAND, Decimal(60))
    second = typed(sale.refund({202: 1}) | BY_HAND | {"entity_id": 10}, Decimal(15))

    assert went_back(first, order, invoice, [first, second]) == {"store_credit": "60.00"}
    assert went_back(second, order, invoice, [first, second]) == {"store_credit": "15.00", TRANSFER: "15.00"}


def test_an_amount_as_high_as_the_gift_cards_part_is_of_money_where_that_part_became_credit_too() -> None:
    sale = Sale([Ware("100.00")], paid=Paid(gift_cards="50"))
    invoice = sale.invoice()

    back = went_back(typed(sale.refund({201: 1}) | BY_HAND, Decimal(50)), order_of(sale, "100"), invoice)

    assert back == {"store_credit": "100.00", TRANSFER: "20.00"}


def test_what_a_memo_bears_itself_is_not_taken_for_another_ones_gift_card() -> None:
    sale = Sale([Ware("50.00"), Ware("50.00")], paid=Paid(gift_cards="60"))
    invoice, order = sale.invoice(), order_of(sale, "90")
    of_card = sale.refund({201: 1}) | BY_HAND
    of_money = typed(sale.refund({202: 1}) | BY_HAND | {"entity_id": 10}, Decimal(30))

    assert went_back(of_card, order, invoice, [of_card, of_money]) == {"store_credit": "60.00"}
    assert went_back(of_money, order, invoice, [of_card, of_money]) == {"store_credit": "30.00", TRANSFER: "30.00"}


@pytest.mark.parametrize(("fee", "cents"), [("0", "0.05"), ("0", "-0.05"), ("2", "0.01"), ("2", "-0.01")])
def test_cents_of_rounding_do_not_hide_that_a_memo_bears_its_refund(fee: str, cents: str) -> None:
    sale = Sale([Ware("100.00")], surcharge=fee)
    invoice = sale.invoice()
    raw = sale.refund({201: 1}) | BY_HAND
    raw["grand_total"] += Decimal(fee) + Decimal(cents)  # the fee went back too

    back = went_back(typed(raw, Decimal(50)), order_of(sale, "50"), invoice)

    assert back == {"store_credit": "50.00", TRANSFER: f"{70 + Decimal(fee) + Decimal(cents):.2f}"}


@pytest.mark.parametrize(("fee", "cents"), [("0", "0.06"), ("0", "-0.06"), ("2", "0.02"), ("2", "-0.02")])
def test_more_than_rounding_beside_a_refund_that_its_memo_bears_is_not_guessed(fee: str, cents: str) -> None:
    sale = Sale([Ware("100.00")], surcharge=fee)
    invoice = sale.invoice()
    raw = sale.refund({201: 1}) | BY_HAND
    raw["grand_total"] += Decimal(fee) + Decimal(cents)

    with pytest.raises(Unreadable, match="book it by hand"):
        went_back(typed(raw, Decimal(50)), order_of(sale, "50"), invoice)


@pytest.mark.parametrize("amount", ["0.05", "0.01"])
def test_a_refund_to_store_credit_that_could_be_rounding_is_not_guessed(amount: str) -> None:
    sale = Sale([Ware("100.00")])
    invoice = sale.invoice()

    with pytest.raises(Unreadable, match="book it by hand"):
        went_back(typed(sale.refund({201: 1}) | BY_HAND, Decimal(amount)), order_of(sale, amount), invoice)


def test_store_credit_that_had_paid_goes_back_as_such_beside_the_gateways_refund() -> None:
    sale = Sale([Ware("100.00")], paid=Paid(credit="20"))
    invoice = sale.invoice()

    back = went_back(typed(sale.refund({201: 1}), Decimal(20)), order_of(sale, "20"), invoice)

    assert back == {"store_credit": "20.00", TRANSFER: "100.00"}


def test_a_refund_by_the_gateway_whose_memo_bears_store_credit_too_is_not_guessed() -> None:
    sale = Sale([Ware("100.00")])
    invoice = sale.invoice()

    with pytest.raises(Unreadable, match=r"worth 120.00, its grand total is 120.00 .* credit 50.00, .* by hand"):
        went_back(typed(sale.refund({201: 1}), Decimal(50)), order_of(sale, "50"), invoice)


@pytest.mark.parametrize(
    ("paid", "amount", "became"),
    [(Paid(), "50", "0"), (Paid(), "50", "40"), (Paid(credit="30"), "20", "20")],
    ids=["the order knows none", "the order knows less", "less than had paid"],
)
def test_store_credit_that_fits_neither_way_of_writing_is_not_guessed(paid: Paid, amount: str, became: str) -> None:
    sale = Sale([Ware("100.00")], paid=paid)
    invoice = sale.invoice()

    with pytest.raises(Unreadable, match="book it by hand"):
        went_back(typed(sale.refund({201: 1}) | BY_HAND, Decimal(amount)), order_of(sale, became), invoice)


def test_of_two_memos_beside_store_credit_that_had_paid_it_is_not_guessed_what_went_back() -> None:
    sale = Sale([Ware("50.00"), Ware("25.00")], paid=Paid(credit="20"))
    invoice, order = sale.invoice(), order_of(sale, "30")
    first = typed(sale.refund({201: 1}) | BY_HAND, Decimal(30))
    second = sale.refund({202: 1}) | BY_HAND | {"entity_id": 10}

    with pytest.raises(Unreadable, match="book it by hand"):
        went_back(first, order, invoice, [first, second])


@example(price="37.50", paid=Paid("30", reward="5"), share="0.3", boxed=True, newer=True, negative="2.50")
@given(
    price=st.sampled_from(["100.00", "37.50", "12.01"]),
    paid=st.builds(
        Paid, *(st.sampled_from(amounts) for amounts in (("0", "0", "30"), ("0", "0", "12"), ("0", "0", "5")))
    ),
    share=st.sampled_from(["0", "0.3", "0.5", "1"]),
    boxed=st.booleans(),
    newer=st.booleans(),
    negative=st.sampled_from(["0", "2.50"]),
)
def test_whichever_way_commerce_writes_a_refund_to_credit_what_moved_is_told_or_nothing(
    price: str, paid: Paid, share: str, boxed: bool, newer: bool, negative: str
) -> None:
    sale = Sale([Ware(price)], paid=paid)
    invoice = sale.invoice()
    raw = sale.refund({201: 1}, negative=negative) | BY_HAND
    stated, money = raw["extension_attributes"], raw["grand_total"]
    cards, credit = stated["gift_cards_amount"], stated["customer_balance_amount"]
    as_credit, of_cards = cents(money * Decimal(share)), cards if boxed else ZERO
    amount = credit + as_credit  # what is typed: store credit that had paid is to go back as such
    total = amount + of_cards
    # whoever typed as much as the cards' part means them, and so does who typed what both come to
    assume(as_credit not in {cards, money + cards} or not cards)
    order = order_of(sale, f"{total}")

    back = None
    with suppress(Unreadable):
        back = went_back(typed(raw, amount) if newer else raw, order, invoice)

    points = identity_c(raw) - money
    moved = {"gift_card": cards - of_cards, "store_credit": total, "reward_points": points, TRANSFER: money - as_credit}
    assert back == {name: f"{cents(value)}" for name, value in moved.items() if value} or (
        back is None and (cards or points)
    )
