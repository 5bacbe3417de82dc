"""How it goes, as operators see it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from producers.amqp import ConnectionLost
from schemas.entities import Entity
from schemas.envelope import Lane
from tests.support.fakes import START, FakeClock
from tests.support.mapping_cases import organisation
from tests.support.sample_ledger import ORG, event, lease_of, open_call, opened, write
from worker.bootstrap import limits_of
from worker.budget.corrections import Headers
from worker.ledger.held.overview import HeldCount
from worker.ledger.ledger import Ledger
from worker.ledger.records import CallState, HoldState, Pause
from worker.views.budget import BudgetStatus
from worker.views.status import LaneStatus, status

SHOP = organisation(lanes={"order": "off", "customer": "immediate"})
EMPTY = organisation(name="empty")


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[Ledger]:
    async with opened(f"sqlite+inline:///{tmp_path / 'ledger.db'}", clock=FakeClock()) as ledger:
        yield ledger


async def ask(queues: Collection[str]) -> Mapping[str, int | None]:
    """A broker where `main` has a backlog, and `empty` no queues."""
    depth = {"xerelay.main.batch": 900, "xerelay.main.dead": 2}
    return {queue: depth.get(queue, 0) if ".main." in queue else None for queue in queues}


async def no_broker(_: Collection[str]) -> Mapping[str, int | None]:
    raise ConnectionLost("nobody listens")


async def test_each_organisation_says_who_serves_it_and_what_waits(ledger: Ledger) -> None:
    lease = await lease_of(ledger)
    await lease_of(ledger, "agent", "store:shop")
    await ledger.leases.heartbeat("w1")
    await ledger.held.hold(lease, [event(1, HoldState.PERSON, reason="overpaid"), event(2)])
    await ledger.pauses.set(lease, Pause(ORG, None, "consent", "revoked", START, None))
    await open_call(ledger, lease, write(1), limits=limits_of(SHOP))

    seen = await status(ledger, [SHOP, EMPTY], stores=["shop", "outlet"], ask=ask)

    main, empty = seen.organisations
    assert (seen.at, seen.workers, seen.broker) == (START, ("w1",), "")
    assert seen.stores == {"shop": "agent", "outlet": None}
    assert (main.served_by, main.dead, main.parked, main.count(HoldState.PARENT)) == ("w1", 2, 1, 0)
    assert set(main.held) == {
        HeldCount(HoldState.PERSON, "overpaid", 1, START),
        HeldCount(HoldState.TIME, "because", 1, START),
    }
    assert main.calls == {CallState.OPEN: 1}
    assert [(one.reason, one.detail) for one in main.pauses] == [("consent", "revoked")]
    assert (empty.served_by, empty.dead, empty.held, empty.pauses) == (None, None, (), ())
    assert [(one.depth, one.done_at) for one in empty.lanes] == [(None, None)] * 3


async def test_lanes_say_what_goes_there_and_when_it_is_done(ledger: Ledger) -> None:
    seen = await status(ledger, [SHOP], ask=ask)

    immediate, batch, backfill = seen.organisations[0].lanes
    assert immediate == LaneStatus(Lane.IMMEDIATE, (Entity.CUSTOMER,), 0, 0, START)
    assert (batch.entities, batch.depth) == (
        (Entity.PRODUCT, Entity.INVOICE, Entity.PAYMENT, Entity.CREDIT_MEMO),
        900,
    )
    opens_at = START + timedelta(minutes=30)
    assert batch.done_at is not None
    assert opens_at < batch.done_at < opens_at + timedelta(minutes=5)
    assert backfill.entities == ()
    assert seen.organisations[0].next_window == opens_at


async def test_the_budget_says_what_is_left_and_what_xero_forbids(ledger: Ledger) -> None:
    lease = await lease_of(ledger)
    call = await open_call(ledger, lease, write(1), limits=limits_of(SHOP))
    await ledger.calls.close(lease, call.id, status=429, headers=Headers(retry_after_s=120, problem="day"))

    seen = await status(ledger, [SHOP], ask=ask)

    assert seen.organisations[0].budget == BudgetStatus(
        limit=1000,
        used=1,
        left_at_once=0,
        left_today=999,
        in_flight=0,
        frees_at=START + timedelta(days=1, minutes=1),
        forbidden_until=START + timedelta(minutes=2),
        forbidden_by="day",
    )


async def test_without_a_broker_the_ledger_still_tells_what_it_knows(ledger: Ledger) -> None:
    seen = await status(ledger, [SHOP], ask=no_broker)

    assert seen.broker == "nobody listens: is RabbitMQ running, and does broker.url name its host and port?"
    assert [one.depth for one in seen.organisations[0].lanes] == [None, None, None]
    assert seen.organisations[0].budget.left_today == 1000


async def test_what_was_retried_from_the_ledger_is_waited_for_like_what_is_queued(ledger: Ledger) -> None:
    lease = await lease_of(ledger)
    retried = [event(number, lane=Lane.IMMEDIATE, until=START) for number in range(9_000)]
    await ledger.held.hold(lease, [*retried, event(9_000, lane=Lane.BACKFILL)])

    seen = await status(ledger, [SHOP], ask=ask)

    immediate, batch, backfill = seen.organisations[0].lanes
    assert [one.due for one in (immediate, batch, backfill)] == [9_000, 0, 0]
    assert immediate.done_at is not None
    assert immediate.done_at > START + timedelta(minutes=2)
    assert backfill.done_at == START
