"""A lane that holds all it may."""

from __future__ import annotations

from schemas.envelope import Lane
from tests.unit.lanes.test_lanes import Stage
from worker.lanes.lanes import LEAST_HELD


async def test_a_lane_that_has_filled_up_is_not_started_anew_beside_what_it_holds() -> None:
    stage = Stage()
    await stage.turn()

    stage.held[Lane.IMMEDIATE] = LEAST_HELD
    assert Lane.IMMEDIATE in await stage.turn()

    stage.held[Lane.IMMEDIATE] = LEAST_HELD + 1
    assert Lane.IMMEDIATE not in await stage.turn()
