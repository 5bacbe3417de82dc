from __future__ import annotations

from datetime import timedelta

from schemas.envelope import Lane
from tests.support.fakes import START
from worker.budget.limits import Limits
from worker.budget.state import Spent, fresh
from worker.lanes.outlook import Opening, outlook
from worker.views.planning import Load, cost

LIMITS = Limits()


def test_nothing_waiting_is_done_now_with_the_whole_day_left() -> None:
    seen = outlook({}, fresh(LIMITS, START), Spent(), limits=LIMITS, now=START)

    assert set(seen.done.values()) == {START}
    assert (seen.left_at_once, seen.left_today) == (5, 1000)


def test_a_lane_waits_for_the_more_urgent_ones() -> None:
    waiting = {Lane.IMMEDIATE: 45 * 20, Lane.BATCH: 45 * 20, Lane.BACKFILL: 45 * 2000}

    seen = outlook(waiting, fresh(LIMITS, START), Spent(), limits=LIMITS, now=START)

    assert START < seen.done[Lane.IMMEDIATE] < seen.done[Lane.BATCH]
    assert seen.done[Lane.BACKFILL] - START > timedelta(days=1)


def test_a_lane_where_nothing_waits_is_done_whatever_waits_in_others() -> None:
    seen = outlook({Lane.IMMEDIATE: 45 * 300}, fresh(LIMITS, START), Spent(), limits=LIMITS, now=START)

    assert seen.done[Lane.BATCH] == seen.done[Lane.BACKFILL] == START


def test_a_backfill_that_is_not_done_by_the_opening_is_done_after_the_batch() -> None:
    waiting = {Lane.BATCH: 4_500, Lane.BACKFILL: 50 * 200}
    rested, opening = fresh(LIMITS, START), Opening(START + timedelta(minutes=30), awaited_by=4_500)

    seen = outlook(waiting, rested, Spent(), limits=LIMITS, now=START, opening=opening)
    open_already = outlook(waiting, rested, Spent(), limits=LIMITS, now=START)

    assert opening.at < seen.done[Lane.BATCH] < seen.done[Lane.BACKFILL]
    assert seen.done[Lane.BACKFILL] == open_already.done[Lane.BACKFILL]


def test_a_resync_that_is_on_its_way_takes_as_long_as_its_price_said() -> None:
    rested = fresh(LIMITS, START)
    price = cost(Load(customers=20_000), LIMITS, lane=Lane.BACKFILL, now=START)

    seen = outlook({Lane.BACKFILL: 20_000}, rested, Spent(), limits=LIMITS, now=START)

    assert seen.done[Lane.BACKFILL] - START == price.takes
