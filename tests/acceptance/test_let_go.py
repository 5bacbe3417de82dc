"""What a person has let go stays so, also where the broker never heard that it was parked."""

from __future__ import annotations

from dataclasses import replace

from schemas.entities import Entity
from tests.acceptance.post import part_of
from tests.acceptance.stage import SHORT_LEASE_S, Stage, a_small_day
from tests.support.log_lines import told
from tests.support.sample_ledger import parked_in
from worker.ledger.held.parked import Chosen
from worker.session.steps import Step


async def test_a_discarded_event_that_comes_again_is_not_taken_up(stage: Stage) -> None:
    whole = a_small_day(stage.organisation)
    [one, *_] = part_of(whole, lambda event: event.entity is Entity.CUSTOMER).events
    day = replace(whole, events=[one], bad=whole.bad[:1])
    await stage.publish(day)
    await stage.died(stage.worker(Step.HELD))
    ledger = await stage.ledger()
    [parked] = await parked_in(ledger, stage.organisation)
    await ledger.parked.discard(Chosen(ids=(parked.id,)), who="ada", reason="booked by hand")
    stage.lease_s = SHORT_LEASE_S

    stage.worker()

    await stage.until(lambda: bool(told(stage.log(), result="discarded")), what="the message that comes again")
    await stage.until(lambda: bool(told(stage.log(), entity="customer", result="written")), what="the customer")
    assert await parked_in(ledger, stage.organisation) == []
    [line] = told(stage.log(), result="discarded")
    assert line["outcome"] == "completed"
