"""Of several versions of one entity only the newest is sent, also when they waited in the ledger."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from schemas.entities import Entity
from schemas.envelope import Event
from tests.support.mapping_cases import VERSION, event, invoice, line, payment
from tests.support.serving_fakes import ORG, served
from tests.support.waiting import until
from tests.unit.serving.test_serving_overtaken import CUSTOMER, held
from worker.documents.documents import Kind
from worker.lanes.lanes import MOST_HELD
from worker.ledger.records import HoldState


def paying(amount: str, hours: int) -> Event:
    made = event(Entity.PAYMENT, payment(amount=amount))
    return made.model_copy(update={"version": VERSION + timedelta(hours=hours), "id": f"paid-{hours}"})


async def test_what_a_version_absorbed_that_a_person_has_to_look_at_is_not_sent_in_its_place(tmp_path: Path) -> None:
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db") as one:
        await one.acked(*one.receive(paying("12.00", 1)))
        [first] = [kept async for kept in one.ledger.histories.every_held([ORG])]
        await one.acked(*one.receive(paying("13.00", 2)))
        await one.ledger.held.hold(one.lease, [first])  # as one that Xero refuses late stands beside the newer one
        await one.waits(HoldState.PARENT, 2)

        # the sale comes, of 12.00: the store says by now that 13.00 were paid
        await one.acked(*one.receive(event(Entity.INVOICE, invoice(line("10.00", "2.00", tax_rate="20")))))
        await one.parks(1)

        assert await one.waiting(HoldState.TIME) == 0
        assert [kept.event_id for kept in await one.parked()] == ["paid-2"]
        assert [call for call in one.xero.calls if call.kind is Kind.PAYMENT] == []


async def test_what_a_version_absorbed_that_xero_refuses_is_not_sent_in_its_place(tmp_path: Path) -> None:
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db") as one:
        one.xero.answers[Kind.CONTACT] = [one.xero.refuse]
        newer = CUSTOMER.model_copy(update={"version": VERSION + timedelta(hours=1), "id": "newer"})
        due = [held(version, await one.ledger.now()) for version in (CUSTOMER, newer)]
        await one.ledger.held.hold(one.lease, [replace(each, id=each.event_id) for each in due])

        await one.parks(1)

        assert await one.waiting(HoldState.TIME) == 0
        assert [kept.event_id for kept in await one.parked()] == ["newer"]
        assert len([call for call in one.xero.calls if call.kind is Kind.CONTACT]) == 1


async def test_a_whole_prefetch_of_versions_of_one_customer_ends_with_one_call(tmp_path: Path) -> None:
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db") as one:
        await one.hold_calls()
        versions = [VERSION + timedelta(seconds=n) for n in range(MOST_HELD)]
        tags = one.receive(*(CUSTOMER.model_copy(update={"version": version}) for version in versions))
        load = one.session.buffer.load
        await until(lambda: one.task.done() or load.held.total() == MOST_HELD, what="all of them in memory")
        one.let_calls_go()

        await until(lambda: one.task.done() or one.broker.acked.total() == MOST_HELD, what="all acknowledged")

        assert not one.task.done(), await one.failure()
        assert [one.broker.acked[tag] for tag in tags] == [1] * MOST_HELD
        await one.written(Kind.CONTACT, calls=1)
