"""Which money moved, and when: captures, offline methods, gift cards, store credit, points, refunds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from producers.magento.translate.credit_memos import OfOrder, credit_memo
from producers.magento.translate.invoices import invoice
from producers.magento.translate.payments import transactions
from producers.magento.translate.values import Unreadable
from producers.store import Found
from schemas.entities import CreditMemo, Invoice, Payment
from tests.support.magento_samples import credit_memo_json, invoice_json, order_json, places
from tests.support.magento_trade import Sale, wire
from tests.support.magento_wares import Paid, Ware

BANK = {"payment": {"method": "banktransfer"}}
NO_GATEWAY = {"transaction_id": None}


def paid(raw: Any, order: Any, *, offline: Sequence[str] = ()) -> list[tuple[str, str, str, str]]:
    """Id, method, amount and transaction of an invoice's payments."""
    found = invoice(wire(raw), wire(order), places(), captured={}, offline_methods=frozenset(offline))
    return [told(one) for one in found[1:]]


def told(found: Found) -> tuple[str, str, str, str]:
    assert isinstance(found.data, Payment)
    return (found.data.id, found.data.method, f"{found.data.amount}", found.data.transaction_id)


def memo_of(
    raw: Any, order: Any, invoices: Sequence[Any], memos: Sequence[Any] = (), *, offline: Sequence[str] = ()
) -> tuple[CreditMemo, list[tuple[str, str, str, str]]]:
    of = OfOrder(wire(order), [wire(one) for one in invoices], [wire(one) for one in memos or [raw]])
    memo, *payments = credit_memo(wire(raw), of, places(), refunded={}, offline_methods=frozenset(offline))
    assert isinstance(memo.data, CreditMemo)
    return memo.data, [told(one) for one in payments]


def test_a_capture_is_a_payment_with_the_gateways_id() -> None:
    assert paid(invoice_json(), order_json()) == [("invoice-57", "stripe_payments", "60.00", "pi_7Q")]


def test_a_capture_is_dated_by_its_transaction_in_the_zone_of_the_store_view() -> None:
    made = [{"order_id": 123, "txn_id": "pi_7Q", "txn_type": "capture", "created_at": "2026-10-03 11:30:00"}]
    captured = transactions(made, ["capture"])
    raw, order = invoice_json(store_id=3), order_json(store_id=3)

    _, payment = invoice(wire(raw), wire(order), places(), captured=captured, offline_methods=frozenset())

    assert isinstance(payment.data, Payment)
    assert payment.data.date == date(2026, 10, 4)  # in Auckland


def test_without_its_transaction_a_capture_has_the_invoices_day() -> None:
    _, payment = invoice(wire(invoice_json()), wire(order_json()), places(), captured={}, offline_methods=frozenset())

    assert isinstance(payment.data, Payment)
    assert payment.data.date == date(2026, 10, 3)


@pytest.mark.parametrize("gateways_id", ["A  7", "R&amp;D", "<b>7</b>", " 7 "])
def test_a_transaction_is_found_whatever_its_id_is_made_of(gateways_id: str) -> None:
    made = [{"order_id": 123, "txn_id": gateways_id, "txn_type": "capture", "created_at": "2026-10-09 11:30:00"}]
    raw = invoice_json(transaction_id=gateways_id)

    _, payment = invoice(
        raw, order_json(), places(), captured=transactions(made, ["capture"]), offline_methods=frozenset()
    )

    assert isinstance(payment.data, Payment)
    assert payment.data.date == date(2026, 10, 9)


@pytest.mark.parametrize("made_at", ["0000-00-00 00:00:00", None])
def test_a_transaction_without_a_time_is_as_good_as_none(made_at: str | None) -> None:
    known = {"order_id": 123, "txn_type": "capture"}
    first = {**known, "txn_id": "pi_7Q", "created_at": "2026-10-03 11:30:00"}

    found = transactions([first, {**known, "txn_id": "pi_8Q", "created_at": made_at}], ["capture"])

    assert list(found) == [(123, "pi_7Q")]


@pytest.mark.parametrize("listed", [("capture", "authorization", "order"), ("order", "authorization", "capture")])
def test_of_transactions_of_one_id_the_kind_named_first_dates_the_payment(listed: Sequence[str]) -> None:
    at = {"authorization": "2026-10-01 10:00:00", "order": "2026-10-02 10:00:00", "capture": "2026-10-03 10:00:00"}
    made = [{"order_id": 123, "txn_id": "pi_7Q", "txn_type": kind, "created_at": at[kind]} for kind in listed]

    found = {kinds: transactions(made, kinds)[123, "pi_7Q"].day for kinds in (("capture", "order"), ("order",))}

    assert found == {("capture", "order"): 3, ("order",): 2}


