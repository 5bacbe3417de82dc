"""Reading a store's lists over real connections: pieces, limits, and rows that the store fails at."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response

from producers.store import Cursor, Selection, StoreRefuses, StoreUnreachable
from schemas.entities import Entity
from tests.support.leftovers import nothing_left_of
from tests.support.magento_reading import BEGIN, INVOICES, ORDERS, every_page, invoices, opened, orders, stream
from tests.support.magento_samples import (
    credit_memo_json,
    customer_json,
    invoice_json,
    order_json,
    product_json,
    transactions_json,
)
from tests.support.magento_shop import Shop, json_error, page_for_people


async def test_a_list_is_read_in_pieces_of_the_order_of_ids() -> None:
    shop = Shop({ORDERS: orders(3, 1, 7, 5, 9)})

    async with opened(shop, page_size=2) as store:
        pages = await every_page(store, "orders")
        counted = await store.count(stream(store, "orders"), Selection())

    assert [[row.id for row in page.rows] for page in pages] == [[1, 3], [5, 7], [9]]
    assert counted == 5


async def test_a_page_that_was_read_is_not_left_to_the_garbage_collector() -> None:
    shop = Shop({ORDERS: orders(1, 2, 3)})

    with nothing_left_of(httpx.Response):
        async with opened(shop, page_size=1) as store:
            await every_page(store, "orders")


async def test_pages_become_as_small_as_the_store_allows() -> None:
    shop = Shop({ORDERS: orders(*range(1, 8))}, most=3)

    async with opened(shop, page_size=100) as store:
        pages = await every_page(store, "orders")

    assert [len(page.rows) for page in pages] == [3, 3, 1]
    assert [query["searchCriteria[pageSize]"] for path, query in shop.requests if path == ORDERS] == [
        "100",
        "3",
        "3",
        "3",
    ]


async def test_a_row_that_the_store_fails_at_is_found_reported_and_passed() -> None:
    shop = Shop({ORDERS: orders(10, 20, 5000, 5001, 9000)}, broken={ORDERS: {5000}})

    async with opened(shop) as store:
        pages = await every_page(store, "orders")

    assert [row.id for page in pages for row in page.rows] == [10, 20, 5001, 9000]
    broken = [one for page in pages for one in page.broken]
    assert [one.id for one in broken] == [5000]
    assert "answered 500 (Internal Error" in broken[0].reason
    assert shop.asked(ORDERS) < 60


async def test_a_broken_order_takes_only_its_own_invoice_along() -> None:
    shop = Shop({ORDERS: orders(1, 2, 3), INVOICES: invoices(1001, 1002, 1003)}, broken={ORDERS: {2}})

    async with opened(shop) as store:
        (page,) = await every_page(store, "invoices")

    assert [row.id for row in page.rows] == [1001, 1003]
    assert [one.id for one in page.broken] == [1002]
    assert page.broken[0].reason.startswith("its order 2 cannot be read: ")


async def test_an_outage_is_no_rows_fault() -> None:
    shop = Shop({ORDERS: orders(1, 2, 3)})
    shop.before = lambda request: json_error(500, "Internal Error") if "orders" in request.url.path else None

    async with opened(shop) as store:
        with pytest.raises(StoreUnreachable, match="answered 500"):
            await store.page(stream(store, "orders"), 0, Selection())


async def test_a_store_that_fails_at_row_after_row_is_not_read_past_them_all() -> None:
    shop = Shop({ORDERS: orders(*range(1, 40))}, broken={ORDERS: set(range(1, 40))})

    async with opened(shop) as store:
        with pytest.raises(StoreUnreachable, match="10 rows in a row cannot be read"):
            await every_page(store, "orders")


async def test_many_broken_rows_are_passed_while_others_can_be_read() -> None:
    shop = Shop({ORDERS: orders(*range(1, 18))}, broken={ORDERS: set(range(3, 16))})

    async with opened(shop) as store:
        pages = await every_page(store, "orders")

    assert [row.id for page in pages for row in page.rows] == [1, 2, 16, 17]
    assert [one.id for page in pages for one in page.broken] == list(range(3, 16))


async def test_an_outage_while_orders_are_joined_breaks_no_invoice() -> None:
    shop = Shop({ORDERS: orders(1, 2), INVOICES: invoices(1001, 1002)})
    shop.before = lambda request: json_error(500, "Internal Error") if "orders" in request.url.path else None

    async with opened(shop) as store:
        with pytest.raises(StoreUnreachable, match="V1/orders answered 500"):
            await store.page(stream(store, "invoices"), 0, Selection())


async def test_a_first_row_that_is_broken_does_not_fail_the_check() -> None:
    async with opened(Shop({ORDERS: orders(1)}, broken={ORDERS: {1}})) as store:
        await store.check(store.streams)


async def test_a_gateways_error_page_is_asked_again_in_smaller_pieces() -> None:
    def overtaxed(request: Request) -> Response | None:
        size = int(request.query_params.get("searchCriteria[pageSize]", "0"))
        return page_for_people(504) if size > 4 else None

    async with opened(Shop({ORDERS: orders(*range(1, 10))}, before=overtaxed), page_size=16) as store:
        pages = await every_page(store, "orders")

    assert [row.id for page in pages for row in page.rows] == list(range(1, 10))


async def test_some_rows_are_read_by_their_ids_and_what_is_gone_is_left_out() -> None:
    shop = Shop({ORDERS: orders(1, 2, 3, 4)}, broken={ORDERS: {3}})

    async with opened(shop) as store:
        page = await store.rows(stream(store, "orders"), [4, 3, 1, 77])

    assert [row.id for row in page.rows] == [1, 4]
    assert [one.id for one in page.broken] == [3]


async def test_ids_hold_those_that_cannot_be_read() -> None:
    shop = Shop({ORDERS: orders(1, 2, 3)}, broken={ORDERS: {2}})
    found: list[int] = []

    async with opened(shop) as store:
        while ids := await store.ids(stream(store, "orders"), found[-1] if found else 0):
            found += ids

    assert found == [1, 2, 3]


@pytest.mark.parametrize("repeats", [False, True], ids=["2.4", "2.3"])
async def test_rows_are_counted_whichever_of_the_oldest_cannot_be_read(repeats: bool) -> None:
    shop = Shop({ORDERS: orders(1, 2, 3, 4)}, broken={ORDERS: {1, 2, 3}}, repeats=repeats)

    async with opened(shop) as store:
        counted = await store.count(stream(store, "orders"), Selection())

    assert counted == 4


async def test_days_are_those_of_the_default_website() -> None:
    made = ["2026-10-01 22:59:59", "2026-10-01 23:00:00", "2026-10-02 22:59:59", "2026-10-02 23:00:00"]
    rows = [order_json(entity_id=number, created_at=at) for number, at in enumerate(made, start=1)]

    async with opened(Shop({ORDERS: rows})) as store:
        # London is an hour ahead of UTC in October
        day = Selection(since=date(2026, 10, 2), until=date(2026, 10, 2))
        page = await store.page(stream(store, "orders"), 0, day)
        counted = await store.count(stream(store, "orders"), day)

    assert [row.id for row in page.rows] == [2, 3]
    assert counted == 2


async def test_a_page_of_invoices_costs_one_request_for_each_list_it_needs() -> None:
    rows = [invoice_json(entity_id=one, order_id=one - 1000) for one in range(1001, 1041)]
    shop = Shop({ORDERS: orders(*range(1, 41)), INVOICES: rows, "V1/transactions": []})

    async with opened(shop) as store:
        page = await store.page(stream(store, "invoices"), 0, Selection())

    assert len(page.rows) == 40
    assert {path: shop.asked(path) for path in (INVOICES, ORDERS, "V1/transactions")} == {
        INVOICES: 1,
        ORDERS: 1,
        "V1/transactions": 1,
    }


async def test_a_credit_memo_is_joined_to_its_order_invoice_and_refund() -> None:
    shop = Shop(
        {
            ORDERS: [order_json()],
            INVOICES: [invoice_json()],
            "V1/creditmemos": [credit_memo_json(invoice_id=None)],
            "V1/transactions": transactions_json(),
        }
    )

    async with opened(shop) as store:
        (page,) = await every_page(store, "credit_memos")

    memo, payment = page.rows[0].snapshots
    assert (memo.entity, payment.entity) == (Entity.CREDIT_MEMO, Entity.PAYMENT)
    assert memo.data.sale.invoice_id == "57"  # type: ignore[union-attr]  # a credit memo
    assert payment.data.date == date(2026, 10, 11)  # type: ignore[union-attr]  # a payment


async def test_a_refund_does_not_stand_alone_because_its_invoice_cannot_be_read() -> None:
    shop = Shop(
        {
            ORDERS: [order_json()],
            INVOICES: [invoice_json()],
            "V1/creditmemos": [credit_memo_json()],
            "V1/transactions": transactions_json(),
        },
        broken={INVOICES: {57}},
    )

    async with opened(shop) as store:
        (page,) = await every_page(store, "credit_memos")

    assert page.rows == ()
    assert [one.id for one in page.broken] == [9]
    assert page.broken[0].reason.startswith("what belongs to its order 123 cannot be read: ")


async def test_the_stores_clock_is_its_own() -> None:
    def early(_request: Request) -> Response:
        return Response(b"[]", headers={"Date": "Thu, 01 Oct 2026 00:00:00 GMT"}, media_type="application/json")

    async with opened(Shop(before=early)) as store:
        now = await store.now()

    assert now == BEGIN


async def test_a_list_that_ignores_what_it_was_asked_is_refused() -> None:
    def unsorted(request: Request) -> Response | None:
        body = b'{"items":[{"id":5},{"id":2}],"total_count":2}'
        return Response(body, media_type="application/json") if "customers" in request.url.path else None

    async with opened(Shop(before=unsorted)) as store:
        with pytest.raises(StoreRefuses, match="does not keep to the order"):
            await store.page(stream(store, "customers"), 0, Selection())
        with pytest.raises(StoreRefuses, match="does not keep to the order"):
            await store.ids(stream(store, "customers"), 0)


async def test_a_row_without_a_readable_time_stops_nothing_though_the_books_want_nothing_of_it() -> None:
    odd = product_json(id=100, type_id="configurable", updated_at="0000-00-00 00:00:00")

    async with opened(Shop({"V1/products": [odd, product_json(id=101)]})) as store:
        (page,) = await every_page(store, "products")

    assert [row.id for row in page.rows] == [101]
    assert [one.id for one in page.broken] == [100]


async def test_customers_are_found_under_the_id_their_rows_show() -> None:
    async with opened(Shop({"V1/customers/search": [customer_json(id=3), customer_json(id=4)]})) as store:
        page = await store.page(stream(store, "customers"), 3, Selection())

    assert [row.id for row in page.rows] == [4]


@pytest.mark.parametrize("by_id", [False, True])
async def test_of_two_snapshots_with_one_time_the_one_read_last_is_the_newer(by_id: bool) -> None:
    a_moment_ago = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=1)
    shop = Shop({ORDERS: orders(1, 2), INVOICES: invoices(1001, 1002)})
    shop.lists[INVOICES][1]["updated_at"] = f"{a_moment_ago:%Y-%m-%d %H:%M:%S}"

    async with opened(shop) as store:
        sales = stream(store, "invoices")
        page = await (store.rows(sales, [1001, 1002]) if by_id else store.page(sales, 0, Selection()))
        shop.lists[INVOICES][1]["state"] = 3
        later = await store.changes(sales, Cursor(BEGIN + timedelta(seconds=1)), until=a_moment_ago)

    old, early = page.rows
    (late,) = later.rows
    assert old.snapshots[0].version == BEGIN
    assert early.changed_at == late.changed_at == a_moment_ago
    assert early.snapshots[0].version < late.snapshots[0].version <= a_moment_ago
    assert late.snapshots[0].data.cancelled  # type: ignore[union-attr]  # an invoice
