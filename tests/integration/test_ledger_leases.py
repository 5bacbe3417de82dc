"""One holder at a time, and a fencing number that tells an old one."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from tests.support.fakes import FakeClock
from tests.support.sample_ledger import lease_of, opened
from worker.ledger.database.errors import LeaseLost
from worker.ledger.ledger import Ledger


async def test_a_held_lease_is_nobody_elses(ledger: Ledger) -> None:
    held = await ledger.leases.acquire("main", "w1", ttl_s=15)

    assert await ledger.leases.acquire("main", "w2") is None
    assert await ledger.leases.acquire("other", "w2") is not None
    assert held in await ledger.leases.holders()


async def test_an_expired_lease_goes_to_who_asks_and_the_old_holder_is_told(ledger: Ledger, clock: FakeClock) -> None:
    old = await lease_of(ledger, "w1")
    clock.advance(15)

    new = await lease_of(ledger, "w2")

    assert new.fence == old.fence + 1
    with pytest.raises(LeaseLost, match=r"lease 'main': w1 has fence 1, but w2 \(fence 2\) holds it now"):
        await ledger.leases.renew(old)
    assert await ledger.leases.holders() == [new]


async def test_renewing_prolongs_also_when_late_but_first(ledger: Ledger, clock: FakeClock) -> None:
    lease = await lease_of(ledger)
    clock.advance(20)

    renewed = await ledger.leases.renew(lease)
    clock.advance(14)

    assert renewed.fence == lease.fence
    assert await ledger.leases.acquire("main", "w2") is None


async def test_a_released_lease_is_free_at_once_and_void(ledger: Ledger) -> None:
    lease = await lease_of(ledger, "w1")

    await ledger.leases.release(lease)
    await ledger.leases.release(lease)

    with pytest.raises(LeaseLost, match="but nobody holds it now"):
        await ledger.leases.renew(lease)
    assert await ledger.leases.holders() == []
    assert (await lease_of(ledger, "w2")).fence == 2


async def test_releasing_a_lost_lease_does_not_take_it_from_the_new_holder(ledger: Ledger, clock: FakeClock) -> None:
    old = await lease_of(ledger, "w1")
    clock.advance(15)
    new = await lease_of(ledger, "w2")

    await ledger.leases.release(old)

    assert await ledger.leases.holders() == [new]


async def test_a_worker_that_starts_again_under_its_name_gets_a_new_fence(ledger: Ledger) -> None:
    before = await lease_of(ledger, "w1")

    after = await lease_of(ledger, "w1")

    assert after.fence == before.fence + 1
    with pytest.raises(LeaseLost):
        await ledger.leases.renew(before)


async def test_of_eight_racers_in_two_ledgers_one_wins(database_url: str) -> None:
    async with opened(database_url) as one, opened(database_url) as two:
        racing = [(one, two)[n % 2].leases.acquire("main", f"w{n}") for n in range(8)]

        won = [lease for lease in await asyncio.gather(*racing) if lease is not None]

    assert len(won) == 1
    assert won[0].fence == 1


async def test_live_workers_are_those_heard_of_lately(ledger: Ledger, clock: FakeClock) -> None:
    for worker in ("w3", "w1", "w2"):
        await ledger.leases.heartbeat(worker)
    clock.advance(10)
    await ledger.leases.heartbeat("w1")
    await ledger.leases.heartbeat("w3")
    await ledger.leases.forget_worker("w3")
    clock.advance(10)

    assert await ledger.leases.live_workers(within_s=15) == ["w1"]
    assert await ledger.leases.live_workers(within_s=30) == ["w1", "w2"]


async def test_a_lease_of_a_clock_that_was_ahead_ends_after_one_ttl(ledger: Ledger, clock: FakeClock) -> None:
    clock.advance(6 * 3600)
    await lease_of(ledger, "w1")
    clock.set_back(6 * 3600)

    taken = [lease.name for lease in await ledger.leases.holders(ttl_s=15)]
    first = await ledger.leases.acquire("main", "w2", ttl_s=15)
    clock.advance(15)

    assert (taken, first) == ([], None)
    assert await ledger.leases.acquire("main", "w2", ttl_s=15) is not None


async def test_who_lives_on_keeps_its_lease_when_the_clock_is_put_right(ledger: Ledger, clock: FakeClock) -> None:
    clock.advance(6 * 3600)
    lease = await lease_of(ledger, "w1")
    clock.set_back(6 * 3600)

    await ledger.leases.acquire("main", "w2", ttl_s=15)
    clock.advance(5)
    renewed = await ledger.leases.renew(lease)
    clock.advance(14)

    assert renewed.fence == lease.fence
    assert await ledger.leases.acquire("main", "w2") is None


async def test_a_lease_that_is_held_for_longer_than_others_ask_for_it_is_left(ledger: Ledger, clock: FakeClock) -> None:
    held = await ledger.leases.acquire("main", "rebuild", ttl_s=30)

    assert await ledger.leases.acquire("main", "w2", ttl_s=15) is None
    clock.advance(29)

    assert await ledger.leases.holders(ttl_s=15) == [held]
    assert await ledger.leases.acquire("main", "w2", ttl_s=15) is None


@pytest.mark.parametrize("granted_s", [15, 30], ids=["a worker's", "a rebuild's"])
async def test_a_lease_is_left_whole_by_who_asks_for_a_shorter_one(
    granted_s: int, ledger: Ledger, clock: FakeClock
) -> None:
    held = await ledger.leases.acquire("main", "w1", ttl_s=granted_s)

    assert await ledger.leases.acquire("main", "w2", ttl_s=1) is None
    clock.advance(granted_s - 1)

    assert await ledger.leases.holders(ttl_s=1) == [held]
    assert await ledger.leases.acquire("main", "w2", ttl_s=1) is None


async def test_a_worker_that_a_clock_ahead_saw_last_is_not_alive(ledger: Ledger, clock: FakeClock) -> None:
    clock.advance(6 * 3600)
    await ledger.leases.heartbeat("killed")
    await ledger.leases.heartbeat("living")
    clock.set_back(6 * 3600)
    await ledger.leases.heartbeat("living")

    assert await ledger.leases.live_workers(within_s=15) == ["living"]


async def test_without_a_clock_of_its_own_the_ledger_has_one(database_url: str) -> None:
    async with opened(database_url) as ledger:
        first = await ledger.now()
        lease = await lease_of(ledger)
        last = await ledger.now()

    assert first.utcoffset() is not None
    assert first <= lease.expires_at - timedelta(seconds=15) <= last
