"""The backfill lane takes what the other two leave."""

from __future__ import annotations

from schemas.envelope import Lane
from tests.unit.lanes.test_lanes import Stage


async def test_backfill_waits_while_anything_else_is_at_hand() -> None:
    stage = Stage()
    stage.held[Lane.IMMEDIATE] = 1
    assert await stage.turn() == {Lane.IMMEDIATE}

    stage.held[Lane.IMMEDIATE] = 0

    assert await stage.turn() == {Lane.IMMEDIATE, Lane.BACKFILL}


async def test_what_waits_to_be_looked_up_keeps_no_backfill_from_being_taken() -> None:
    stage = Stage()
    stage.held[Lane.IMMEDIATE] = stage.held[Lane.BATCH] = 2
    stage.asleep[Lane.IMMEDIATE], stage.asleep[Lane.BATCH] = 2, 1

    assert await stage.turn() == {Lane.IMMEDIATE}

    stage.asleep[Lane.BATCH] = 2

    assert await stage.turn() == {Lane.IMMEDIATE, Lane.BACKFILL}
