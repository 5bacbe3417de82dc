"""The sandbox store's orders and credit memos of which nobody knows yet what becomes of them, and what is read."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest

from producers.magento import Access, open_store
from producers.store import Found, Selection, StoreSource
from schemas.entities import CreditMemo, Invoice, Order, Payment
from tests.support.store_fixture import StoreSandbox, where

UNDECIDED = {"pending_payment", "payment_review", "holded"}
GATEWAYS = {"stripe_payments", "paypal_express"}
OPEN, REFUNDED, CANCELLED = 1, 2, 3


@pytest.fixture
def traded(store: StoreSandbox) -> StoreSandbox:
    """A store that has left some undecided."""
    store.control("quirks", undecided=True)
    store.control("trade", orders=400)
    return store


@pytest.fixture
async def source(traded: StoreSandbox) -> AsyncIterator[StoreSource]:
    access = Access(**{name: traded.credentials[name] for name in Access.__slots__})
    async with open_store(url=traded.url, access=access) as source:
        yield source


def listed(store: StoreSandbox, path: str) -> dict[str, Any]:
    return {str(row["entity_id"]): row for row in store.items(path, where(sort=["entity_id"]))}


async def found(source: StoreSource, name: str) -> list[Found]:
    """All that is made of one list."""
    stream = next(one for one in source.streams if one.name == name)
    made: list[Found] = []
    after, more = 0, True
    while more:
        page = await source.page(stream, after, Selection())
        assert not page.broken
        made += [one for row in page.rows for one in row.snapshots]
        after, more = page.last, page.more
    return made


def test_5_4_orders_and_credit_memos_rest_in_every_state_that_decides_nothing(traded: StoreSandbox) -> None:
    orders, memos = listed(traded, "orders"), listed(traded, "creditmemos")

    assert {order["state"] for order in orders.values()} >= UNDECIDED
    assert {memo["state"] for memo in memos.values()} == {OPEN, REFUNDED, CANCELLED}
    assert "fraud" in {order["status"] for order in orders.values()}


def test_5_4_nothing_is_invoiced_or_captured_before_the_buyer_is_back_from_the_gateway(traded: StoreSandbox) -> None:
    orders = listed(traded, "orders")
    waiting = {key for key, order in orders.items() if order["state"] in {"pending_payment", "payment_review"}}
    moved = [*traded.items("invoices", where()), *traded.items("transactions", where())]

    assert not waiting & {str(one["order_id"]) for one in moved}
    assert not any("total_paid" in orders[key] for key in waiting)
    assert {orders[key]["payment"]["method"] for key in waiting} <= GATEWAYS


def test_5_4_an_order_on_hold_says_what_it_was_before_and_no_other_does(traded: StoreSandbox) -> None:
    orders = listed(traded, "orders").values()

    before = {order["hold_before_state"] for order in orders if order["state"] == "holded"}
    assert before == {"new", "processing"}
    assert all(("hold_before_state" in order) == (order["state"] == "holded") for order in orders)


def test_5_4_what_a_cancelled_credit_memo_was_to_pay_back_is_not_refunded(traded: StoreSandbox) -> None:
    refunded: Counter[int] = Counter()
    for memo in listed(traded, "creditmemos").values():
        refunded[memo["order_id"]] += round(memo["grand_total"] * 100) if memo["state"] != CANCELLED else 0

    said = {key: round(listed_["total_refunded"] * 100) for key, listed_ in _with_refunds(traded)}
    assert said == {key: sum_ for key, sum_ in refunded.items() if key in said}
    assert sum(said.values()) == sum(refunded.values())


def test_5_4_a_store_without_it_leaves_nothing_undecided(store: StoreSandbox) -> None:
    store.control("trade", orders=100)

    assert not {order["state"] for order in listed(store, "orders").values()} & UNDECIDED
    assert {memo["state"] for memo in listed(store, "creditmemos").values()} == {REFUNDED}


async def test_of_an_order_that_is_not_decided_nothing_is_read_and_of_others_all(
    traded: StoreSandbox, source: StoreSource
) -> None:
    orders = {one.data.id: one.data for one in await found(source, "orders") if isinstance(one.data, Order)}

    shown = listed(traded, "orders")
    assert set(orders) == {key for key, order in shown.items() if order["state"] not in UNDECIDED}
    assert {key for key, order in orders.items() if order.cancelled} == {
        key for key, order in shown.items() if order["state"] == "canceled"
    }


async def test_an_order_on_hold_keeps_its_invoices_and_payments(traded: StoreSandbox, source: StoreSource) -> None:
    held = {key for key, order in listed(traded, "orders").items() if order["state"] == "holded"}
    shown = {key for key, one in listed(traded, "invoices").items() if str(one["order_id"]) in held}
    read = await found(source, "invoices")

    assert shown
    assert {one.data.id for one in read if isinstance(one.data, Invoice) and one.data.order_id in held} == shown


async def test_a_credit_memo_that_is_open_is_nothing_and_one_that_is_cancelled_pays_nothing_back(
    traded: StoreSandbox, source: StoreSource
) -> None:
    read = await found(source, "credit_memos")

    memos = {one.data.id: one.data for one in read if isinstance(one.data, CreditMemo)}
    paying = {one.data.credit_memo_id for one in read if isinstance(one.data, Payment)}
    shown = {key: memo["state"] for key, memo in listed(traded, "creditmemos").items()}
    assert set(memos) == {key for key, state in shown.items() if state != OPEN}
    assert {key for key, memo in memos.items() if memo.cancelled} == {
        key for key, state in shown.items() if state == CANCELLED
    }
    assert {shown[str(key)] for key in paying} == {REFUNDED}


async def test_7_the_truth_has_what_is_decided_and_the_money_that_moved(
    traded: StoreSandbox, source: StoreSource
) -> None:
    truth = traded.truth()
    made = [one.data for name in ("orders", "invoices", "credit_memos") for one in await found(source, name)]

    assert {_counted(one) for one in truth["documents"]} == {
        _said(one) for one in made if isinstance(one, Order | Invoice | CreditMemo)
    }
    assert Counter(_money(one) for one in truth["payments"] if one["method"] in GATEWAYS and one["online"]) == Counter(
        (one.direction, one.method, str(one.date), str(one.amount))
        for one in made
        if isinstance(one, Payment) and one.method in GATEWAYS
    )


def _with_refunds(store: StoreSandbox) -> list[tuple[int, dict[str, Any]]]:
    orders = listed(store, "orders").values()
    return [(order["entity_id"], order) for order in orders if "total_refunded" in order]


def _counted(document: Any) -> tuple[str, ...]:
    names = ("kind", "id", "number", "website", "date", "cancelled", "net", "tax", "gross")
    return tuple(str(document[name]) for name in names)


def _said(data: Order | Invoice | CreditMemo) -> tuple[str, ...]:
    kind = {"Order": "order", "Invoice": "invoice", "CreditMemo": "credit_memo"}[type(data).__name__]
    sums = data.totals
    said = (kind, data.id, data.number, data.website, data.date, data.cancelled, sums.net, sums.tax, sums.gross)
    return tuple(str(one) for one in said)


def _money(payment: Any) -> tuple[str, ...]:
    return tuple(str(payment[name]) for name in ("direction", "method", "date", "amount"))
