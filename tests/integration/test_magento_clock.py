"""The store's clock in fractions of a second, made of what its answers tell, some of it early or late."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response

from producers.magento.client import Client
from tests.support.fakes import FakeClock
from tests.support.magento_shop import Shop
from tests.support.serving_http import serving

Ask = Callable[[timedelta], Awaitable[datetime]]


@asynccontextmanager
async def asking(clock: FakeClock) -> AsyncIterator[Ask]:
    """Asks a store, whose clock is `clock`, for an answer that is dated so far from it; returns the instant then."""
    off = timedelta()

    def dated(_request: Request) -> Response:
        told = format_datetime(clock.now() + off, usegmt=True)
        return Response(b"[]", headers={"Date": told}, media_type="application/json")

    with serving(Shop(before=dated)) as url:
        client = Client(url=url, auth=httpx.Auth(), secrets=(), sleep=clock.sleep, monotonic=clock.monotonic)

        async def ask(by: timedelta) -> datetime:
            nonlocal off
            off = by
            await client.get("V1/store/websites")
            return await client.instant()

        try:
            yield ask
        finally:
            await client.aclose()


async def test_of_whole_seconds_the_one_that_was_cut_the_least_counts() -> None:
    clock = FakeClock()
    async with asking(clock) as ask:
        for _ in range(7):
            clock.advance(0.375)
            instant = await ask(timedelta())

    assert clock.now() - instant == timedelta(seconds=0.125)


@pytest.mark.parametrize("by", [timedelta(minutes=-10), timedelta(seconds=-30)], ids=["kept by a proxy", "slow"])
async def test_an_answer_that_is_dated_early_does_not_set_it_back(by: timedelta) -> None:
    clock = FakeClock()
    async with asking(clock) as ask:
        await ask(timedelta())
        instant = await ask(by)

    assert instant == clock.now()


async def test_a_clock_that_was_ahead_counts_no_longer_when_it_has_been_right_for_a_while() -> None:
    clock = FakeClock()
    async with asking(clock) as ask:
        ahead = await ask(timedelta(hours=1))
        for _ in range(16):
            clock.advance(60)
            instant = await ask(timedelta())

    assert ahead - clock.now() == timedelta(minutes=44)
    assert instant == clock.now()
