"""A shop on a real port, opened as the agent opens a store, and its lists read to their ends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from producers.magento import Access, open_store
from producers.store import Cursor, Page, Selection, StoreSource, Stream
from tests.support.magento_samples import invoice_json, order_json
from tests.support.magento_shop import Shop
from tests.support.serving_http import serving

ACCESS = Access(access_token="token")
BEGIN = datetime(2026, 10, 1, tzinfo=UTC)
ORDERS, INVOICES = "V1/orders", "V1/invoices"


@asynccontextmanager
async def opened(shop: Shop, **options: Any) -> AsyncIterator[StoreSource]:
    async def at_once(_seconds: float) -> None:
        pass

    with serving(shop) as url:
        async with open_store(url=url, access=ACCESS, sleep=at_once, **options) as store:
            yield store


def stream(store: StoreSource, name: str) -> Stream:
    return next(one for one in store.streams if one.name == name)


def stamp(second: int) -> str:
    return (BEGIN + timedelta(seconds=second)).strftime("%Y-%m-%d %H:%M:%S")


def orders(*ids: int, second: int = 0) -> list[dict[str, Any]]:
    return [order_json(entity_id=one, increment_id=f"{one:09}", updated_at=stamp(second)) for one in ids]


def invoices(*ids: int, second: int = 0) -> list[dict[str, Any]]:
    """Invoices 1000, 1001, … of the orders 0, 1, …"""
    return [invoice_json(entity_id=one, order_id=one - 1000, updated_at=stamp(second)) for one in ids]


async def every_page(store: StoreSource, name: str) -> list[Page]:
    pages = [await store.page(stream(store, name), 0, Selection())]
    while pages[-1].more and len(pages) < 100:
        pages.append(await store.page(stream(store, name), pages[-1].last, Selection()))
    return pages


async def changed(store: StoreSource, name: str, after: Cursor, until: int = 1000) -> tuple[list[int], Cursor]:
    """The ids of all steps, and where they ended."""
    found: list[int] = []
    for _ in range(200):
        step = await store.changes(stream(store, name), after, until=BEGIN + timedelta(seconds=until))
        found += [row.id for row in step.rows]
        after = step.cursor
        if not step.more:
            return found, after
    raise AssertionError("the steps do not end")
