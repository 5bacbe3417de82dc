"""A batch on its way to the exchange, and a defect that one of its events meets."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from schemas.envelope import Event, Lane
from tests.support.agent_fixture import Exchange, workshop
from tests.support.fake_store import many_invoices


class Defective(Exchange):
    """Confirms nothing for now, and does not get over invoice 2."""

    async def publish(self, event: Event, lane: Lane, *, data: str = "", waits_for_room: bool = True) -> None:
        if event.subject == "2":
            raise ZeroDivisionError
        await super().publish(event, lane, data=data)


async def test_nothing_of_a_batch_is_left_on_its_way_when_one_of_it_meets_a_defect(tmp_path: Path) -> None:
    async with workshop(f"sqlite+inline:///{tmp_path / 'ledger.db'}") as shop:
        many_invoices(shop.store, 3)
        shop.clock.advance(600)
        exchange = Defective(hold=asyncio.Event())
        shop.session.posting._publisher = exchange

        with pytest.raises(ZeroDivisionError):
            await shop.poller.poll()

        assert (exchange.most_waiting, exchange.waiting) == (5, 0)
