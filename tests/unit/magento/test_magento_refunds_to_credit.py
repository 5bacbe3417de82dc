"""Which of what went back with a credit memo became store credit, as Commerce says it of the order."""

from __future__ import annotations

import pytest

from producers.magento.translate.values import Unreadable
from tests.support.magento_refunds import BY_HAND, TRANSFER, order_of, went_back
from tests.support.magento_trade import Sale
from tests.support.magento_wares import Paid, Ware


@pytest.mark.parametrize(
    ("card", "became", "back"),
    [
        ("50", "0", {"gift_card": "50.00", TRANSFER: "70.00"}),
        ("50", "50", {"store_credit": "50.00", TRANSFER: "70.00"}),
        ("90", "90", {"store_credit": "90.00", TRANSFER: "30.00"}),
        ("50", "70", {"gift_card": "50.00", "store_credit": "70.00"}),
        ("50", "120", {"store_credit": "120.00"}),
        ("120", "120", {"store_credit": "120.00"}),
    ],
)
def test_a_gift_cards_part_that_became_store_credit_goes_back_once(
    card: str, became: str, back: dict[str, str]
) -> None:
    sale = Sale([Ware("100.00")], paid=Paid(gift_cards=card))
    invoice = sale.invoice()

    assert went_back(sale.refund({201: 1}) | BY_HAND, order_of(sale, became), invoice) == back


@pytest.mark.parametrize(("card", "became"), [("60", "60"), ("50", "30"), ("50", "100")], ids=["both", "none", "above"])
def test_what_could_be_of_a_gift_card_or_of_money_is_not_guessed(card: str, became: str) -> None:
    sale = Sale([Ware("100.00")], paid=Paid(gift_cards=card))
    invoice = sale.invoice()

    with pytest.raises(Unreadable, match=f"{became}.00 of the order's refunds .* book this one by hand"):
        went_back(sale.refund({201: 1}) | BY_HAND, order_of(sale, became), invoice)


def test_a_gift_card_of_another_refund_that_became_store_credit_is_not_taken_for_money() -> None:
    sale = Sale([Ware("50.00"), Ware("25.00")], paid=Paid(gift_cards="40"))
    invoice, order = sale.invoice(), order_of(sale, "40")
    first = sale.refund({201: 1})  # 20.00 by the gateway
    second = sale.refund({202: 1}) | BY_HAND | {"entity_id": 10}

    assert went_back(first, order, invoice, [first, second]) == {"store_credit": "40.00", TRANSFER: "20.00"}
    assert went_back(second, order, invoice, [first, second]) == {TRANSFER: "30.00"}


def test_a_refund_that_became_store_credit_is_told_from_a_gift_card_of_another_one() -> None:
    sale = Sale([Ware("50.00"), Ware("25.00")], paid=Paid(gift_cards="40"))
    invoice, order = sale.invoice(), order_of(sale, "30")
    first = sale.refund({201: 1})
    second = sale.refund({202: 1}) | BY_HAND | {"entity_id": 10}

    assert went_back(first, order, invoice, [first, second]) == {"gift_card": "40.00", TRANSFER: "20.00"}
    assert went_back(second, order, invoice, [first, second]) == {"store_credit": "30.00"}


def test_a_refund_by_the_gateway_beside_one_that_became_store_credit_is_all_the_gateways() -> None:
    sale = Sale([Ware("50.00"), Ware("25.00")])
    invoice, order = sale.invoice(), order_of(sale, "30")
    first = sale.refund({201: 1})
    second = sale.refund({202: 1}) | BY_HAND | {"entity_id": 10}

    assert went_back(first, order, invoice, [first, second]) == {TRANSFER: "60.00"}
    assert went_back(second, order, invoice, [first, second]) == {"store_credit": "30.00"}


def test_a_refund_that_was_cancelled_is_not_taken_for_the_one_that_became_store_credit() -> None:
    sale = Sale([Ware("50.00"), Ware("25.00")])
    invoice, order = sale.invoice(), order_of(sale, "20")
    cancelled = sale.refund({201: 1}) | BY_HAND | {"state": 3}
    standing = sale.refund({202: 1}) | BY_HAND | {"entity_id": 10}

    back = went_back(standing, order, invoice, [cancelled, standing])

    assert back == {"store_credit": "20.00", TRANSFER: "10.00"}