def test_a_transaction_without_an_id_is_no_offline_documents() -> None:
    known = {"order_id": 123, "txn_type": "capture", "created_at": "2026-10-03 11:30:00"}

    assert transactions([known, {**known, "txn_id": ""}], ["capture"]) == {}


def test_an_offline_method_proves_nothing_unless_it_is_listed() -> None:
    raw, order = invoice_json(**NO_GATEWAY), order_json(**BANK)

    assert paid(raw, order) == []
    assert paid(raw, order, offline=["banktransfer"]) == [("invoice-57", "banktransfer", "60.00", "")]


@pytest.mark.parametrize("state", [1, 3])
def test_an_invoice_that_is_open_or_cancelled_has_no_payments(state: int) -> None:
    extension = {"gift_cards_amount": 10}
    raw = invoice_json(state=state, grand_total=50, extension_attributes=extension)

    found = invoice(wire(raw), wire(order_json()), places(), captured={}, offline_methods=frozenset())

    (sale,) = found
    assert isinstance(sale.data, Invoice)
    assert sale.data.cancelled is (state == 3)


def test_gift_cards_store_credit_and_points_are_payments_of_their_own() -> None:
    sale = Sale([Ware("50.00")], paid=Paid("10", "20", "5"))

    assert paid(sale.invoice(), sale.order) == [
        ("giftcard-57", "gift_card", "10.00", ""),
        ("storecredit-57", "store_credit", "20.00", ""),
        ("reward-57", "reward_points", "5.00", ""),
        ("invoice-57", "stripe_payments", "25.00", "pi_7Q"),
    ]


def test_a_sale_that_tenders_paid_wholly_has_no_payment_of_the_free_method() -> None:
    sale = Sale([Ware("50.00")], paid=Paid(gift_cards="100"))
    order = sale.order | {"payment": {"method": "free"}}

    assert paid(sale.invoice(), order, offline=["free"]) == [("giftcard-57", "gift_card", "60.00", "")]


def test_a_sale_of_nothing_is_an_invoice_without_payments() -> None:
    sale = Sale([Ware("50.00", discount="50.00")])
    raw, order = sale.invoice(), sale.order | {"payment": {"method": "free"}}

    found = invoice(wire(raw), wire(order), places(), captured={}, offline_methods=frozenset())

    (only,) = found
    assert isinstance(only.data, Invoice)
    assert only.data.totals.gross == 0


def test_a_refund_by_the_gateway_is_a_payment_out() -> None:
    memo, payments = memo_of(credit_memo_json(), order_json(), [invoice_json()])

    assert payments == [("memo-9", "stripe_payments", "49.00", "pi_7Q-refund")]
    assert memo.sale.invoice_id == "57"


def test_a_refund_of_an_unpaid_invoice_is_set_against_it() -> None:
    raw, order = credit_memo_json(invoice_id=None, **NO_GATEWAY), order_json(**BANK)

    memo, payments = memo_of(raw, order, [invoice_json(**NO_GATEWAY)])

    assert (memo.tenders, payments) == ((), [])
    assert memo.sale.invoice_id == "57"
    assert not memo.stays_open


def test_an_offline_refund_of_a_captured_invoice_stays_the_customers_credit() -> None:
    memo, payments = memo_of(credit_memo_json(invoice_id=None, **NO_GATEWAY), order_json(), [invoice_json()])

    assert (memo.tenders, payments) == ((), [])
    assert memo.stays_open
    assert memo.sale.invoice_id is None
    assert memo.sale.date == date(2026, 10, 3)


@pytest.mark.parametrize(
    ("other", "stays_open"), [({}, True), (NO_GATEWAY, False)], ids=["all are captured", "one is not paid"]
)
def test_an_offline_refund_of_one_of_several_invoices_stays_open_when_none_is_unpaid(
    other: dict[str, Any], stays_open: bool
) -> None:
    raw = credit_memo_json(invoice_id=None, **NO_GATEWAY)

    memo, _ = memo_of(raw, order_json(), [invoice_json(), invoice_json(entity_id=59, **other)])

    assert memo.stays_open is stays_open
    assert memo.sale.invoice_id is None


def test_an_offline_refund_of_rows_of_two_captured_invoices_stays_open() -> None:
    sale = Sale([Ware("50.00"), Ware("20.00")])
    rows = {row.item_id: 1 for row in sale.rows}
    first, second = sale.invoice(dict(list(rows.items())[:1])), sale.invoice() | {"entity_id": 58}
    raw = sale.refund(rows) | {"invoice_id": None} | NO_GATEWAY

    memo, _ = memo_of(raw, sale.order, [first, second])

    assert memo.stays_open


