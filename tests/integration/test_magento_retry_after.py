"""A store that says how long it wants to be left alone is left alone so long, an hour at most."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from itertools import pairwise

import pytest
from starlette.requests import Request
from starlette.responses import Response

from producers.pace import Stop
from producers.patience import Patience
from producers.store import Selection, StoreUnreachable
from tests.support.fakes import FakeClock
from tests.support.magento_reading import ORDERS, opened, orders, stream
from tests.support.magento_shop import Shop


async def rests_of(asked_for: str, *, status: int = 429, times: int = 3) -> list[float]:
    """How long an agent rests each time that a store refuses so; it sells one order, and answers at last."""
    clock = FakeClock()
    asked_at: list[float] = []

    def busy(request: Request) -> Response | None:
        if "orders" not in request.url.path:
            return None
        if not asked_at or clock.monotonic() > asked_at[-1]:
            asked_at.append(clock.monotonic())
        return Response(status_code=status, headers={"Retry-After": asked_for}) if len(asked_at) <= times else None

    async with opened(Shop({ORDERS: orders(1)}, before=busy)) as store:
        page = partial(store.page, stream(store, "orders"), 0, Selection())
        found = await Patience(store="shop", stop=Stop(clock)).of(page)

    assert [row.id for row in found.rows] == [1]
    return [later - earlier for earlier, later in pairwise(asked_at)]


@pytest.mark.parametrize("status", [429, 503])
async def test_what_it_asks_for_is_kept_where_it_is_longer_than_a_request_may_take(status: int) -> None:
    assert await rests_of("300", status=status) == [300, 300, 300]


async def test_what_it_asks_for_is_kept_after_the_last_attempt_too() -> None:
    assert await rests_of("90") == [90, 90, 90]


async def test_a_time_of_day_is_kept_as_well() -> None:
    until = format_datetime(datetime.now(UTC) + timedelta(minutes=20), usegmt=True)

    (rested,) = await rests_of(until, times=1)

    assert 1100 < rested <= 1200


async def test_a_day_is_not_waited_for() -> None:
    assert await rests_of("86400") == [3600, 3600, 3600]


@pytest.mark.parametrize("asked_for", ["0", "1", "soon"])
async def test_the_pauses_grow_all_the_same_where_it_asks_for_less(asked_for: str) -> None:
    assert await rests_of(asked_for) == [1, 2, 4]


async def test_the_error_says_how_long() -> None:
    def busy(_request: Request) -> Response:
        return Response(status_code=429, headers={"Retry-After": "7200"})

    async with opened(Shop(before=busy)) as store:
        with pytest.raises(StoreUnreachable) as raised:
            await store.check(store.streams)

    assert raised.value.retry_after_s == 7200
