"""Several processes, several engines, one database: exactly once all the same."""

from __future__ import annotations

import asyncio
import sqlite3
from concurrent.futures import ProcessPoolExecutor
from contextlib import AsyncExitStack, closing
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import pytest

from schemas.envelope import Lane
from tests.support.fakes import START, FakeClock
from tests.support.forked import FORKSERVER
from tests.support.ledger_racer import race
from tests.support.sample_ledger import KEY, ORG, document, key, lease_of, open_call, opened, try_open, write
from worker.budget.limits import Limits
from worker.documents.documents import Kind
from worker.ledger.database.errors import DocumentBusy, LeaseLost, WrongKey
from worker.ledger.database.upgrade import upgrade
from worker.ledger.ledger import Ledger
from worker.ledger.records import Call, Lease, Opened, Purpose, TokenSet

DOCUMENTS = 60
RACE_S = 90
LIMITS = Limits(minute=600, concurrent=100, burst=1.0)


async def test_processes_that_lose_their_lease_in_mid_call_write_each_document_once(database_url: str) -> None:
    async with opened(database_url) as ledger:
        with ProcessPoolExecutor(4, mp_context=FORKSERVER) as pool:
            racers = [pool.submit(race, database_url, f"w{n}", 4, DOCUMENTS) for n in range(4)]
            lost = [racer.result(RACE_S) for racer in racers]

        assert sum(lost) > 0, "no lease was lost: the race was none"
        assert len(await ledger.documents.get([key(n) for n in range(DOCUMENTS)])) == DOCUMENTS
        assert await ledger.calls.unsettled(ORG) == []
        assert sum(usage.documents for usage in await ledger.calls.usage(ORG, START)) == DOCUMENTS


@pytest.mark.long
async def test_a_worker_killed_in_mid_call_leaves_it_for_the_next(database_url: str) -> None:
    async with opened(database_url) as ledger:
        racers = [_racer(database_url, f"w{n}", of=2) for n in range(2)]
        await _somebody_opened_a_call(ledger)
        racers[0].kill()

        racers[1].join(RACE_S)

        assert racers[1].exitcode == 0
        assert sum(usage.documents for usage in await ledger.calls.usage(ORG, START)) == DOCUMENTS


async def test_eight_tasks_in_two_engines_get_exactly_what_the_budget_holds(database_url: str) -> None:
    clock, limits = FakeClock(), Limits(day=1000, concurrent=1000)
    async with AsyncExitStack() as stack:
        ledgers = [await stack.enter_async_context(opened(database_url, clock=clock)) for _ in range(2)]
        lease = await lease_of(ledgers[0])

        granted = []
        for seconds in (0, 6, 60, 600):
            clock.advance(seconds)
            tasks = [_hammer(ledgers[n % 2], lease, limits, 4) for n in range(8)]
            granted.append(sum(await asyncio.gather(*tasks)))

    assert granted == [5, 5, 5, 5]


async def test_a_person_who_reads_beside_the_worker_gets_none_of_its_tokens_twice(database_url: str) -> None:
    clock, limits = FakeClock(), Limits(day=1000, concurrent=1000)
    async with opened(database_url, clock=clock) as worker, opened(database_url, clock=clock) as person:
        lease = await lease_of(worker)

        granted = await asyncio.gather(
            *(_hammer(worker, lease, limits, 2) for _ in range(4)), *(_read(person, limits) for _ in range(8))
        )

    assert sum(granted) == 5


async def test_two_engines_cannot_open_the_same_document(database_url: str) -> None:
    async with opened(database_url) as one, opened(database_url) as two:
        lease = await lease_of(one)

        racing = [try_open(ledger, lease, write(1)) for ledger in (one, two, one, two)]
        results = await asyncio.gather(*racing, return_exceptions=True)

        assert sum(isinstance(result, Opened) for result in results) == 1
        assert sum(isinstance(result, DocumentBusy) for result in results) == 3
        assert sum(usage.requests for usage in await one.calls.usage(ORG, START)) == 1


async def test_taking_over_while_the_old_holder_closes_leaves_one_outcome(database_url: str) -> None:
    async with opened(database_url) as one, opened(database_url) as two:
        for n in range(10):
            old = await lease_of(one, "w1")
            call = await open_call(one, old, write(n))
            await one.leases.renew(old, ttl_s=0)

            closed, new = await asyncio.gather(
                one.calls.close(old, call.id, status=200, documents=[document(n)]),
                two.leases.acquire(ORG, "w2"),
                return_exceptions=True,
            )

            assert isinstance(new, Lease)
            left = await two.calls.unsettled(ORG)
            assert (closed == [] and left == []) or (isinstance(closed, LeaseLost) and left == [call])
            await two.calls.close(new, call.id, status=200, documents=[document(n)])
            await two.leases.release(new)


