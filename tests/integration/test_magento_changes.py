"""Following what changes in a store: nothing left out, nothing read twice, whatever shares a second."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import Response

from producers.magento.keyset import next_step
from producers.magento.lists import Piece
from producers.magento.translate.values import Raw
from producers.store import Cursor
from tests.support.magento_reading import BEGIN, INVOICES, ORDERS, changed, invoices, opened, orders, stamp, stream
from tests.support.magento_samples import invoice_json
from tests.support.magento_shop import Shop


async def test_rows_that_share_a_second_are_all_read() -> None:
    rows = orders(*range(1, 8), second=5) + orders(20, second=4) + orders(3000, second=6)

    async with opened(Shop({ORDERS: rows}), page_size=3) as store:
        found, end = await changed(store, "orders", Cursor(BEGIN))

    assert found == [20, 1, 2, 3, 4, 5, 6, 7, 3000]
    assert end == Cursor(BEGIN + timedelta(seconds=6), 3000)


async def test_what_changed_later_than_asked_is_left_for_later() -> None:
    async with opened(Shop({ORDERS: orders(1, second=5) + orders(2, second=6)})) as store:
        found, end = await changed(store, "orders", Cursor(BEGIN), until=5)

    assert found == [1]
    assert end == Cursor(BEGIN + timedelta(seconds=5), 1)


async def test_a_changed_row_that_cannot_be_read_is_found_by_its_time() -> None:
    rows = orders(1, second=10) + orders(900, second=700) + orders(2, second=800)
    shop = Shop({ORDERS: rows}, broken={ORDERS: {900}})

    async with opened(shop) as store:
        first = await store.changes(stream(store, "orders"), Cursor(BEGIN), until=BEGIN + timedelta(hours=1))
        second = await store.changes(stream(store, "orders"), first.cursor, until=BEGIN + timedelta(hours=1))
        found, _ = await changed(store, "orders", second.cursor, until=3600)

    assert [row.id for row in first.rows] == [1]
    assert [one.id for one in second.broken] == [900]
    assert found == [2]


async def test_an_order_that_changes_brings_its_invoices_again() -> None:
    shop = Shop({ORDERS: orders(1, 2, second=5), INVOICES: invoices(1001, 1002, second=5)})
    async with opened(shop) as store:
        first, end = await changed(store, "invoices", Cursor(BEGIN))
        shop.lists[ORDERS][1] |= {"updated_at": stamp(90), "customer_firstname": "Ida", "customer_lastname": "Fenn"}

        step = await store.changes(stream(store, "invoices"), end, until=BEGIN + timedelta(hours=1))

    assert first == [1001, 1002]
    (row,) = step.rows
    assert (row.id, row.changed_at) == (1002, BEGIN + timedelta(seconds=90))
    assert row.snapshots[0].version == BEGIN + timedelta(seconds=90)
    assert row.snapshots[0].data.customer.name == "Ida Fenn"  # type: ignore[union-attr]  # an invoice


async def test_a_sale_whose_order_is_dated_years_ahead_is_found_ahead_and_bears_no_time_that_has_not_come() -> None:
    [order] = orders(1, second=5)
    order["updated_at"] = "2037-12-31 23:59:59"
    async with opened(Shop({ORDERS: [order], INVOICES: invoices(1001, second=5)})) as store:
        now = await store.now()
        passed = await store.changes(stream(store, "invoices"), Cursor(BEGIN), until=now)

        ahead = await store.changes(stream(store, "invoices"), Cursor(now), until=datetime(9999, 12, 31, tzinfo=UTC))

    assert passed.rows == ()
    assert [row.id for row in ahead.rows] == [1001]
    assert all(one.version <= now + timedelta(seconds=2) for row in ahead.rows for one in row.snapshots)


async def invoices_changed(shop: Shop) -> tuple[list[int], list[int]]:
    """The invoices that changed within an hour, and those that cannot be read."""
    found: list[int] = []
    broken: list[int] = []
    cursor, more = Cursor(BEGIN), True
    async with opened(shop) as store:
        while more:
            step = await store.changes(stream(store, "invoices"), cursor, until=BEGIN + timedelta(hours=1))
            found += [row.id for row in step.rows]
            broken += [one.id for one in step.broken]
            cursor, more = step.cursor, step.more
    return found, broken


async def test_a_broken_order_that_changes_is_reported_as_its_invoice() -> None:
    shop = Shop({ORDERS: orders(1, 2, second=5), INVOICES: invoices(1001, 1002)}, broken={ORDERS: {1}})

    found, broken = await invoices_changed(shop)

    assert found == [1002]
    assert set(broken) == {1001}


async def test_an_invoice_comes_though_another_of_its_order_cannot_be_read() -> None:
    siblings = [invoice_json(entity_id=one, order_id=1, updated_at=stamp(5)) for one in (1001, 1002, 1003)]
    shop = Shop({ORDERS: orders(1, second=7), INVOICES: siblings}, broken={INVOICES: {1002}})

    found, broken = await invoices_changed(shop)

    assert set(found) == {1001, 1003}
    assert set(broken) == {1002}


async def test_an_invoice_that_cannot_be_read_when_its_order_changes_is_reported() -> None:
    siblings = [invoice_json(entity_id=one, order_id=1, updated_at=stamp(-5)) for one in range(1001, 1006)]
    lists = {ORDERS: orders(1, 7, second=7), INVOICES: [*siblings, *invoices(1007, second=-5)]}

    found, broken = await invoices_changed(Shop(lists, broken={INVOICES: {1002, 1004}}))

    assert sorted(found) == [1001, 1003, 1005, 1007]
    assert sorted(broken) == [1002, 1004]


async def test_an_invoice_that_cannot_be_read_is_reported_once_though_its_order_changed_too() -> None:
    shop = Shop({ORDERS: orders(1, second=5), INVOICES: invoices(1001, second=7)}, broken={INVOICES: {1001}})

    _, broken = await invoices_changed(shop)

    assert broken == [1001]


async def test_an_invoice_that_was_read_is_not_broken_because_it_could_not_be_read_again_with_its_order() -> None:
    shop = Shop({ORDERS: orders(1, second=5), INVOICES: invoices(1001, second=7)})

    def breaks(request: Request) -> Response | None:
        if "order_id" in request.query_params.values():
            shop.broken = {INVOICES: {1001}}
        return None

    shop.before = breaks
    found, broken = await invoices_changed(shop)

    assert (found, broken) == ([1001], [])


async def test_an_invoice_whose_order_changed_later_comes_at_the_orders_place() -> None:
    shop = Shop({ORDERS: orders(1, second=50) + orders(2, second=7), INVOICES: invoices(1001, 1002, second=9)})

    async with opened(shop) as store:
        early, middle = await changed(store, "invoices", Cursor(BEGIN), until=20)
        late, _ = await changed(store, "invoices", middle, until=60)

    assert early == [1002]
    assert late == [1001]


async def test_a_broken_row_that_is_deleted_while_it_is_looked_for_hides_none_of_its_second() -> None:
    shop = Shop({ORDERS: orders(1, 2, 3, second=5) + orders(4, second=6)}, broken={ORDERS: {2}})

    def deleted(request: Request) -> Response | None:
        if request.query_params.get("searchCriteria[filter_groups][0][filters][0][condition_type]") == "in":
            shop.lists[ORDERS] = [row for row in shop.lists[ORDERS] if row["entity_id"] != 2]
        return None

    shop.before = deleted
    async with opened(shop) as store:
        found, _ = await changed(store, "orders", Cursor(BEGIN + timedelta(seconds=5), 1))

    assert found == [3, 4]


@given(data=st.data())
def test_every_row_is_read_once_whatever_shares_a_second(data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.tuples(st.integers(1, 5), st.integers(1, 30)), unique_by=lambda row: row[1]))
    others = data.draw(st.lists(st.tuples(st.integers(1, 5), st.integers(1, 30)), unique_by=lambda row: row[1]))
    size, until = data.draw(st.integers(1, 4)), data.draw(st.integers(0, 6))
    lists = [FakeList(rows, size), FakeList(others, size)]

    found, cursor = asyncio.run(walked(lists, until))

    wanted = [{row for row in listed if row[0] <= until} for listed in (rows, others)]
    assert [set(one) for one in found] == wanted
    assert [len(one) for one in found] == [len(one) for one in wanted]
    assert cursor.changed_at <= at_second(until)


def at_second(second: int) -> datetime:
    return BEGIN + timedelta(seconds=second)


class FakeList:
    """One list as the keyset reads it: (second, id) pairs, in pieces."""

    def __init__(self, rows: list[tuple[int, int]], size: int) -> None:
        self._rows = sorted(rows)
        self._size = size

    def place_of(self, row: Raw) -> Cursor:
        return Cursor(at_second(row["second"]), row["id"])

    async def changed_at(self, second: datetime, after: int) -> Piece:
        return self._piece([one for one in self._rows if at_second(one[0]) == second and one[1] > after], second)

    async def changed_since(self, second: datetime, until: datetime) -> Piece:
        return self._piece([one for one in self._rows if second < at_second(one[0]) <= until], second)

    def _piece(self, found: list[tuple[int, int]], second: datetime) -> Piece:
        rows = tuple({"second": at, "id": key} for at, key in found[: self._size])
        end = self.place_of(rows[-1]) if rows else Cursor(second)
        return Piece(rows, (), end, more=len(found) >= self._size)


async def walked(lists: list[FakeList], until: int) -> tuple[list[list[tuple[int, int]]], Cursor]:
    """All rows of all steps by their list, and the last cursor; each step goes on."""
    found: list[list[tuple[int, int]]] = [[] for _ in lists]
    cursor = Cursor(at_second(0))
    for _ in range(300):
        step = await next_step(lists, cursor, at_second(max(until, 0)))
        assert step.cursor >= cursor
        for number, rows in enumerate(step.rows):
            found[number] += [(row["second"], row["id"]) for _, row in rows]
        if not step.more:
            return found, step.cursor
        assert step.cursor > cursor
        cursor = step.cursor
    raise AssertionError("the steps do not end")
