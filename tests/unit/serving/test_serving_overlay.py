"""An admin adds to the configuration while an organisation is served: a new session begins with it."""

from __future__ import annotations

import asyncio
from pathlib import Path

from schemas.entities import Entity
from tests.support.mapping_cases import ORGANISATION, event, payment
from tests.support.sample_ledger import lease_of, opened, waiting_in
from tests.support.serving_fakes import ORG, MemoryBroker, MemoryXero, served, session_of
from tests.support.waiting import until
from tests.support.xero_fakes import reaches
from worker.clock import SystemClock
from worker.intake.inbox import Throttle
from worker.ledger.held.parked import Chosen
from worker.ledger.ledger import Ledger
from worker.ledger.organisations.overlays import Overlays
from worker.ledger.records import HoldState, Lease
from worker.serving.runner import Runner
from worker.session.counts import Counts
from worker.session.interruption import Reconfigured
from worker.session.session import Session
from worker.settings.overlay import Entry, Overlay, Table, filled

KLARNA = Entry(Table.PAYMENTS, "klarna", "090")
PAID = event(Entity.PAYMENT, payment(method="klarna"))


class Looks:
    """What the console added, and how often somebody looked."""

    def __init__(self, overlays: Overlays) -> None:
        self.count = 0
        self._overlays = overlays

    async def of(self, org: str) -> Overlay:
        self.count += 1
        return await self._overlays.of(org)


async def test_a_session_ends_when_the_configuration_was_added_to(tmp_path: Path) -> None:
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db") as one:
        await one.ledger.overlays.set(ORG, KLARNA, who="ann")

        assert isinstance(await one.failure(), Reconfigured)


async def test_what_is_retried_after_that_is_not_parked_by_the_session_that_does_not_know_it(tmp_path: Path) -> None:
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db") as one:
        one.receive(PAID)
        await one.parks(1)
        await one.ledger.overlays.set(ORG, KLARNA, who="ann")

        await one.ledger.parked.retry(Chosen(organisations=(ORG,)), who="ann")
        ended = await one.failure()

        assert isinstance(ended, Reconfigured)
        assert await one.waiting(HoldState.PERSON) == 0
        assert await one.waiting(HoldState.TIME) == 1


async def test_what_comes_after_that_is_not_parked_either(tmp_path: Path) -> None:
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db") as one:
        one.session.steady_until = one.session.clock.monotonic() + 3600
        await one.ledger.overlays.set(ORG, KLARNA, who="ann")

        one.receive(PAID)
        await one.waits(HoldState.TIME, 1)

        assert await one.waiting(HoldState.PERSON) == 0
        [held] = await one.ledger.held.due(ORG)
        assert held.reason == "reconfigured"


async def test_changes_in_a_row_make_one_session(tmp_path: Path) -> None:
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db") as one:
        one.session.steady_until = one.session.clock.monotonic() + 3600
        one.receive(PAID)
        await one.parks(1)
        await one.ledger.overlays.set(ORG, KLARNA, who="ann")
        await one.ledger.parked.retry(Chosen(organisations=(ORG,)), who="ann")
        looks = Looks(one.ledger.overlays)
        one.ledger.overlays = looks  # type: ignore[assignment] # counts how often it is looked
        await until(lambda: looks.count >= 3, what="three looks at what was added")

        assert not one.task.done()
        assert await one.waiting(HoldState.TIME) == 1

        one.session.steady_until = 0.0
        assert isinstance(await one.failure(), Reconfigured)


async def test_the_next_session_has_what_was_added(tmp_path: Path) -> None:
    overlays: list[Overlay] = []
    async with opened(f"sqlite+inline:///{tmp_path}/ledger.db") as ledger:
        broker = MemoryBroker()
        runner = _runner(ledger, await lease_of(ledger, name=ORG), broker, overlays)
        running = asyncio.create_task(runner.run())
        await until(lambda: runner.is_serving, what="the session")
        runner.receive(broker.deliver(PAID, entity=Entity.PAYMENT))
        await _parks(ledger, 1)

        await ledger.overlays.set(ORG, KLARNA, who="ann")
        await ledger.parked.retry(Chosen(organisations=(ORG,)), who="ann")
        await until(lambda: overlays == [(), (KLARNA,)], what="the next session")
        await _waits_for_its_invoice(ledger)

        runner.stop()
        await asyncio.wait_for(running, 30)


def _runner(ledger: Ledger, lease: Lease, broker: MemoryBroker, overlays: list[Overlay]) -> Runner:
    def session(lease: Lease, overlay: Overlay) -> Session:
        overlays.append(overlay)
        made = session_of(ledger, lease, broker, MemoryXero())
        made.org, made.overlay = filled(made.org, overlay), overlay
        return made

    return Runner(
        lease=lease,
        org=ORG,
        make_session=session,
        reached=reaches(),
        consumer=broker,  # type: ignore[arg-type] # a broker in memory
        throttle=Throttle(pause_reading=lambda: None, resume_reading=lambda: None),
        ledger=ledger,
        clock=SystemClock(),
        counts=Counts(SystemClock().now),
    )


async def _parks(ledger: Ledger, count: int) -> None:
    await _counts(ledger, HoldState.PERSON, count)


async def _waits_for_its_invoice(ledger: Ledger) -> None:
    """It is mapped now: what it lacks is no account any more, but the sale that it pays."""
    assert "klarna" not in ORGANISATION["payments"]
    await _counts(ledger, HoldState.PARENT, 1)


async def _counts(ledger: Ledger, state: HoldState, count: int) -> None:
    deadline = asyncio.get_running_loop().time() + 30
    while (await waiting_in(ledger))[state] != count:
        assert asyncio.get_running_loop().time() < deadline, f"{count} events held for a {state}"
        await asyncio.sleep(0.02)