@pytest.mark.parametrize(
    ("captured", "stays_open", "invoice_id"), [({}, True, None), (NO_GATEWAY, False, "57")], ids=["captured", "unpaid"]
)
def test_a_refund_of_an_invoice_that_a_clock_dated_ahead_is_of_that_invoice(
    captured: dict[str, Any], stays_open: bool, invoice_id: str | None
) -> None:
    raw = credit_memo_json(invoice_id=None, created_at="2026-10-10 14:00:00", **NO_GATEWAY)
    ahead = invoice_json(created_at="2026-10-10 14:01:00", **captured)

    memo, _ = memo_of(raw, order_json(), [ahead])

    assert (memo.stays_open, memo.sale.invoice_id) == (stays_open, invoice_id)


def test_an_offline_refund_of_a_listed_method_is_a_payment_out() -> None:
    raw, order = credit_memo_json(**NO_GATEWAY), order_json(**BANK)

    memo, payments = memo_of(raw, order, [invoice_json(**NO_GATEWAY)], offline=["banktransfer"])

    assert payments == [("memo-9", "banktransfer", "49.00", "")]
    assert memo.sale.invoice_id == "57"


def test_what_tenders_paid_goes_back_to_them_first() -> None:
    sale = Sale([Ware("50.00")], paid=Paid("10", "20"))
    invoiced = sale.invoice()

    memo, payments = memo_of(sale.refund({201: 1}), sale.order, [invoiced])

    assert payments == [
        ("memo-giftcard-9", "gift_card", "10.00", ""),
        ("memo-storecredit-9", "store_credit", "20.00", ""),
        ("memo-9", "stripe_payments", "30.00", "pi_7Q-refund"),
    ]
    assert sum((one.amount for one in memo.tenders), Decimal(0)) == memo.totals.gross


def test_a_refund_to_store_credit_moves_no_money() -> None:
    raw = credit_memo_json(invoice_id=None, **NO_GATEWAY)
    order = order_json()
    order["extension_attributes"]["customer_balance_total_refunded"] = 49

    memo, payments = memo_of(raw, order, [invoice_json()])

    assert payments == [("memo-storecredit-9", "store_credit", "49.00", "")]
    assert memo.sale.invoice_id == "57"


def test_which_of_several_refunds_became_store_credit_is_not_guessed() -> None:
    raw = credit_memo_json(invoice_id=None, **NO_GATEWAY)
    order = order_json()
    order["extension_attributes"]["customer_balance_total_refunded"] = 49

    with pytest.raises(Unreadable, match="2 credit memos could be meant"):
        memo_of(raw, order, [invoice_json()], [raw, raw | {"entity_id": 10}])


def test_a_refund_is_not_tied_to_an_invoice_that_did_not_hold_its_rows() -> None:
    other = invoice_json(entity_id=58, items=[{"order_item_id": 213, "qty": 1, "row_total": 8.32}])
    raw = credit_memo_json(invoice_id=None)

    alone, _ = memo_of(raw, order_json(), [invoice_json(), other])
    ambiguous, _ = memo_of(raw, order_json(), [invoice_json(), invoice_json(entity_id=59)])
    later, _ = memo_of(
        raw, order_json(), [invoice_json(), invoice_json(entity_id=59, created_at="2026-11-01 00:00:00")]
    )

    assert [one.sale.invoice_id for one in (alone, ambiguous, later)] == ["57", None, "57"]


def test_an_adjustment_alone_is_a_refund_without_rows() -> None:
    raw = credit_memo_json(
        items=[], subtotal=0, discount_amount=0, tax_amount=0, discount_tax_compensation_amount=0
    ) | {"adjustment_positive": 7.5, "adjustment_negative": 0, "grand_total": 7.5}

    memo, payments = memo_of(raw, order_json(), [invoice_json()])

    assert (memo.lines, [(one.name, one.amount) for one in memo.adjustments]) == (
        (),
        [("Adjustment refund", Decimal("7.50"))],
    )
    assert payments == [("memo-9", "stripe_payments", "7.50", "pi_7Q-refund")]


def test_an_open_credit_memo_says_nothing_yet() -> None:
    of = OfOrder(wire(order_json()), [wire(invoice_json())], [])

    assert credit_memo(wire(credit_memo_json(state=1)), of, places(), refunded={}, offline_methods=frozenset()) == ()
