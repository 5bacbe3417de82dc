"""A worker that dies as soon as the ledger has written down an end leaves its run complete."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from producers.runs import Run
from schemas.commands import ResyncAll
from schemas.entities import Entity
from tests.support.agent_fixture import message
from tests.support.mapping_cases import event
from tests.support.sample_ledger import lease_of, opened
from tests.support.serving_fakes import ORG, MemoryBroker, MemoryXero, serve
from tests.unit.serving.test_serving_overtaken import held
from worker.ledger.records import HoldState
from worker.session.steps import Step

CUSTOMER = event(Entity.CUSTOMER, {"id": "7", "email": "jo@example.com", "first_name": "Jo"})
RUN = Run("run-1", "resync-all", ResyncAll())


class Died(Exception):
    """The process is gone."""


class Dying:
    """Ends a worker at `step`."""

    def __init__(self, step: Step) -> None:
        self._step = step

    def reached(self, step: Step) -> None:
        if step is self._step:
            raise Died


@pytest.mark.parametrize(
    ("step", "version", "ends"),
    [(Step.RECORDED, CUSTOMER.version, (1, 0)), (Step.HELD, CUSTOMER.version.replace(year=2100), (0, 1))],
    ids=["written", "parked, as its version lies in the future"],
)
async def test_a_held_event_is_counted_once_by_its_run(
    tmp_path: Path, step: Step, version: datetime, ends: tuple[int, int]
) -> None:
    async with opened(f"sqlite+inline:///{tmp_path}/ledger.db") as ledger:
        await ledger.store("webshop", holder="agent")[1].record(RUN, message(RUN.name, RUN.command, RUN.id))
        lease = await lease_of(ledger, name=ORG)
        waiting = CUSTOMER.model_copy(update={"correlation_id": RUN.id, "version": version})
        await ledger.held.hold(lease, [held(waiting, await ledger.now())])
        dying = serve(ledger, lease, MemoryBroker(), MemoryXero())
        dying.session.steps = Dying(step)
        assert isinstance(await dying.failure(), Died)

        next_one = serve(ledger, lease, MemoryBroker(), MemoryXero())
        await next_one.waits(HoldState.TIME, 0)
        await next_one.end()

        status = await ledger.runs.get(RUN.id)
        assert status is not None
        assert (status.written, status.parked, status.settled) == (*ends, 1)
