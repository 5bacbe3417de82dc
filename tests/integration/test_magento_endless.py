"""An answer of a store that does not end, or unpacks to more than memory has, is given up, and asked for in pieces."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, TypeVar

import pytest
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from producers.magento.client import ATTEMPTS, TIMEOUT_S
from producers.store import Selection, StoreUnreachable
from tests.support.magento_reading import ORDERS, every_page, opened, orders, stream
from tests.support.magento_shop import Shop
from tests.support.waiting import let_pass, until

T = TypeVar("T")


def unpacking_to(mebibytes: int) -> Response:
    """An answer of white space, a thousandth as long on the wire."""
    packer = zlib.compressobj(9, wbits=31)
    pieces = [packer.compress(b" " * 2**20) for _ in range(mebibytes)]
    return Response(b"".join([*pieces, packer.flush()]), headers={"Content-Encoding": "gzip"})


def packed_twice() -> Response:
    return Response(gzip.compress(gzip.compress(b"[]")), headers={"Content-Encoding": "gzip, gzip"})


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (lambda: unpacking_to(100), "answered with more than 32 MiB: see what stands before the store"),
        (packed_twice, "its Content-Encoding does not fit: see what stands before the store"),
    ],
)
async def test_an_answer_that_unpacks_to_too_much_is_none(answer: Callable[[], Response], told: str) -> None:
    made = answer()

    async with opened(Shop(before=lambda _request: made)) as store:
        with pytest.raises(StoreUnreachable, match=told):
            await store.page(stream(store, "orders"), 0, Selection())


async def test_a_page_that_is_too_long_is_asked_for_in_smaller_pieces() -> None:
    too_long = unpacking_to(33)

    def overfull(request: Request) -> Response | None:
        size = int(request.query_params.get("searchCriteria[pageSize]", "0"))
        return too_long if size > 4 else None

    async with opened(Shop({ORDERS: orders(*range(1, 10))}, before=overfull), page_size=16) as store:
        pages = await every_page(store, "orders")

    assert [row.id for page in pages for row in page.rows] == list(range(1, 10))


async def now_and_then() -> AsyncIterator[bytes]:
    """A byte of white space every so often, until whoever asked is gone."""
    while True:
        yield b" "
        await asyncio.sleep(0.02)


async def test_an_answer_that_does_not_end_is_given_up() -> None:
    shop = Shop(before=lambda _request: StreamingResponse(now_and_then()))

    async with opened(shop) as store:
        asking = asyncio.create_task(store.page(stream(store, "orders"), 0, Selection()))
        while not asking.done():
            so_far = len(shop.headers)
            await until(lambda so_far=so_far: asking.done() or len(shop.headers) > so_far, what="the next attempt")  # type: ignore[misc] # mypy cannot type a lambda's default
            let_pass(TIMEOUT_S)
        with pytest.raises(StoreUnreachable, match="did not answer in time"):
            await asking


class Silence(Response):
    """No byte at all, until whoever asked is gone; `met` is how often."""

    def __init__(self) -> None:
        super().__init__()
        self.met = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.met += 1
        while (await receive())["type"] != "http.disconnect":
            pass


class HangingOrders:
    """A store's answers where it hangs at its orders."""

    def __init__(self) -> None:
        self.silence = Silence()

    def __call__(self, request: Request) -> Response | None:
        return self.silence if request.url.path.endswith(ORDERS) else None


async def ended(silence: Silence, asked: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    """`asked`, come to an end: what meets silence times out, and nothing that an answer is on its way to."""
    asking = asyncio.create_task(asked)
    timed_out = 0
    while not asking.done():
        await until(lambda so_far=timed_out: asking.done() or silence.met > so_far, what="the next attempt")  # type: ignore[misc] # mypy cannot type a lambda's default
        if not asking.done():
            timed_out += 1
            let_pass(TIMEOUT_S)
    return asking


@pytest.mark.parametrize("method", ["page", "rows"])
async def test_a_store_that_hangs_is_told_before_smaller_pages_are_tried(method: str) -> None:
    hanging = HangingOrders()

    async with opened(Shop(before=hanging)) as store:
        orders_ = stream(store, "orders")
        asked = store.page(orders_, 0, Selection()) if method == "page" else store.rows(orders_, range(1, 100))
        asking = await ended(hanging.silence, asked)

    assert hanging.silence.met <= ATTEMPTS + 1
    assert "did not answer in time" in str(asking.exception())


async def test_a_store_that_hung_at_a_page_is_asked_for_a_smaller_one_the_next_time() -> None:
    hanging = HangingOrders()
    shop = Shop({ORDERS: orders(1, 2, 3)}, before=hanging)

    async with opened(shop, page_size=100) as store:
        asking = await ended(hanging.silence, store.page(stream(store, "orders"), 0, Selection()))
        assert isinstance(asking.exception(), StoreUnreachable)
        shop.before = None
        await store.page(stream(store, "orders"), 0, Selection())

    assert [query["searchCriteria[pageSize]"] for path, query in shop.requests if path == ORDERS] == ["50"]


async def test_a_store_that_is_slow_at_large_pages_is_read_in_smaller_ones() -> None:
    silence = Silence()

    def slow(request: Request) -> Response | None:
        size = int(request.query_params.get("searchCriteria[pageSize]", "0"))
        return silence if size > 4 else None

    shop = Shop({ORDERS: orders(*range(1, 10))}, before=slow)
    async with opened(shop, page_size=16) as store:
        asking = await ended(silence, store.page(stream(store, "orders"), 0, Selection()))

    assert [row.id for row in asking.result().rows] == [1, 2, 3, 4]


async def test_a_row_that_the_store_hangs_at_is_found_and_passed() -> None:
    silence = Silence()
    shop = Shop({ORDERS: orders(1, 2, 3)}, broken={ORDERS: {2}}, fault=silence)

    async with opened(shop) as store:
        pages = (await ended(silence, every_page(store, "orders"))).result()

    assert [row.id for page in pages for row in page.rows] == [1, 3]
    assert [one.id for page in pages for one in page.broken] == [2]
