"""A worker whose configuration says another window than the last one's did."""

from __future__ import annotations

from datetime import timedelta

import pytest

from schemas.envelope import Lane
from tests.unit.lanes.test_lanes import Stage
from worker.lanes.batch_window import BatchWindow


@pytest.mark.parametrize("minutes", [10, 60])
async def test_a_worker_that_starts_with_another_window_keeps_to_that(minutes: int) -> None:
    stage = Stage()
    stage.waiting(Lane.BATCH, 2)
    stage.batch = BatchWindow()
    stage.next_session(timedelta(minutes=minutes))
    assert Lane.BATCH not in await stage.turn()

    stage.time += timedelta(minutes=minutes) - timedelta(minutes=10 % minutes, seconds=1)
    assert Lane.BATCH not in await stage.turn()

    stage.time += timedelta(seconds=1)
    assert Lane.BATCH in await stage.turn()
