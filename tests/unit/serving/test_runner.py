"""One organisation is served session after session; whatever ends one, the worker goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from schemas.commands import Release
from schemas.entities import Entity
from schemas.envelope import Lane
from schemas.topology import lane_queue, organisation_commands
from tests.support.mapping_cases import event
from tests.support.sample_ledger import document, lease_of, opened, put_documents
from tests.support.serving_fakes import ORG, FailingOnce, MemoryBroker, MemoryXero, session_of
from tests.support.waiting import until
from tests.support.xero_fakes import reaches
from worker.clock import SystemClock
from worker.documents.documents import Kind
from worker.intake.inbox import Throttle
from worker.ledger.database.errors import LeaseLost, LedgerUnavailable
from worker.ledger.ledger import Ledger
from worker.ledger.records import Lease, Pause
from worker.serving.runner import Runner
from worker.session.counts import Counts
from worker.stores.commanding import ordered
from worker.xero.replies.reply import Reply, ReplyKind

CUSTOMER = event(Entity.CUSTOMER, {"id": "7", "email": "jo@example.com", "first_name": "Jo"})


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[Ledger]:
    async with opened(f"sqlite+inline:///{tmp_path}/ledger.db") as ledger:
        yield ledger


def runner_of(
    ledger: Ledger,
    lease: Lease,
    broker: MemoryBroker,
    xero: MemoryXero,
    counts: Counts | None = None,
    tenants: Sequence[str] = (),
    **changes: Any,
) -> Runner:
    """`tenants` are those that the connection reaches; `changes` are the organisation's."""
    return Runner(
        lease=lease,
        org=ORG,
        make_session=lambda lease, _overlay: session_of(ledger, lease, broker, xero, **changes),
        reached=reaches(*tenants),
        consumer=broker,  # type: ignore[arg-type] # a broker in memory
        throttle=Throttle(pause_reading=lambda: None, resume_reading=lambda: None),
        ledger=ledger,
        clock=SystemClock(),
        counts=counts or Counts(SystemClock().now),
    )


async def test_a_lease_that_is_lost_while_a_pause_is_recorded_ends_the_runner_alone(ledger: Ledger) -> None:
    broker, xero = MemoryBroker(), MemoryXero()
    xero.answers[Kind.CONTACT] = [lambda _: Reply(ReplyKind.CONSENT, 403, detail="revoked")]
    ledger.pauses = FailingOnce(ledger.pauses, "set", LeaseLost("taken over"))  # type: ignore[assignment] # a fault
    runner = runner_of(ledger, await lease_of(ledger, name=ORG), broker, xero)
    running = asyncio.create_task(runner.run())
    await until(lambda: runner.is_serving, what="the session")
    delivery = broker.deliver(CUSTOMER)
    runner.receive(delivery)

    await asyncio.wait_for(running, 30)

    assert broker.returned[delivery.tag] == 1


async def test_after_a_failure_the_ledger_must_take_a_write_before_anything_is_consumed(ledger: Ledger) -> None:
    broker = MemoryBroker()
    full = LedgerUnavailable("no space left")
    ledger.held = FailingOnce(ledger.held, "hold", full)  # type: ignore[assignment] # a fault
    leases = FailingOnce(ledger.leases, "heartbeat", full)
    runner = runner_of(ledger, await lease_of(ledger, name=ORG), broker, MemoryXero())
    ledger.leases = leases  # type: ignore[assignment] # a fault
    running = asyncio.create_task(runner.run())
    await until(lambda: runner.is_serving, what="the session")
    runner.receive(broker.deliver(b"nonsense"))

    await until(lambda: leases.failed, what="a write that is tried")
    assert not runner.is_serving
    await until(lambda: runner.is_serving, what="the next session")

    runner.stop()
    await asyncio.wait_for(running, 30)


@pytest.mark.parametrize(("error", "counted"), [(RuntimeError("a defect"), 1), (LedgerUnavailable("restarted"), 0)])
async def test_sessions_that_a_failure_of_ours_ended_are_counted(
    ledger: Ledger, error: Exception, counted: int
) -> None:
    broker, counts = MemoryBroker(), Counts(SystemClock().now)
    ledger.held = FailingOnce(ledger.held, "hold", error)  # type: ignore[assignment] # a fault
    runner = runner_of(ledger, await lease_of(ledger, name=ORG), broker, MemoryXero(), counts)
    running = asyncio.create_task(runner.run())
    await until(lambda: runner.is_serving, what="the session")
    first = runner.session
    assert counts.failed_sessions == 0

    runner.receive(broker.deliver(b"nonsense"))

    await until(lambda: runner.is_serving and runner.session is not first, what="the next session")
    assert counts.failed_sessions == counted
    runner.stop()
    await asyncio.wait_for(running, 30)


async def test_a_stop_during_a_pause_leaves_the_pause_on_record(ledger: Ledger) -> None:
    lease = await lease_of(ledger, name=ORG)
    now = await ledger.now()
    await ledger.pauses.set(lease, Pause(ORG, None, "day_limit", "spent", now, now + timedelta(hours=3)))
    runner = runner_of(ledger, lease, MemoryBroker(), MemoryXero())
    running = asyncio.create_task(runner.run())
    await asyncio.sleep(0)

    runner.stop()
    await asyncio.wait_for(running, 30)

    assert [pause.reason for pause in await ledger.pauses.current(ORG)] == ["day_limit"]


