"""However a session ends, each message is acknowledged or given back, once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from msgspec import structs
from structlog.testing import capture_logs

from producers.amqp import Delivery
from producers.runs import Run
from schemas.commands import Release, ResyncAll
from schemas.entities import Entity
from schemas.envelope import Event, Lane
from schemas.topology import event_key, lane_queue, organisation_commands
from tests.support.agent_fixture import message
from tests.support.fakes import START
from tests.support.mapping_cases import VERSION, event, invoice, line
from tests.support.sample_ledger import document, key, lease_of, open_call, opened, write
from tests.support.sample_ledger import event as held
from tests.support.serving_fakes import ORG, FailingOnce, MemoryBroker, MemoryXero, serve, served
from tests.support.waiting import until
from worker.calls.settlement import Settlement
from worker.intake.intake import Intake
from worker.ledger.database.errors import LedgerUnavailable
from worker.ledger.records import HoldState
from worker.serving.serving import Stopped
from worker.stores.commanding import ordered

GONE = LedgerUnavailable("gone for a moment")
CUSTOMER = event(Entity.CUSTOMER, {"id": "7", "email": "jo@example.com", "first_name": "Jo"})
RUN = Run("run-1", "resync-all", ResyncAll())


def by_batch(broker: MemoryBroker, event: Event) -> Delivery:
    delivery = broker.deliver(event, queue=lane_queue(ORG, Lane.BATCH))
    return structs.replace(delivery, routing_key=event_key(ORG, Lane.BATCH, event.entity))


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


async def test_a_release_that_comes_while_a_worker_ends_is_left_to_the_next(tmp_path: Path) -> None:
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db") as one:
        one.xero.gate.clear()
        sale = one.receive(event(Entity.INVOICE, invoice(line("10.00", "2.00", tax_rate="20"))))
        await until(lambda: one.xero.calls, what="a call in flight")
        one.serving.stop()

        release = one.broker.deliver(
            ordered(Release(), target=ORG, name="release").body, queue=organisation_commands(ORG)
        )
        one.serving.receive(release)
        later = one.receive(event(Entity.CUSTOMER, {"id": "8", "email": "al@example.com", "first_name": "Al"}))
        await until(lambda: len(one.session.buffer) > 1, what="what came after it, in memory")
        one.xero.gate.set()
        await one.failure()

        assert (one.broker.acked[release.tag], one.broker.returned[release.tag]) == (0, 1)
        assert one.broker.acked[later[0]] == 0
        assert sum(one.broker.acked[tag] for tag in sale) + sum(one.broker.returned[tag] for tag in sale) == 1


async def test_the_log_says_why_an_event_is_ignored(tmp_path: Path) -> None:
    old = invoice(line("10.00", "2.00", tax_rate="20"), date="2025-12-31")
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db") as one:
        with capture_logs() as lines:
            await one.acked(*one.receive(event(Entity.INVOICE, old)))

    [told] = [one for one in lines if one["event"] == "event.completed"]
    assert (told["result"], told["reason"]) == ("ignored", "before start_date")


async def test_when_one_queue_is_lost_what_came_by_another_goes_back(tmp_path: Path) -> None:
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db") as one:
        await one.hold_calls()
        sale = event(Entity.INVOICE, invoice(line("10.00", "2.00", tax_rate="20")))
        immediate = one.broker.deliver(sale.model_copy(update={"version": VERSION + timedelta(hours=1)}))
        batch = by_batch(one.broker, sale)
        one.serving.receive(immediate)
        one.serving.receive(batch)
        await until(lambda: [len(work.absorbed) for work in one.session.buffer.works()] == [1], what="one in the other")

        one.serving.queue_lost(immediate.queue)

        assert (one.broker.returned[batch.tag], one.broker.returned[immediate.tag]) == (1, 0)


async def test_what_another_queues_event_absorbed_of_a_lost_queue_ends_once_when_it_comes_again(tmp_path: Path) -> None:
    async with opened(f"sqlite+inline:///{tmp_path}/ledger.db") as ledger:
        await ledger.store("webshop", holder="agent")[1].record(RUN, message(RUN.name, RUN.command, RUN.id))
        one = serve(ledger, await lease_of(ledger, name=ORG), MemoryBroker(), MemoryXero())
        await one.hold_calls()
        of_run = CUSTOMER.model_copy(update={"correlation_id": RUN.id})
        lost, again = (by_batch(one.broker, of_run) for _ in range(2))
        one.serving.receive(lost)
        [newer] = one.receive(CUSTOMER.model_copy(update={"version": VERSION + timedelta(hours=1)}))
        await until(lambda: [len(work.absorbed) for work in one.session.buffer.works()] == [1], what="one in the other")

        one.serving.queue_lost(lost.queue)
        held = one.session.buffer.load.held.total()
        one.serving.receive(again)
        await until(lambda: one.session.buffer.load.held.total() > held, what="the redelivery in memory")
        one.let_calls_go()
        await one.acked(newer, again.tag)
        await one.end()

        assert (one.broker.acked[lost.tag], one.broker.returned[lost.tag]) == (0, 0)
        status = await ledger.runs.get(RUN.id)
        assert status is not None
        assert (status.unchanged, status.settled) == (1, 1)


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
        versions = {"newer": START + timedelta(hours=1), "its own": START, "older": START - timedelta(hours=1)}
        for name, version in versions.items():
            parked = held(1, HoldState.PERSON, id=name, owner=key(1).owner, version=version)
            await one.ledger.held.hold(one.lease, [parked])
        call = await open_call(one.ledger, one.lease, write(1))

        await settlement.adopt(call, 500, [document(1)])

        assert {row.id for row in await one.parked()} == {"its own", "newer"}