async def test_taking_over_while_the_old_holder_closes_a_read_leaves_one_outcome(database_url: str) -> None:
    async with opened(database_url) as one, opened(database_url) as two:
        closings = 0
        for _ in range(10):
            old = await lease_of(one, "w1")
            call = await one.calls.open_read(
                old, purpose=Purpose.LOOKUP, lane=Lane.IMMEDIATE, path="/Invoices", params={}, limits=LIMITS
            )
            assert isinstance(call, Call)
            await one.leases.renew(old, ttl_s=0)

            closed, new = await asyncio.gather(
                one.calls.close(old, call.id, status=200), two.leases.acquire(ORG, "w2"), return_exceptions=True
            )

            assert isinstance(new, Lease)
            assert closed == [] or isinstance(closed, LeaseLost)
            closings += closed == []
            await two.leases.release(new)

        assert sum(use.requests for use in await one.calls.usage(ORG, START) if use.status == 200) == closings


async def test_of_two_who_refresh_a_token_one_wins(database_url: str) -> None:
    async with opened(database_url) as one, opened(database_url) as two:
        assert await one.tokens.load("app") is None
        first = await asyncio.gather(*(ledger.tokens.swap("app", 0, _token("first")) for ledger in (one, two)))
        racing = [ledger.tokens.swap("app", 1, _token(f"second-{n}")) for n, ledger in enumerate((one, two, one, two))]
        second = await asyncio.gather(*racing)
        stored = await two.tokens.load("app")

    assert sorted(first) == [False, True]
    assert sorted(second) == [False, False, False, True]
    assert stored is not None
    assert stored.generation == 2
    assert stored.access_token == f"second-{second.index(True)}"


async def test_a_token_set_comes_back_whole(database_url: str) -> None:
    token = TokenSet("a", START, "r", START, "p", START, "scope one", generation=1)
    async with opened(database_url) as ledger:
        await ledger.tokens.swap("app", 0, token)

        assert await ledger.tokens.load("app") == token


async def test_tokens_are_not_readable_in_the_file(tmp_path: Path) -> None:
    async with opened(f"sqlite+inline:///{tmp_path / 'ledger.db'}") as ledger:
        await ledger.tokens.swap("app", 0, _token("top-secret"))

        raw = b"".join(path.read_bytes() for path in _files(tmp_path))

    assert b"app" in raw
    assert b"top-secret" not in raw
    assert b"refresh-me" not in raw


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("bm90IHRoZSByaWdodCBrZXkgbm90IHRoZSByaWdodCE=", "were stored with another ledger.encryption_key"),
        ("too short", "expected the URL-safe base64 of 32 bytes"),
        (None, "ledger.encryption_key: not set"),
    ],
)
async def test_a_wrong_key_is_said_plainly(tmp_path: Path, wrong: str | None, message: str) -> None:
    url = f"sqlite+inline:///{tmp_path / 'ledger.db'}"
    async with opened(url) as ledger:
        await ledger.tokens.swap("app", 0, _token("top-secret"))

    async with opened(url, encryption_key=wrong) as ledger:
        with pytest.raises(WrongKey, match=message) as caught:
            await ledger.tokens.load("app")

    assert KEY not in str(caught.value)
    assert str(wrong) not in str(caught.value)


async def test_a_file_locked_by_another_program_is_waited_for(tmp_path: Path) -> None:
    file = tmp_path / "ledger.db"
    await upgrade(f"sqlite+inline:///{file}")
    async with opened(f"sqlite+inline:///{file}") as ledger:
        with closing(sqlite3.connect(file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            waiting = asyncio.create_task(ledger.leases.acquire(ORG, "w1"))
            await asyncio.sleep(0.1)
            meanwhile = await ledger.leases.holders()
            still_waiting = not waiting.done()
            other.execute("ROLLBACK")

        assert still_waiting
        assert meanwhile == []
        assert await waiting is not None


def _racer(url: str, name: str, *, of: int) -> ForkServerProcess:
    process = FORKSERVER.Process(target=race, args=(url, name, of, DOCUMENTS), daemon=True)
    process.start()
    return process


async def _somebody_opened_a_call(ledger: Ledger) -> None:
    async with asyncio.timeout(60):
        while True:
            if await ledger.calls.unsettled(ORG):
                return
            await asyncio.sleep(0.005)


async def _hammer(ledger: Ledger, lease: Lease, limits: Limits, times: int) -> int:
    results = [
        await ledger.calls.open_read(
            lease, purpose=Purpose.PROBE, lane=Lane.IMMEDIATE, path="/Organisation", params={}, limits=limits
        )
        for _ in range(times)
    ]
    return sum(isinstance(result, Call) for result in results)


async def _read(ledger: Ledger, limits: Limits) -> int:
    result = await ledger.readings.open(
        ORG, purpose=Purpose.LOOKUP, kind=Kind.INVOICE, path="/Invoices", params={}, limits=limits
    )
    return isinstance(result, Call)


def _token(access: str) -> TokenSet:
    return TokenSet(access, START, "refresh-me", scope="accounting.transactions")


def _files(folder: Path) -> list[Path]:
    return list(folder.iterdir())
