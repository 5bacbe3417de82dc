"""The budget as the ledger keeps it: it survives workers, and its windows roll."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from schemas.envelope import Lane
from tests.support.budget_simulation import most_within
from tests.support.fakes import START, FakeClock
from tests.support.sample_ledger import ORG, lease_of, opened
from worker.budget.corrections import Headers
from worker.budget.decision import Wait
from worker.budget.forecast import Left, left
from worker.budget.limits import DAY, MINUTE, Limits
from worker.budget.state import Spent
from worker.ledger.ledger import Ledger
from worker.ledger.records import Call, Lease, Purpose


async def test_over_two_days_of_endless_demand_every_window_holds(ledger: Ledger, clock: FakeClock) -> None:
    limits, granted = Limits(day=60, minute=6), []
    lease = await lease_of(ledger)

    while clock.now() < START + 2 * DAY:
        result = await _call(ledger, lease, limits)
        if isinstance(result, Wait):
            assert result.until > clock.now()
            clock.advance((result.until - clock.now()).total_seconds())
        else:
            granted.append(clock.now())
        if len(granted) % 40 == 0:
            await ledger.calls.purge(30)

    assert most_within(granted, DAY) == 60
    assert most_within(granted, MINUTE) <= 6
    assert len(granted) >= 119


async def test_what_xero_said_outlives_the_worker_that_heard_it(database_url: str, clock: FakeClock) -> None:
    limits = Limits()
    async with opened(database_url, clock=clock) as first:
        lease = await lease_of(first)
        assert isinstance(await _call(first, lease, limits), Call)
        await first.calls.correct(ORG, Headers(retry_after_s=3600, problem="day"))
        await first.calls.correct(ORG, Headers(day_remaining=7, minute_remaining=3))

    async with opened(database_url, clock=clock) as second:
        waiting = await _call(second, await lease_of(second), limits)
        state, spent, now = await second.budget.standing(ORG, limits)

    assert waiting == Wait(START, START + timedelta(minutes=15), "day")
    assert (state.correction.day_remaining, state.correction.minute_remaining) == (7, 3)
    assert (spent.day, now) == (1, START)
    assert left(state, spent, limits=limits, lane=Lane.IMMEDIATE, now=now) == Left(at_once=0, day=7)


async def test_headers_of_one_organisation_do_not_bind_another(ledger: Ledger) -> None:
    ours, theirs = await lease_of(ledger), await lease_of(ledger, name="other")
    for lease in (ours, theirs):
        await _call(ledger, lease, Limits())

    await ledger.calls.correct(ORG, Headers(day_remaining=0))

    assert isinstance(await _call(ledger, ours, Limits()), Wait)
    assert isinstance(await _call(ledger, theirs, Limits()), Call)


async def test_an_organisation_that_was_never_called_has_all_of_its_budget(ledger: Ledger) -> None:
    await ledger.calls.correct(ORG, Headers(day_remaining=0))

    state, spent, now = await ledger.budget.standing(ORG, Limits())

    assert left(state, spent, limits=Limits(), lane=Lane.IMMEDIATE, now=now) == Left(at_once=5, day=1000)


async def test_a_clock_set_back_makes_no_tokens(ledger: Ledger, clock: FakeClock) -> None:
    lease = await lease_of(ledger)

    granted: list[datetime] = []
    for _ in range(6):
        clock.set_back(7200)
        clock.advance(3600)
        results = [await _call(ledger, lease, Limits(concurrent=1000)) for _ in range(3)]
        granted += [call.opened_at for call in results if isinstance(call, Call)]

    assert len(granted) == 5


async def test_a_clock_that_was_ahead_and_is_put_right_stops_no_calls(ledger: Ledger, clock: FakeClock) -> None:
    limits, year_s = Limits(day=60), 365 * 86_400
    lease = await lease_of(ledger)
    clock.advance(year_s)
    before = [await _call(ledger, lease, limits) for _ in range(5)]
    clock.set_back(year_s)

    waiting = await _call(ledger, lease, limits)
    state, spent, now = await ledger.budget.standing(ORG, limits)
    clock.advance((waiting.until - clock.now()).total_seconds() if isinstance(waiting, Wait) else 0)
    after = await _call(ledger, lease, limits)

    assert all(isinstance(one, Call) for one in before)
    assert isinstance(waiting, Wait)
    assert (waiting.reason, state.minute.at, spent.in_flight) == ("minute", now, 0)
    assert waiting.seconds < 2
    assert spent.frees_at is not None
    assert now < spent.frees_at <= now + DAY + MINUTE
    assert isinstance(after, Call)


@pytest.mark.parametrize("ahead", [timedelta(), timedelta(days=40)])
async def test_the_standing_says_when_how_many_calls_count_no_longer(
    ledger: Ledger, clock: FakeClock, ahead: timedelta
) -> None:
    lease = await lease_of(ledger)
    clock.advance(ahead.total_seconds())
    for minutes in (0, 1, 120):
        clock.advance(minutes * 60)
        assert isinstance(await _call(ledger, lease, Limits()), Call)
    clock.set_back(ahead.total_seconds())

    _, spent, now = await ledger.budget.standing(ORG, Limits())

    # the first two together, a minute and two hours before the last
    first, last = spent.frees
    assert (first[1], last[1], spent.day) == (2, 1, 3)
    assert (last[0] - now, last[0] - first[0]) == (DAY + MINUTE, timedelta(hours=2))


async def test_what_is_in_flight_when_a_clock_is_put_right_is_so_until_it_has_landed(
    ledger: Ledger, clock: FakeClock
) -> None:
    lease = await lease_of(ledger)
    clock.advance(6 * 3600)
    for _ in range(5):
        assert isinstance(await _open(ledger, lease, Limits()), Call)
    clock.set_back(6 * 3600)

    waited_s = 0.0
    while isinstance(waiting := await _call(ledger, lease, Limits()), Wait) and waited_s < DAY.total_seconds():
        assert waiting.reason in ("in_flight", "minute")
        waited_s += waiting.seconds
        clock.advance(waiting.seconds)

    assert 60 <= waited_s < 130


async def test_calls_of_a_clock_that_was_ahead_are_forgotten_two_days_later(ledger: Ledger, clock: FakeClock) -> None:
    limits = Limits(day=60)
    lease = await lease_of(ledger)
    clock.advance(6 * 3600)
    await _call(ledger, lease, limits)
    clock.set_back(6 * 3600)
    await _call(ledger, lease, limits)

    await ledger.calls.purge(30)
    kept = (await ledger.budget.standing(ORG, limits))[1].day
    clock.advance(2 * DAY.total_seconds() + 120)
    await ledger.calls.purge(30)

    assert kept == 2
    assert (await ledger.budget.standing(ORG, limits))[1] == Spent()


async def test_a_ledger_that_asks_the_database_for_the_time_finds_its_clock_put_right(database_url: str) -> None:
    ahead = FakeClock(datetime.now(UTC) + timedelta(hours=6))
    async with opened(database_url, clock=ahead) as first:
        assert isinstance(await _call(first, await lease_of(first), Limits()), Call)

    async with opened(database_url) as second:
        lease = await lease_of(second)
        after = await _call(second, lease, Limits())
        state, spent, now = await second.budget.standing(ORG, Limits())

    assert isinstance(after, Call)
    assert (spent.day, spent.in_flight) == (2, 0)
    assert now - MINUTE < state.minute.at <= now


@pytest.mark.parametrize("purged", [False, True])
async def test_a_call_counts_until_it_is_24_hours_old_not_its_minute(
    ledger: Ledger, clock: FakeClock, *, purged: bool
) -> None:
    limits = Limits(day=3, burst=1.0, reserve=0.0)
    lease = await lease_of(ledger)
    clock.advance(59)
    for _ in range(3):
        assert isinstance(await _call(ledger, lease, limits), Call)

    clock.advance(DAY.total_seconds() - 30)
    if purged:
        await ledger.calls.purge(retention_days=30)

    assert isinstance(await _call(ledger, await lease_of(ledger), limits), Wait)


async def test_the_call_that_is_answered_is_not_taken_off_what_xero_says_is_left(ledger: Ledger) -> None:
    lease = await lease_of(ledger)
    under_way = [await _open(ledger, lease, Limits()) for _ in range(2)]
    assert isinstance(under_way[0], Call)

    await ledger.calls.correct(ORG, Headers(day_remaining=7))
    before_it_is_closed = (await ledger.budget.standing(ORG, Limits()))[0].correction.day_remaining
    await ledger.calls.close(lease, under_way[0].id, status=200, headers=Headers(day_remaining=7))
    as_it_is_closed = (await ledger.budget.standing(ORG, Limits()))[0].correction.day_remaining

    # the other one, which Xero may not have counted
    assert (before_it_is_closed, as_it_is_closed) == (6, 6)


async def _call(ledger: Ledger, lease: Lease, limits: Limits) -> Call | Wait:
    """One read, answered at once."""
    result = await _open(ledger, lease, limits)
    if isinstance(result, Call):
        await ledger.calls.close(lease, result.id, status=200)
    return result


async def _open(ledger: Ledger, lease: Lease, limits: Limits) -> Call | Wait:
    return await ledger.calls.open_read(
        lease, purpose=Purpose.PROBE, lane=Lane.IMMEDIATE, path="/Organisation", params={}, limits=limits
    )
