"""However a session ends, each message is acknowledged or given back, once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from schemas.entities import Entity
from schemas.envelope import Lane
from schemas.topology import event_key, lane_queue
from tests.fakes import START
from tests.sample_ledger import document, key, open_call, write
from tests.sample_ledger import event as held
from tests.serving_fakes import ORG, FailingOnce, served
from tests.unit.mapping_cases import VERSION, event, invoice, line
from tests.waiting import until
from worker.intake import Intake
from worker.ledger.errors import LedgerUnavailable
from worker.ledger.records import HoldState
from worker.serving import Stopped
from worker.settlement import Settlement

GONE = LedgerUnavailable("gone for a moment")


async def test_messages_that_were_being_taken_in_when_the_ledger_failed_go_back(tmp_path: Path) -> None:
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db") as one:
        one.ledger.documents = FailingOnce(one.ledger.documents, "get", GONE)  # type: ignore[assignment] # a fault
        tags = one.receive(event(Entity.INVOICE, invoice(line("10.00", "2.00", tax_rate="20"))), b"nonsense")

        assert isinstance(await one.failure(), LedgerUnavailable)

        assert [one.broker.acked[tag] + one.broker.returned[tag] for tag in tags] == [1, 1]
        assert len(one.session.deliveries) == 0


async def test_messages_that_were_being_parked_when_the_ledger_failed_go_back(tmp_path: Path) -> None:
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db") as one:
        one.ledger.held = FailingOnce(one.ledger.held, "hold", GONE)  # type: ignore[assignment] # a fault
        tags = one.receive(b"nonsense")

        assert isinstance(await one.failure(), LedgerUnavailable)

        assert [one.broker.returned[tag] for tag in tags] == [1]


async def test_a_stop_gives_back_what_was_not_begun_and_acks_what_was_done(tmp_path: Path) -> None:
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db") as one:
        done = one.receive(event(Entity.INVOICE, invoice(line("10.00", "2.00", tax_rate="20"))))
        await one.acked(*done)
        more = one.receive(event(Entity.INVOICE, invoice(line("11.00", "2.20", tax_rate="20"), id="32", number="2")))

        assert isinstance(await one.end(), Stopped)

        assert [one.broker.acked[tag] + one.broker.returned[tag] for tag in (*done, *more)] == [1, 1]


async def test_when_one_queue_is_lost_what_came_by_another_goes_back(tmp_path: Path) -> None:
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db") as one:
        for _ in range(2):
            one.session.breaker.failed(one.session.clock.monotonic())
        sale = event(Entity.INVOICE, invoice(line("10.00", "2.00", tax_rate="20")))
        immediate = one.broker.deliver(sale.model_copy(update={"version": VERSION + timedelta(hours=1)}))
        batch = one.broker.deliver(sale, queue=lane_queue(ORG, Lane.BATCH))
        batch = batch._replace(routing_key=event_key(ORG, Lane.BATCH, sale.entity))
        one.serving.receive(immediate)
        one.serving.receive(batch)
        await until(lambda: [len(work.absorbed) for work in one.session.buffer.works()] == [1], what="one in the other")

        one.serving.queue_lost(immediate.queue)

        assert (one.broker.returned[batch.tag], one.broker.returned[immediate.tag]) == (1, 0)


async def test_what_an_uncertain_call_left_open_stays_blocked_until_that_is_settled(tmp_path: Path) -> None:
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db") as one:
        settlement = Settlement(session=one.session, intake=Intake(session=one.session))
        call = await open_call(one.ledger, one.lease, write(1), write(2))
        one.session.buffer.block([key(1), key(2)])

        await settlement.adopt(call, 500, [document(1)])

        assert not one.session.buffer.wants(key(1))
        assert one.session.buffer.wants(key(2))
        await settlement.free(member for member in call.members if member.key == key(2))
        assert not one.session.buffer.wants(key(2))


async def test_what_a_call_of_another_session_has_overtaken_is_held_no_longer(tmp_path: Path) -> None:
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db") as one:
        settlement = Settlement(session=one.session, intake=Intake(session=one.session))
        versions = {"older": START - timedelta(hours=1), "its own": START, "newer": START + timedelta(hours=1)}
        for name, version in versions.items():
            parked = held(1, HoldState.PERSON, id=name, owner=key(1).owner, version=version)
            await one.ledger.held.hold(one.lease, [parked])
        call = await open_call(one.ledger, one.lease, write(1))

        await settlement.adopt(call, 500, [document(1)])

        assert {row.id for row in await one.parked()} == {"its own", "newer"}