async def test_a_changed_tenant_pauses_the_organisation_and_says_which_was_expected(ledger: Ledger) -> None:
    before, now = "5b96e86b-418e-48e8-8949-308c14aec278", "a0a0a0a0-418e-48e8-8949-308c14aec278"
    broker, xero, lease = MemoryBroker(), MemoryXero(), await lease_of(ledger, name=ORG)
    await ledger.tenants.bind(lease, before)
    await put_documents(ledger, lease, document(1, org=ORG))
    runner = runner_of(ledger, lease, broker, xero, tenant_id=now)
    running = asyncio.create_task(runner.run())
    await until(lambda: runner.paused_for, what="the pause")
    delivery = broker.deliver(CUSTOMER)

    runner.receive(delivery)

    runner.stop()
    await asyncio.wait_for(running, 30)
    [pause] = await ledger.pauses.current(ORG)
    assert (pause.reason, xero.calls, broker.returned[delivery.tag]) == ("other_tenant", [], 1)
    assert before in pause.detail
    assert now in pause.detail


async def test_an_organisation_that_was_renamed_pauses_and_says_what_it_was_called(ledger: Ledger) -> None:
    tenant, old = "5b96e86b-418e-48e8-8949-308c14aec278", await lease_of(ledger, name="before")
    await ledger.tenants.bind(old, tenant)
    await put_documents(ledger, old, document(1, org="before"))
    broker, xero, lease = MemoryBroker(), MemoryXero(), await lease_of(ledger, name=ORG)
    runner = runner_of(ledger, lease, broker, xero, tenant_id=tenant)
    running = asyncio.create_task(runner.run())

    await until(lambda: runner.paused_for or runner.is_serving, what="the pause")

    runner.stop()
    await asyncio.wait_for(running, 30)
    [pause] = await ledger.pauses.current(ORG)
    assert (pause.reason, xero.calls) == ("other_tenant", [])
    assert "expected the name before" in pause.detail
    assert tenant in pause.detail


@dataclass
class SlowBroker(MemoryBroker):
    """Knows what is consumed. Whoever cancels waits until it `agrees`."""

    consumed: set[str] = field(default_factory=set)
    asked: bool = False
    agrees: asyncio.Event = field(default_factory=asyncio.Event)

    async def start(self, queue: str, prefetch: int) -> None:
        self.consumed.add(queue)

    async def cancel(self, queue: str) -> None:
        self.asked = True
        self.consumed.discard(queue)
        await self.agrees.wait()


async def consuming(ledger: Ledger, broker: SlowBroker) -> tuple[Runner, asyncio.Task[None]]:
    runner = runner_of(ledger, await lease_of(ledger, name=ORG), broker, MemoryXero())
    running = asyncio.create_task(runner.run())
    await until(lambda: len(broker.consumed) > 2, what="queues that are consumed")
    return runner, running


async def test_a_runner_that_is_cancelled_while_it_returns_everything_leaves_no_queue_consumed(ledger: Ledger) -> None:
    broker = SlowBroker()
    runner, running = await consuming(ledger, broker)
    runner.stop()
    await until(lambda: broker.asked, what="the first cancellation")

    running.cancel()
    broker.agrees.set()
    await asyncio.wait({running})

    assert broker.consumed == set()


async def test_a_queue_whose_cancellation_is_not_answered_leaves_no_other_consumed(ledger: Ledger) -> None:
    broker = SlowBroker()
    runner, running = await consuming(ledger, broker)

    runner.stop()

    await until(lambda: not broker.consumed, what="a cancellation of each")
    broker.agrees.set()
    await asyncio.wait({running})


@dataclass
class BatchBroker(MemoryBroker):
    """Knows what is consumed. So much waits in every queue."""

    consumed: set[str] = field(default_factory=set)

    async def start(self, queue: str, prefetch: int) -> None:
        self.consumed.add(queue)

    async def cancel(self, queue: str) -> None:
        self.consumed.discard(queue)

    async def depth(self, queue: str) -> int:
        return 3


async def test_a_released_batch_is_taken_to_its_end_though_the_ledger_ends_the_session(ledger: Ledger) -> None:
    broker, batch = BatchBroker(), lane_queue(ORG, Lane.BATCH)
    runner = runner_of(ledger, await lease_of(ledger, name=ORG), broker, MemoryXero())
    running = asyncio.create_task(runner.run())
    await until(lambda: runner.is_serving, what="the session")
    release = ordered(Release(), target=ORG, name="release").body
    runner.receive(broker.deliver(release, queue=organisation_commands(ORG)))
    await until(lambda: batch in broker.consumed, what="the opening")
    first = runner.session

    ledger.held = FailingOnce(ledger.held, "due", LedgerUnavailable("restarted"))  # type: ignore[assignment] # a fault

    await until(lambda: runner.is_serving and runner.session is not first, what="the next session")
    await until(lambda: batch in broker.consumed, what="the rest of the batch")
    runner.stop()
    await asyncio.wait_for(running, 30)
