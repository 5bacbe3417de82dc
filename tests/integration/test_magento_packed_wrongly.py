"""A body that its Content-Encoding does not fit, as of a proxy's own page under the store's headers, is waited for."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import Response

from producers.store import Selection, StoreUnreachable
from schemas.commands import ResyncAll
from schemas.entities import Entity
from tests.support.agent_fixture import Workshop, subjects, workshop
from tests.support.magento_reading import INVOICES, ORDERS, every_page, invoices, opened, orders, stream
from tests.support.magento_shop import Shop

A_DAY_S = 86_400.0


def packed_wrongly(status: int = 502) -> Response:
    return Response(b"<html>Bad Gateway</html>", status, headers={"Content-Encoding": "gzip"})


async def test_a_store_that_answers_so_is_one_that_does_not_answer() -> None:
    async with opened(Shop(before=lambda _request: packed_wrongly())) as store:
        with pytest.raises(
            StoreUnreachable, match="its Content-Encoding does not fit: see what stands before the store"
        ):
            await store.page(stream(store, "orders"), 0, Selection())


async def test_one_such_answer_is_asked_again() -> None:
    odd = iter([packed_wrongly(), packed_wrongly(200)])
    shop = Shop({ORDERS: orders(1, 2)})
    shop.before = lambda request: next(odd, None) if "orders" in request.url.path else None

    async with opened(shop) as store:
        pages = await every_page(store, "orders")

    assert [row.id for page in pages for row in page.rows] == [1, 2]


async def test_a_page_that_is_packed_wrongly_for_its_size_is_asked_for_in_smaller_pieces() -> None:
    def overtaxed(request: Request) -> Response | None:
        size = int(request.query_params.get("searchCriteria[pageSize]", "0"))
        return packed_wrongly() if size > 4 else None

    async with opened(Shop({ORDERS: orders(*range(1, 10))}, before=overtaxed), page_size=16) as store:
        pages = await every_page(store, "orders")

    assert [row.id for page in pages for row in page.rows] == list(range(1, 10))


async def test_a_resync_goes_on_after_such_an_outage(tmp_path: Path) -> None:
    sold = [one | {"created_at": "2026-10-03 09:14:20"} for one in orders(*range(1, 6))]
    shop = Shop({ORDERS: sold, INVOICES: invoices(*range(1001, 1006))})
    asked = 0

    def before(request: Request) -> Response | None:
        nonlocal asked
        asked += "invoices" in request.url.path
        # the count, and then as long as a page is asked for again and in smaller pieces
        return packed_wrongly() if 1 < asked < 15 else None

    shop.before = before
    url = f"sqlite+inline:///{tmp_path / 'ledger.db'}"
    async with opened(shop) as store, workshop(url) as made:
        work = Workshop(made.ledger, store, made.clock)  # type: ignore[arg-type] # the parts ask for no more than a store
        assert await work.checkpoints.take_charge(A_DAY_S)
        await work.record("resync-all", ResyncAll(entities=(Entity.INVOICE,)))

        await work.work_off("resync-all")

        assert subjects(work.exchange.taken()) == ["1001", "1002", "1003", "1004", "1005"]
