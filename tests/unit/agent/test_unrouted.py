"""One organisation has no sound queue: the others go on, and of its events nothing counts as published."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from producers.amqp import AmqpError, TopologyMismatch, Unroutable
from producers.posting import Route
from producers.routing import Routing
from producers.store import Place
from schemas.entities import Entity
from schemas.envelope import Event, Lane
from tests.support.agent_fixture import Exchange, Workshop, target, workshop
from tests.support.fake_store import INVOICES, OPENED, SHOP

MINUTE = timedelta(minutes=1)
WRONG = TopologyMismatch("xerelay.de.batch", "406 inequivalent arg")


@dataclass
class Misbound(Exchange):
    """Refuses what is for some organisations."""

    refused: dict[str, AmqpError] = field(default_factory=dict)

    async def publish(self, event: Event, lane: Lane, *, data: str = "") -> None:
        if event.organisation in self.refused:
            raise self.refused[event.organisation]
        await super().publish(event, lane, data=data)


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Workshop]:
    """A store of two websites, with an invoice in each; it is ten minutes past opening."""
    targets = {name: target(name) for name in ("de", "uk")}
    routed = Routing(targets, websites={"german": "de", SHOP.website: "uk"})
    async with workshop(f"sqlite+inline:///{tmp_path / 'ledger.db'}", routed=routed) as made:
        made.exchange = made.session.posting._publisher = Misbound(refused={"de": WRONG})
        made.store.invoice(1, OPENED, places=(Place("german"),))
        made.store.invoice(2, OPENED + MINUTE)
        made.clock.advance(600)
        yield made


def exchange_of(shop: Workshop) -> Misbound:
    assert isinstance(shop.exchange, Misbound)
    return shop.exchange


@pytest.mark.parametrize(
    "error",
    [
        WRONG,
        TopologyMismatch("xerelay.de.events", "404 no exchange", forbidden=True),
        Unroutable("no queue of xerelay.de.events takes de.batch.invoice"),
    ],
)
async def test_what_one_organisation_cannot_get_keeps_nothing_from_the_others(error: AmqpError, shop: Workshop) -> None:
    exchange_of(shop).refused["de"] = error

    await shop.poller.poll()
    first = shop.exchange.names()
    shop.store.invoice(3, OPENED + 10 * MINUTE)
    shop.clock.advance(120)
    await shop.poller.poll()

    assert (first, shop.exchange.names()) == (["invoice 2", "payment invoice-2"], ["invoice 3", "payment invoice-3"])


async def test_what_had_no_queue_is_published_once_there_is_one(shop: Workshop) -> None:
    await shop.poller.poll()
    exchange_of(shop).refused.clear()
    shop.exchange.taken()

    shop.clock.advance(300)
    await shop.poller.poll()
    mended = shop.exchange.names()
    shop.clock.advance(300)
    await shop.poller.poll()

    assert mended == ["invoice 1", "payment invoice-1"]
    assert shop.exchange.names() == []


async def test_it_is_published_by_the_next_agent_where_this_one_ends_meanwhile(shop: Workshop, tmp_path: Path) -> None:
    await shop.poller.poll()
    shop.clock.advance(3600)
    await shop.poller.poll()
    shop.exchange.taken()
    reading = await shop.checkpoints.reading(INVOICES)

    again = Workshop(shop.ledger, shop.store, shop.clock, routed=shop.routing, holder="a1")
    assert await again.checkpoints.take_charge(15)
    await again.poller.poll()

    assert reading is not None
    assert reading.cursor.changed_at <= OPENED
    assert again.exchange.names() == ["invoice 1", "payment invoice-1"]


async def test_it_is_told_once_counted_and_shows_as_lag(shop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(3):
        await shop.poller.poll()
        shop.clock.advance(300)

    told = capsys.readouterr().out
    assert told.count("events.unrouted ") == 2  # the invoice's route, and the payment's
    assert "rabbitmqctl delete_queue xerelay.de.batch" in told
    assert shop.session.posting.unrouted[Route("de", Entity.INVOICE, Lane.BACKFILL)] == 3
    assert shop.session.posting.published[Route("uk", Entity.INVOICE, Lane.BACKFILL)] == 1
    assert shop.poller.late_by(shop.clock.now())["invoices"] > timedelta(minutes=15)
