"""A row of two organisations, of which one has no sound queue: the other gets it once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from producers.amqp import Unroutable
from producers.routing import Routing
from producers.store import Place
from producers.swept import Swept
from schemas.envelope import Event, Lane
from tests.support.agent_fixture import Exchange, Workshop, target, workshop
from tests.support.fake_store import CUSTOMERS, OPENED, SHOP

BOTH = (Place("german"), SHOP)
A_DAY_S = 86_400


@dataclass
class Misbound(Exchange):
    """Has no queue for some organisations."""

    without: set[str] = field(default_factory=set)

    async def publish(self, event: Event, lane: Lane, *, data: str = "", waits_for_room: bool = True) -> None:
        if event.organisation in self.without:
            raise Unroutable(f"no queue takes events of {event.organisation}")
        await super().publish(event, lane, data=data)

    def organisations(self) -> list[str]:
        """Who got something since the last time, once for each event."""
        return [event.organisation for event, _ in self.taken()]


@pytest.fixture
def exchange() -> Misbound:
    """One of the two organisations has no queue."""
    return Misbound(without={"de"})


@pytest.fixture
async def shop(exchange: Misbound, tmp_path: Path) -> AsyncIterator[Workshop]:
    """A store of two websites, with a customer of both; it is ten minutes past opening."""
    routed = Routing({name: target(name) for name in ("de", "uk")}, websites={"german": "de", SHOP.website: "uk"})
    async with workshop(f"sqlite+inline:///{tmp_path / 'ledger.db'}", routed=routed) as made:
        made.exchange = made.session.posting._publisher = exchange
        made.store.customer(1, OPENED, places=BOTH)
        made.clock.advance(600)
        yield made


async def looked_back(shop: Workshop) -> None:
    """It is time to try again what had no queue, and that is done."""
    shop.clock.advance(300)
    await shop.poller.poll()


async def test_looks_back_publish_it_to_the_one_that_has_it_no_more(shop: Workshop, exchange: Misbound) -> None:
    await shop.poller.poll()
    first = exchange.organisations()

    await looked_back(shop)
    again = exchange.organisations()
    exchange.without.clear()
    await looked_back(shop)

    assert (first, again, exchange.organisations()) == (["uk"], [], ["de"])


async def test_a_change_that_is_taken_back_meanwhile_is_published_to_both(shop: Workshop, exchange: Misbound) -> None:
    exchange.without.clear()
    await shop.poller.poll()
    exchange.without.add("de")
    shop.store.customer(1, shop.clock.now(), name="Bo", places=BOTH)
    shop.clock.advance(60)
    await looked_back(shop)
    exchange.without.clear()
    exchange.taken()

    shop.store.customer(1, shop.clock.now() - timedelta(seconds=30), places=BOTH)
    await looked_back(shop)

    assert sorted(exchange.organisations()) == ["de", "uk"]


async def test_a_mended_row_is_read_again_by_each_sweep_until_both_have_it(shop: Workshop, exchange: Misbound) -> None:
    shop.store.row(CUSTOMERS, 1).broken = "its group is gone"
    await shop.poller.poll()
    shop.store.row(CUSTOMERS, 1).broken = ""

    await shop.sweeper.sweep(CUSTOMERS)
    first = exchange.organisations()
    exchange.without.clear()
    await shop.sweeper._mender.look_again(CUSTOMERS, Swept())

    assert (first, exchange.organisations()) == (["uk"], ["de"])
    assert await shop.checkpoints.broken_after(CUSTOMERS, 0, 10) == []


async def test_a_removal_is_published_to_the_one_that_has_it_no_more(shop: Workshop, exchange: Misbound) -> None:
    exchange.without.clear()
    await shop.poller.poll()
    exchange.without.add("de")
    shop.clock.advance(A_DAY_S)
    shop.store.delete(CUSTOMERS, 1)
    exchange.taken()

    await shop.sweeper.sweep(CUSTOMERS)
    first = exchange.organisations()
    await shop.sweeper.sweep(CUSTOMERS)
    again = exchange.organisations()
    exchange.without.clear()
    await shop.sweeper.sweep(CUSTOMERS)

    assert (first, again, exchange.organisations()) == (["uk"], [], ["de"])
    assert await shop.sweeper.sweep(CUSTOMERS) == 0


async def test_a_row_whose_removal_one_has_and_that_is_there_again_is_published_to_both(
    shop: Workshop, exchange: Misbound
) -> None:
    exchange.without.clear()
    await shop.poller.poll()
    exchange.without.add("de")
    shop.clock.advance(A_DAY_S)
    shop.store.delete(CUSTOMERS, 1)
    await shop.sweeper.sweep(CUSTOMERS)
    exchange.without.clear()
    exchange.taken()

    shop.store.customer(1, shop.clock.now(), places=BOTH)
    shop.clock.advance(60)
    await looked_back(shop)

    assert sorted(exchange.organisations()) == ["de", "uk"]
