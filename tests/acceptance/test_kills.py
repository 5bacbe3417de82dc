"""kill -9 of the worker at each step of an event's way: afterwards nothing is lost, doubled or a cent off."""

from __future__ import annotations

import pytest

from tests.acceptance.stage import Stage, a_small_day
from worker.session.steps import Step

# which time of the step: late enough that some events are through and others are on their way
_NTH = {
    Step.RECEIVED: 150,
    Step.BUFFERED: 60,
    Step.HELD: 1,  # all that waits may be held at once
    Step.CALL_OPENED: 3,
    Step.SENT: 3,
    Step.ANSWERED: 3,
    Step.RECORDED: 3,
    Step.ACKED: 90,
}


@pytest.mark.parametrize("step", list(Step), ids=lambda step: step.replace(" ", "-"))
async def test_a_worker_killed_at_any_step_costs_nothing(stage: Stage, step: Step) -> None:
    day = a_small_day(stage.organisation)
    await stage.publish(day)

    await stage.died(stage.worker(step, _NTH[step]))
    stage.worker()

    await stage.until_quiet([day])
    await stage.assert_right(day)


async def test_a_worker_killed_at_one_step_after_the_other_costs_nothing(sqlite_stage: Stage) -> None:
    day = a_small_day(sqlite_stage.organisation, orders=48)
    await sqlite_stage.publish(day)

    for step in (Step.CALL_OPENED, Step.SENT, Step.RECORDED, Step.ANSWERED):
        await sqlite_stage.died(sqlite_stage.worker(step, 1))
    sqlite_stage.worker()

    await sqlite_stage.until_quiet([day])
    await sqlite_stage.assert_right(day)
