"""Workers die, join, leave and lose the database in mid-run: afterwards nothing is lost, doubled or a cent off."""

from __future__ import annotations

import asyncio
import signal
import time
from collections import Counter

import psycopg
import pytest
from psycopg import sql

from tests.acceptance.locking import locked
from tests.acceptance.midway import midway
from tests.acceptance.post import part_of
from tests.acceptance.stage import SHORT_LEASE_S, Stage, a_small_day
from tests.support.trading_day import Day
from worker.ledger.database.errors import LedgerUnavailable

_SLOW_MS = 100


@pytest.mark.parametrize(
    ("empty_database_url", "leaving"),
    [("sqlite", signal.SIGKILL), ("postgresql", signal.SIGKILL), ("postgresql", signal.SIGTERM)],
    indirect=["empty_database_url"],
)
async def test_others_take_over_from_one_of_three_workers_and_share_with_one_that_joins(
    wide_stage: Stage, leaving: signal.Signals
) -> None:
    stage = wide_stage
    days = _days_of_four(stage)
    stage.lease_s = SHORT_LEASE_S
    stage.sandbox.limits(latency_ms=_SLOW_MS)
    workers = {str(worker.pid): worker for worker in (stage.worker(), stage.worker(), stage.worker())}
    await stage.until_async(lambda: _shares_are(stage, [1, 1, 2]), what="organisations for each worker")
    for day in days:
        await stage.publish(day)
    await stage.until(lambda: stage.calls() >= 6, what="the first calls")

    victim = workers[(await _holders(stage)).most_common(1)[0][0]]
    victim.send_signal(leaving)
    await stage.until(lambda: victim.poll() is not None, what="the worker gone")
    await stage.until_async(lambda: _shares_are(stage, [2, 2]), what="its organisations taken over")
    joined = stage.worker()
    await stage.until_async(lambda: _shares_are(stage, [1, 1, 2]), what="a share for the worker that joined")

    assert victim.returncode == (0 if leaving is signal.SIGTERM else -leaving)
    assert str(joined.pid) in await _holders(stage)
    await stage.until_quiet(days)
    await stage.assert_right(*days)


@pytest.mark.long
@pytest.mark.parametrize("empty_database_url", ["postgresql"], indirect=True)
async def test_three_more_workers_under_load_share_what_one_served_with_nothing_configured_anew(
    wide_stage: Stage,
) -> None:
    stage = wide_stage
    days = _days_of_four(stage, orders=48)
    configured = stage.config.read_text(), dict(stage.environ)
    stage.sandbox.limits(latency_ms=8 * _SLOW_MS)
    stage.worker()
    await stage.until_async(lambda: _shares_are(stage, [4]), what="all organisations with one worker")
    for day in days:
        await stage.publish(day)
    await stage.until(lambda: stage.calls() >= 8, what="the first calls")

    for _ in range(3):
        stage.worker()
    await stage.until_async(lambda: _shares_are(stage, [1, 1, 1, 1]), what="one organisation for each worker")
    later = _days_of_four(stage, season=1)
    for day in later:
        await stage.publish(day)
    days += later
    await stage.until_quiet(days)

    assert all('"outcome"' in stage.log(number) for number in range(4))
    assert (stage.config.read_text(), stage.environ) == configured
    await stage.assert_right(*days)


async def test_two_workers_for_one_organisation_do_not_split_its_calls(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    day = a_small_day(stage.organisation, orders=12)
    stage.worker()
    stage.worker()
    await stage.publish(day)

    await stage.until_quiet([day])
    await stage.assert_right(day)
    assert sum(log.count("organisation.serving") for log in (stage.log(0), stage.log(1))) == 1


async def test_a_worker_told_to_stop_under_load_settles_its_calls_and_exits_with_0(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    day, worker = await midway(stage, latency_ms=300)

    worker.send_signal(signal.SIGTERM)
    await stage.until(lambda: worker.poll() is not None, what="the worker gone")
    ledger = await stage.ledger()
    unsettled = await ledger.calls.unsettled(stage.organisation)
    held_by = await ledger.leases.holders()
    stage.worker()

    assert worker.returncode == 0
    assert (unsettled, held_by) == ([], [])
    await stage.until_quiet([day])
    await stage.assert_right(day)


@pytest.mark.parametrize("empty_database_url", ["postgresql"], indirect=True)
async def test_a_database_away_for_longer_than_a_lease_costs_nothing(stage: Stage) -> None:
    stage.lease_s = SHORT_LEASE_S
    day, worker = await midway(stage, latency_ms=_SLOW_MS)

    await asyncio.to_thread(_shut_out, stage.ledger_url, seconds=4)

    await stage.until_quiet([day])
    await stage.assert_right(day)
    assert "ledger.unavailable" in stage.log()
    assert worker.poll() is None


async def test_a_database_that_another_process_locks_for_seconds_costs_nothing(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    day, worker = await midway(stage, latency_ms=_SLOW_MS)

    with locked(stage.folder / "ledger.db"):
        # the ledger gives up after 10 s
        await stage.until(lambda: "ledger.unavailable" in stage.log(), what="the lock felt")

    await stage.until_quiet([day])
    await stage.assert_right(day)
    assert worker.poll() is None


def _days_of_four(stage: Stage, *, orders: int = 24, season: int = 0) -> list[Day]:
    """Each season has other stores."""
    names = {"": "shop", "_org2": "outlet", "_org3": "market", "_org4": "depot"}
    return [
        part_of(
            a_small_day(
                f"{stage.organisation}{suffix}", orders=orders, seed=seed + 4 * season, store=f"{store}{season}"
            )
        )
        for seed, (suffix, store) in enumerate(names.items())
    ]


async def _holders(stage: Stage) -> Counter[str]:
    """How many organisations each worker serves, by its pid."""
    try:
        leases = await (await stage.ledger()).leases.holders()
    except LedgerUnavailable:
        return Counter()
    return Counter(lease.holder.split("-")[-2] for lease in leases if lease.name.startswith(stage.organisation))


async def _shares_are(stage: Stage, shares: list[int]) -> bool:
    return sorted((await _holders(stage)).values()) == shares


def _shut_out(ledger_url: str, *, seconds: float) -> None:
    """Break every connection to the database, and let nobody in for a while."""
    url = ledger_url.replace("postgresql+psycopg://", "postgresql://", 1)
    server, _, name = url.rpartition("/")
    allow = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(allow.format(sql.Identifier(name), sql.SQL("false")))
        try:
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
            time.sleep(seconds)
        finally:
            connection.execute(allow.format(sql.Identifier(name), sql.SQL("true")))
