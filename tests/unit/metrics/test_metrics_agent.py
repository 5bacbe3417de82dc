"""What an agent shows: what it published, and how far it is where it is in charge."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from producers.amqp import AmqpError, Unroutable
from producers.checkpoints import CheckpointsAway
from producers.pace import Pace
from schemas.commands import ResyncAll
from schemas.entities import Entity
from schemas.envelope import Event, Lane
from tests.support.agent_fixture import Workshop, workshop
from tests.support.fake_store import CUSTOMERS, INVOICES, many_invoices
from tests.support.scraped import Scraped
from tests.support.serving_fakes import FailingOnce
from worker.ledger.database.errors import LedgerUnavailable
from worker.metrics import families
from worker.metrics.agent import AgentWatch, WatchedStore


@dataclass
class Link:
    connected: asyncio.Event = field(default_factory=asyncio.Event)
    reconnects: int = 0
    blocked: bool = False
    last_error: AmqpError | None = None
    refusals: dict[str, str] = field(default_factory=dict)


@dataclass
class Charge:
    in_charge: bool | None = True
    is_late: bool = False
    last_error: Exception | None = None


@dataclass
class Watching:
    shop: Workshop
    charge: Charge
    link: Link
    watch: AgentWatch

    async def scrape(self) -> Scraped:
        return Scraped((await self.watch.metrics()).decode())


@pytest.fixture
def pace() -> Pace:
    return Pace()


@pytest.fixture
async def watching(tmp_path: Path, pace: Pace) -> AsyncIterator[Watching]:
    """An agent in charge; it is ten minutes past opening."""
    async with workshop(f"sqlite+inline:///{tmp_path / 'ledger.db'}", pace=pace) as shop:
        shop.clock.advance(600)
        charge, link = Charge(), Link()
        link.connected.set()
        store = WatchedStore("shop", charge, shop.poller, shop.sweeper, shop.session.posting)  # type: ignore[arg-type] # what it needs of it
        links: Any = {"publisher": link}
        watch = AgentWatch(stores=[store], links=links, ledger=shop.ledger, clock=shop.clock, stop=shop.stop)
        yield Watching(shop, charge, link, watch)


async def test_what_the_broker_confirmed_is_counted_where_it_went(watching: Watching) -> None:
    many_invoices(watching.shop.store, 10)

    await watching.shop.poller.poll()

    scraped = await watching.scrape()
    published = scraped.values("xerelay_published_events_total", store="shop", organisation="main")
    assert published == {("invoice", "backfill"): 10, ("payment", "backfill"): 10}
    unrouted = scraped.values("xerelay_unrouted_events_total", store="shop", organisation="main")
    assert unrouted == dict.fromkeys(published, 0)


async def test_what_no_queue_takes_is_counted_where_it_was_to_go(watching: Watching) -> None:
    watching.shop.session.posting._publisher = NoQueues()
    many_invoices(watching.shop.store, 10)

    await watching.shop.poller.poll()

    scraped = await watching.scrape()
    unrouted = scraped.values("xerelay_unrouted_events_total", store="shop", organisation="main")
    assert unrouted == {("invoice", "backfill"): 10, ("payment", "backfill"): 10}
    assert scraped.values("xerelay_published_events_total") == {}


class NoQueues:
    """A broker that nobody has declared a queue on."""

    async def publish(self, event: Event, lane: Lane, *, data: str = "", waits_for_room: bool = True) -> None:
        raise Unroutable(f"no queue takes {event.organisation}.{lane}.{event.entity}")


async def test_a_broker_that_takes_no_messages_is_told_until_it_does_again(watching: Watching) -> None:
    seen = []
    for watching.link.blocked in (False, True, False):
        seen.append((await watching.scrape()).value("xerelay_broker_blocked", link="publisher"))

    assert seen == [0, 1, 0]


@pytest.mark.parametrize(
    "pace",
    [Pace(), Pace(lag=timedelta(minutes=15)), Pace(poll_every=timedelta(hours=1))],
    ids=["as it is", "the longest lag", "the longest poll"],
)
async def test_a_stream_is_late_by_what_is_beyond_its_lag_and_poll(watching: Watching, pace: Pace) -> None:
    many_invoices(watching.shop.store, 10)
    before = (await watching.scrape()).values("xerelay_poller_lag_seconds")
    await watching.shop.poller.poll()
    read = await watching.scrape()
    watching.shop.clock.advance(pace.poll_every.total_seconds())
    due = await watching.scrape()
    watching.shop.clock.advance(300)
    late = await watching.scrape()

    streams = {(stream.name,) for stream in watching.shop.store.streams}
    assert before == {}
    assert set(read.values("xerelay_poller_lag_seconds", store="shop")) == streams
    assert [set(one.values("xerelay_poller_lag_seconds").values()) for one in (read, due, late)] == [{0}, {0}, {300}]


async def test_removals_that_are_withheld_are_shown_until_the_store_lists_its_rows_again(watching: Watching) -> None:
    shop = watching.shop
    many_invoices(shop.store, 30)
    await shop.poller.poll()
    rows, shop.store.rows_of = shop.store.rows_of, {}
    await shop.sweeper.sweep(INVOICES)
    await shop.sweeper.sweep(CUSTOMERS)

    withheld = (await watching.scrape()).values("xerelay_withheld_removals", store="shop")
    shop.store.rows_of = rows
    await shop.sweeper.sweep(INVOICES)
    later = (await watching.scrape()).values("xerelay_withheld_removals", store="shop")

    assert withheld == {("invoices",): 30, ("customers",): 0}
    assert later == {("invoices",): 0, ("customers",): 0}


async def test_a_ledger_whose_resyncs_cannot_be_read_is_not_up_and_from_the_second_time_on_missing(
    watching: Watching,
) -> None:
    ledger, runs, seen = watching.shop.ledger, watching.shop.ledger.runs, []
    for _ in range(2):
        ledger.runs = FailingOnce(runs, "newest", LedgerUnavailable("a lock"))  # type: ignore[assignment] # a fault
        watching.shop.clock.advance(15)
        up = (await watching.scrape()).value("xerelay_ledger_up")
        seen.append((up, list(await watching.watch.missing())))

    assert seen == [(0, []), (0, ["ledger: the resyncs that /metrics shows cannot be read: a lock"])]


async def test_a_resync_is_followed_to_its_end(watching: Watching) -> None:
    many_invoices(watching.shop.store, 10)
    await watching.shop.record("resync-all", ResyncAll(entities=(Entity.INVOICE,)))
    await watching.shop.work_off("resync-all")
    await watching.shop.ledger.runs.add({"run-1": {"written": 7, "parked": 1}})

    seen = await watching.scrape()

    assert seen.values("xerelay_resync_running", store="shop") == {("resync-all",): 0}
    assert seen.values("xerelay_resync_rows", command="resync-all") == {("read", "shop"): 10, ("total", "shop"): 10}
    assert seen.values("xerelay_resync_events", store="shop", command="resync-all") == {
        ("published",): 10,
        ("written",): 7,
        ("unchanged",): 0,
        ("parked",): 1,
    }


async def test_an_agent_that_stands_by_tells_nothing_of_the_store_and_is_ready(watching: Watching) -> None:
    await watching.shop.poller.poll()
    await watching.shop.record("resync-all", ResyncAll())
    watching.charge.in_charge = False

    seen = await watching.scrape()

    assert seen.values("xerelay_store_in_charge") == {("shop",): 0}
    shared = (
        *(families.POLLER_LAG, families.WITHHELD),
        *(families.RESYNC_RUNNING, families.RESYNC_ROWS, families.RESYNC_EVENTS),
    )
    assert [family.name for family in shared if seen.values(family.name)] == []
    assert await watching.watch.missing() == []


async def test_an_agent_says_what_it_lacks(watching: Watching) -> None:
    watching.link.connected.clear()
    watching.charge.in_charge = None
    watching.shop.stop.ask()

    assert await watching.watch.missing() == [
        "broker: not connected yet",
        "agent: it is stopping",
        "store shop: not begun yet",
    ]


async def test_a_ledger_that_answers_and_takes_no_writes_is_not_up(watching: Watching) -> None:
    watching.charge.is_late, watching.charge.last_error = True, CheckpointsAway("disk is full")

    seen, missing = await watching.scrape(), await watching.watch.missing()
    watching.charge.last_error = None

    assert seen.value("xerelay_ledger_up") == 0
    assert missing == ["ledger: the charge of store shop is not renewed: disk is full"]
    assert await watching.watch.missing() == ["ledger: the charge of store shop is not renewed: it gives no answer"]


async def test_every_metric_shown_is_in_the_table_with_its_labels(watching: Watching) -> None:
    many_invoices(watching.shop.store, 3)
    await watching.shop.poller.poll()
    await watching.shop.record("resync-all", ResyncAll())
    await watching.scrape()

    known = {family.name.removesuffix("_total"): family for family in families.ALL}
    for metric in watching.watch.collect():
        for sample in metric.samples:
            assert set(sample.labels) == set(known[metric.name].labels), sample
