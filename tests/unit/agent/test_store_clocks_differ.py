"""A store of several machines behind a load balancer, of which one's clock is ahead: each poll may ask another."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from tests.support.agent_fixture import Workshop, subjects, workshop
from tests.support.fake_store import OPENED

POLLS = 120


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Workshop]:
    """An agent beside a store that has sold for two days; what was there is published."""
    async with workshop(f"sqlite+inline:///{tmp_path / 'ledger.db'}") as made:
        for number in range(1, 31):
            made.store.invoice(number, OPENED + timedelta(hours=number))
        made.clock.advance(48 * 3600)
        await made.poller.poll()
        made.exchange.taken()
        made.store.calls.clear()
        yield made


@pytest.mark.parametrize("seconds", [20, 300, 600])
async def test_what_either_machine_dates_is_published_and_nothing_is_told_nor_read_again(
    seconds: int, shop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    def of_machine(number: int) -> datetime:
        return shop.clock.now() + timedelta(seconds=seconds * (number % 2))

    sold = []
    for poll in range(POLLS):
        shop.clock.advance(10)
        if poll % 7 == 0 and poll < POLLS / 4:
            sold.append(f"{100 + poll}")
            shop.store.invoice(100 + poll, of_machine(poll // 7))
        shop.store.time = partial(of_machine, poll)
        await shop.poller.poll()

    assert sorted(subjects(shop.exchange.taken())) == sold
    assert "store.clock_went_back" not in capsys.readouterr().out
    # a page of each list and poll, and a few more where something was sold
    assert shop.store.calls["changes"] <= 3 * POLLS + 20


async def test_what_is_sold_after_a_clock_was_put_right_by_some_minutes_is_published_as_soon_as_ever(
    shop: Workshop,
) -> None:
    shop.store.time = lambda: shop.clock.now() + timedelta(minutes=9)
    shop.store.invoice(100, shop.store.time())
    shop.clock.advance(60)
    await shop.poller.poll()
    assert shop.exchange.names() == ["invoice 100", "payment invoice-100"]

    shop.store.time = shop.clock.now
    shop.store.invoice(101, shop.clock.now())
    for _ in range(7):
        shop.clock.advance(10)
        await shop.poller.poll()

    assert shop.exchange.names() == ["invoice 101", "payment invoice-101"]
