"""A 200 that is no list (a gateway's notice in JSON) is waited for: an empty list would mean that all is deleted."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from producers.store import Selection, StoreUnreachable, Stream
from schemas.commands import ResyncAll
from schemas.entities import Entity
from tests.support.agent_fixture import Workshop, subjects, workshop
from tests.support.magento_reading import INVOICES, ORDERS, invoices, opened, orders, stream
from tests.support.magento_shop import Shop

NOTICE = {"status": "error", "message": "rate limit exceeded"}
SALES = 215
A_DAY_S = 86_400.0


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite+inline:///{tmp_path / 'ledger.db'}"


def shop_of(count: int) -> Shop:
    """So many orders of October, each with its invoice."""
    sold = [one | {"created_at": "2026-10-03 09:14:20"} for one in orders(*range(1, count + 1))]
    return Shop({ORDERS: sold, INVOICES: invoices(*range(1001, 1001 + count))})


def noticing(is_noticed: Callable[[int], bool], path: str = "invoices") -> Callable[[Request], Response | None]:
    """A gateway that answers some of the requests for a list itself; they are counted from 1."""
    asked = 0

    def before(request: Request) -> Response | None:
        nonlocal asked
        if path not in request.url.path:
            return None
        asked += 1
        return JSONResponse(NOTICE) if is_noticed(asked) else None

    return before


@asynccontextmanager
async def working_on(shop: Shop, url: str) -> AsyncIterator[tuple[Workshop, Stream]]:
    """An agent in charge of the shop, and the stream of its invoices."""
    async with opened(shop) as store, workshop(url) as made:
        work = Workshop(made.ledger, store, made.clock)  # type: ignore[arg-type] # the parts ask for no more than a store
        assert await work.checkpoints.take_charge(A_DAY_S)
        yield work, stream(store, "invoices")


def answering(payload: Any) -> Shop:
    return Shop(before=lambda request: JSONResponse(payload) if "invoices" in request.url.path else None)


@pytest.mark.parametrize(
    "payload",
    [
        NOTICE,
        {"items": []},
        {"items": [], "total_count": "many"},
        {"items": [{"entity_id": 1}], "total_count": 10**12},
        {"items": [{"entity_id": 1}], "total_count": -1},
        {"items": {"1": {}}, "total_count": 1},
        {"items": [None], "total_count": 1},
        {"items": None, "total_count": 40},
        {"items": [], "total_count": 40},
    ],
    ids=str,
)
async def test_what_is_no_list_is_not_an_empty_one(payload: Any) -> None:
    async with opened(answering(payload)) as store:
        sales = stream(store, "invoices")
        with pytest.raises(StoreUnreachable, match="V1/invoices answered"):
            await store.page(sales, 100, Selection())
        with pytest.raises(StoreUnreachable, match="V1/invoices answered"):
            await store.rows(sales, [17, 18])
        with pytest.raises(StoreUnreachable, match="V1/invoices answered"):
            await store.ids(sales, 17)


@pytest.mark.parametrize("payload", [{"items": [], "total_count": 0}, {"items": None, "total_count": 0}], ids=str)
async def test_an_empty_list_is_one_with_and_without_items(payload: Any) -> None:
    async with opened(answering(payload)) as store:
        page = await store.page(stream(store, "invoices"), 100, Selection())

    assert (page.rows, page.broken, page.more) == ((), (), False)


async def test_the_gateways_words_are_told() -> None:
    async with opened(answering(NOTICE)) as store:
        with pytest.raises(StoreUnreachable, match=r"\(rate limit exceeded\): see what stands before the store"):
            await store.ids(stream(store, "invoices"), 0)


async def test_a_notice_instead_of_the_settings_is_waited_for() -> None:
    shop = shop_of(1)
    shop.before = noticing(lambda _asked: True, path="storeViews")

    async with opened(shop) as store:
        with pytest.raises(StoreUnreachable, match="V1/store/storeViews answered 200 without a list"):
            await store.page(stream(store, "orders"), 0, Selection())


async def test_what_a_gateway_hides_is_not_published_as_removed(url: str) -> None:
    shop = shop_of(SALES)
    async with working_on(shop, url) as (work, sales):
        await work.record("resync-all", ResyncAll(entities=(Entity.INVOICE,)))
        await work.work_off("resync-all")
        published = subjects(work.exchange.taken())

        # two pages of ids, and then the gateway has had enough for a while
        shop.before = noticing(lambda asked: 2 < asked < 12)
        gone = await work.sweeper.sweep(sales)

        assert len(published) == SALES
        assert (gone, work.exchange.taken()) == (0, [])


async def test_a_resync_goes_on_when_the_gateway_lets_it(url: str) -> None:
    shop = shop_of(SALES)
    # the count, one page, and then the notice for as long as a request is repeated
    shop.before = noticing(lambda asked: 2 < asked < 8)
    async with working_on(shop, url) as (work, _):
        await work.record("resync-all", ResyncAll(entities=(Entity.INVOICE,)))

        await work.work_off("resync-all")

        assert len(subjects(work.exchange.taken())) == SALES
