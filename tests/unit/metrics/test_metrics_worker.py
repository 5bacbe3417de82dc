"""What a worker shows: its own counts, and what is shared only where it has the lease."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from producers.amqp import ConnectionLost, TopologyMismatch
from schemas.entities import Entity
from tests.support.fakes import FakeClock
from tests.support.mapping_cases import VERSION
from tests.support.mapping_cases import event as an_event
from tests.support.metrics_fixture import Linked, OneService, Watching, watch_of, watching_one
from tests.support.sample_ledger import AMPLE, event, open_call, write
from tests.support.scraped import Scraped
from tests.support.serving_fakes import ORG, FailingOnce
from tests.support.waiting import until
from worker.clock import SystemClock
from worker.documents.documents import Kind
from worker.lanes.lanes import next_opening
from worker.ledger.database.errors import LedgerUnavailable
from worker.ledger.records import HoldState, Pause, TokenSet
from worker.metrics import families
from worker.session.counts import Counts

CUSTOMER = an_event(Entity.CUSTOMER, {"id": "7", "email": "jo@example.com", "first_name": "Jo"})


@pytest.fixture
async def watching(tmp_path: Path) -> AsyncIterator[Watching]:
    async with watching_one(f"sqlite+inline:///{tmp_path}/ledger.db") as watching:
        yield watching


async def test_events_and_their_delay_are_counted_at_their_end(watching: Watching) -> None:
    await watching.one.acked(*watching.one.receive(CUSTOMER, CUSTOMER, b"nonsense"))

    seen = await watching.scrape()

    events = seen.values("xerelay_events_total", organisation=ORG, lane="immediate")
    assert sum(events.values()) == 3
    assert (events[("customer", "written")], events[("unknown", "parked")]) == (1, 1)
    assert seen.value("xerelay_event_delay_seconds_count", organisation=ORG, lane="immediate") == 1
    assert seen.values("xerelay_rate_limited_total", organisation=ORG) == {
        (limit,): 0 for limit in ("minute", "concurrent", "day", "app_minute")
    }


async def test_what_waits_is_told_by_its_reason_and_its_age(watching: Watching) -> None:
    one, ledger = watching.one, watching.one.ledger
    now = await ledger.now()
    later = now + timedelta(hours=1)
    await ledger.held.hold(
        one.lease,
        [
            event(1, HoldState.PERSON, reason="totals"),
            event(2, HoldState.PERSON, reason="totals"),
            event(3, HoldState.TIME, reason="awaiting_approval", until=later),
            event(4, HoldState.PARENT, reason="parent_missing"),
        ],
    )
    call = await open_call(ledger, one.lease, write(1))
    await ledger.calls.mark_uncertain(one.lease, call.id, status=None, detail="no reply")
    await ledger.pauses.set(one.lease, Pause(ORG, Kind.ITEM, "account_invalid", "archived", now, later))

    seen = await watching.scrape()

    assert seen.values("xerelay_parked_events", organisation=ORG) == {("totals",): 2}
    assert seen.values("xerelay_held_events", organisation=ORG) == {
        ("awaiting_approval", "time"): 1,
        ("parent_missing", "parent"): 1,
    }
    assert 0 <= (seen.value("xerelay_parked_oldest_age_seconds", organisation=ORG) or -1) < 60
    assert seen.value("xerelay_uncertain_calls", organisation=ORG) == 1
    assert seen.value("xerelay_organisation_paused", organisation=ORG) == 0
    assert seen.values("xerelay_pause_info", organisation=ORG) == {("item", "account_invalid"): 1}


async def test_queues_budget_forecast_and_tokens_are_told(watching: Watching) -> None:
    ledger = watching.one.ledger
    now = await ledger.now()
    tokens = TokenSet("secret", now + timedelta(minutes=30), refresh_token="hidden", refreshed_at=now)
    await ledger.tokens.swap("xero", 0, tokens)

    seen = await watching.scrape()

    assert seen.values("xerelay_queue_messages", organisation=ORG) == {
        ("immediate",): 3,
        ("batch",): 40,
        ("backfill",): 0,
        ("dead",): 1,
    }
    windows = {("minute",), ("day",), ("saved",)}
    for name in ("limit_calls", "remaining_calls", "reset_timestamp_seconds"):
        assert set(seen.values(f"xerelay_budget_{name}", organisation=ORG)) == windows
    assert seen.value("xerelay_budget_limit_calls", organisation=ORG, window="day") == AMPLE.day
    done, org = seen.values("xerelay_lane_done_timestamp_seconds", organisation=ORG), watching.one.session.org
    assert done[("backfill",)] <= done[("immediate",)] < done[("batch",)]
    assert done[("batch",)] >= next_opening(now, org.window, org.offset).timestamp()
    assert seen.values("xerelay_token_expiry_timestamp_seconds", organisation=ORG) == {
        ("access",): pytest.approx((now + timedelta(minutes=30)).timestamp()),
        ("refresh",): pytest.approx((now + timedelta(days=60)).timestamp()),
    }
    assert "secret" not in seen.text
    assert "hidden" not in seen.text


async def test_only_the_holder_of_the_lease_tells_what_is_shared(watching: Watching) -> None:
    ledger = watching.one.ledger
    other = watch_of(ledger, Linked(), OneService(), Counts(SystemClock().now))

    holders, others = await watching.scrape(), Scraped((await other.metrics()).decode())

    shared = [family for family in families.HOLDERS if holders.values(family.name)]
    assert len(shared) > 8
    assert [family.name for family in families.HOLDERS if others.values(family.name)] == []
    assert holders.values("xerelay_organisation_served") == {(ORG,): 1, ("idle",): 0}
    assert others.values("xerelay_organisation_served") == {(ORG,): 0, ("idle",): 0}


async def test_a_lease_that_was_taken_over_unnoticed_shares_nothing(watching: Watching) -> None:
    ledger, lease = watching.one.ledger, watching.one.lease
    await ledger.leases.release(lease)
    taken = await ledger.leases.acquire(ORG, "w2")

    seen = await watching.scrape()

    assert taken is not None
    assert seen.values("xerelay_queue_messages") == {}
    assert seen.values("xerelay_budget_remaining_calls") == {}


async def test_without_a_broker_the_ledgers_figures_are_told_and_the_queues_are_not(watching: Watching) -> None:
    watching.broker.connected.clear()

    seen = await watching.scrape()

    assert seen.value("xerelay_broker_connected", link="consumer") == 0
    assert seen.value("xerelay_broker_reconnects_total", link="consumer") == 2
    assert seen.values("xerelay_queue_messages") == {}
    assert seen.values("xerelay_lane_done_timestamp_seconds") == {}
    assert seen.value("xerelay_uncertain_calls", organisation=ORG) == 0


async def test_without_a_ledger_the_workers_own_counts_are_told(watching: Watching) -> None:
    await watching.one.acked(*watching.one.receive(CUSTOMER))
    leases = FailingOnce(watching.one.ledger.leases, "holders", LedgerUnavailable("no space left"))
    watching.one.ledger.leases = leases  # type: ignore[assignment] # a fault
    watch = watch_of(watching.one.ledger, watching.broker, watching.service, watching.one.session.finishing._counts)

    seen = Scraped((await watch.metrics()).decode())

    assert seen.value("xerelay_ledger_up") == 0
    assert seen.values("xerelay_budget_remaining_calls") == {}
    assert sum(seen.values("xerelay_events_total").values()) == 1
    assert seen.value("xerelay_notices_total", channel="mail", outcome="failed") == 2
    assert await watch.missing() == ["ledger: no space left"]


async def test_what_is_in_memory_is_told_with_the_age_of_its_oldest(watching: Watching) -> None:
    one = watching.one
    one.xero.gate.clear()
    one.receive(CUSTOMER)
    await until(lambda: one.xero.calls, what="a call on its way")

    seen = await watching.scrape()
    one.xero.gate.set()

    assert seen.values("xerelay_buffer_events", organisation=ORG) == {
        ("immediate",): 1,
        ("batch",): 0,
        ("backfill",): 0,
    }
    ages = seen.values("xerelay_oldest_event_age_seconds", organisation=ORG)
    assert (ages[("batch",)], ages[("immediate",)] > 3600) == (0, True)


async def test_what_a_newer_version_absorbed_is_in_memory_until_that_is_acknowledged(watching: Watching) -> None:
    one = watching.one
    await one.hold_calls()
    one.receive(*(CUSTOMER.model_copy(update={"version": VERSION + timedelta(hours=n)}) for n in range(3)))
    await until(lambda: [len(work.absorbed) for work in one.session.buffer.works()] == [2], what="two in the third")

    seen = await watching.scrape()

    assert seen.value("xerelay_buffer_events", organisation=ORG, lane="immediate") == 3


async def test_a_backlog_stands_while_nothing_comes_to_an_outcome_and_the_organisation_is_not_paused(
    watching: Watching,
) -> None:
    one, clock = watching.one, FakeClock()
    watch = watch_of(one.ledger, watching.broker, watching.service, one.session.finishing._counts, clock=clock)

    async def stands() -> float | None:
        clock.advance(60)
        seen = Scraped((await watch.metrics()).decode())
        return seen.value("xerelay_backlog_stands_seconds", organisation=ORG, lane="batch")

    seen = [await stands() for _ in range(3)]
    watching.broker.depths["batch"] = 0
    seen.append(await stands())
    watching.broker.depths["batch"] = 40
    seen += [await stands() for _ in range(2)]
    now = await one.ledger.now()
    await one.ledger.pauses.set(one.lease, Pause(ORG, None, "day_limit", "spent", now, now + timedelta(hours=1)))
    seen.append(await stands())

    assert seen == [0, 60, 120, 0, 60, 120, 0]


async def test_failed_sessions_are_told_from_0_on_and_how_long_a_batch_may_wait(watching: Watching) -> None:
    seen = await watching.scrape()

    assert seen.value("xerelay_sessions_failed_total", organisation=ORG) == 0
    assert seen.value("xerelay_batch_window_seconds", organisation=ORG) == 1800


async def test_many_scrapes_read_once(watching: Watching) -> None:
    asked: list[str] = []
    overview = watching.one.ledger.overview

    class Counted:
        async def waiting(self, organisations: Collection[str]) -> Any:
            asked.extend(organisations)
            return await overview.waiting(organisations)

        async def due(self, organisations: Collection[str]) -> Any:
            return await overview.due(organisations)

    watching.one.ledger.overview = Counted()  # type: ignore[assignment] # it counts what is asked

    await asyncio.gather(*(watching.watch.metrics() for _ in range(20)))
    await watching.scrape()

    assert asked == [ORG]


async def test_every_metric_shown_is_in_the_table_with_its_labels(watching: Watching) -> None:
    await watching.one.acked(*watching.one.receive(CUSTOMER, b"nonsense"))

    shown = {metric.name: metric for metric in watching.watch.collect()}

    known = {family.name.removesuffix("_total"): family for family in families.ALL}
    assert set(shown) <= set(known)
    for name, metric in shown.items():
        for sample in metric.samples:
            assert set(sample.labels) - {"le"} == set(known[name].labels), sample


async def test_a_worker_that_lacks_nothing_is_ready(watching: Watching) -> None:
    assert await watching.watch.missing() == []


async def test_a_worker_says_what_it_lacks(watching: Watching) -> None:
    watching.broker.connected.clear()
    watching.broker.last_error = ConnectionLost("connection refused")
    watching.service.runners[ORG].session = None
    begun = list(await watching.watch.missing())
    watching.service.runners.clear()
    watching.service.has_shared = False
    unshared = list(await watching.watch.missing())
    watching.service.is_stopping = True

    assert begun == ["broker: connection refused", f"organisation {ORG}: not served yet"]
    assert unshared == ["broker: connection refused", "organisations: not shared out yet"]
    assert list(await watching.watch.missing()) == ["broker: connection refused", "worker: it is stopping"]


async def test_a_worker_that_does_not_get_to_renew_its_leases_serves_nothing_and_says_so(watching: Watching) -> None:
    watching.service.is_late = True

    assert await watching.watch.missing() == ["leases: not renewed for as long as they last; the ledger may hang"]
    seen = await watching.scrape()
    assert (seen.value("xerelay_organisation_served", organisation=ORG), seen.value("xerelay_ledger_up")) == (0, 0)


async def test_a_paused_organisation_keeps_nobody_from_being_ready(watching: Watching) -> None:
    watching.service.runners[ORG].session = None
    watching.service.runners[ORG].paused_for = "day_limit"

    assert await watching.watch.missing() == []


async def test_a_queue_that_the_broker_refuses_is_missing(watching: Watching) -> None:
    mismatch = TopologyMismatch("xerelay.main.batch", "inequivalent arg 'x-queue-type'")
    watching.broker.refusals["xerelay.main.batch"] = str(mismatch)

    assert await watching.watch.missing() == [f"broker: {mismatch}"]
    assert (await watching.scrape()).value("xerelay_broker_refused_declarations", link="consumer") == 1
