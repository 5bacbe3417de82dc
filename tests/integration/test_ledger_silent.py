"""PostgreSQL gives no answer, though its connections stand: that is a ledger which is away, and nothing hangs."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.services.ladder import private_postgres
from tests.support.sample_ledger import AMPLE, ORG, document, key, lease_of, open_call, opened, put_documents, write
from tests.support.silent_postgres import MiddleBox, standing_still
from tests.support.waiting import let_pass, until
from worker.ledger.database.errors import LedgerUnavailable
from worker.ledger.database.postgresql import ANSWERS_WITHIN_S
from worker.ledger.ledger import Ledger
from worker.ledger.records import Lease

WITHIN_S = 6.0
"""More than a machine stands still for."""

NEVER_S = 40.0
"""Anything that takes as long hangs; connecting anew alone may take five seconds, on a busy machine more."""

SAID = f"gave no answer within {ANSWERS_WITHIN_S:g} s"


@dataclass(frozen=True)
class Cluster:
    """A server of its own, for it stands still at times."""

    folder: Path
    url: str


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    folder = Path(tempfile.mkdtemp(prefix="xerelay-"))
    folder.chmod(0o755)
    with private_postgres(folder) as service:
        yield Cluster(folder, service.url.replace("postgresql://", "postgresql+psycopg://", 1))
    shutil.rmtree(folder)


async def given_up(asked: Awaitable[object]) -> None:
    """What comes of it where nobody answers: for whoever waits, time passes until it waits no more."""
    task = asyncio.ensure_future(asked)
    deadline = time.monotonic() + NEVER_S
    while not task.done():
        assert time.monotonic() < deadline, "it hangs"
        await asyncio.wait({task}, timeout=0.1)
        let_pass(ANSWERS_WITHIN_S)
    await task


@pytest.mark.parametrize(
    "ask",
    [
        lambda ledger, _: ledger.documents.get([key(1)]),
        lambda ledger, _: ledger.leases.heartbeat("w1"),
        lambda ledger, lease: ledger.leases.renew(lease),
        lambda ledger, lease: put_documents(ledger, lease, document(2)),
    ],
    ids=["a reading", "a writing", "a fence", "a call"],
)
async def test_one_that_stands_still_is_away_until_it_goes_on(
    cluster: Cluster, ask: Callable[[Ledger, Lease], Awaitable[object]]
) -> None:
    async with opened(cluster.url) as ledger:
        lease = await lease_of(ledger)
        await put_documents(ledger, lease, document(1))

        with standing_still(cluster.folder), pytest.raises(LedgerUnavailable, match=SAID):
            await given_up(ask(ledger, lease))

        await ask(ledger, lease)
        assert key(1) in await ledger.documents.get([key(1)])
        assert ledger._database.engine.pool.checkedout() == 0  # type: ignore[attr-defined] # a pool with a queue


async def test_whoever_has_to_connect_anew_does_not_hang_either(cluster: Cluster) -> None:
    async with opened(cluster.url) as ledger:
        with standing_still(cluster.folder):
            for said in (SAID, "does not answer"):
                with pytest.raises(LedgerUnavailable, match=said):
                    await given_up(ledger.leases.heartbeat("w1"))

        await ledger.leases.heartbeat("w1")


async def test_many_at_once_wait_no_longer_than_one(cluster: Cluster) -> None:
    async with opened(cluster.url, answers_within_s=WITHIN_S) as ledger:
        await asyncio.gather(*(ledger.leases.heartbeat(f"w{n}") for n in range(10)))

        with standing_still(cluster.folder):
            asked = [ledger.leases.heartbeat(f"w{n}") for n in range(10)]
            async with asyncio.timeout(NEVER_S):
                said = await asyncio.gather(*asked, return_exceptions=True)

    assert {type(one) for one in said} == {LedgerUnavailable}


async def test_closing_it_ends_every_wait_for_an_answer(cluster: Cluster) -> None:
    async with opened(cluster.url) as ledger:
        await asyncio.gather(*(ledger.leases.heartbeat(f"w{n}") for n in range(3)))

        with standing_still(cluster.folder):
            waiting = [asyncio.create_task(ledger.leases.heartbeat(f"w{n}")) for n in range(3)]
            await until(ledger._database.engine.pool.checkedout, what="one that waits")  # type: ignore[attr-defined] # a pool with a queue
            await ledger.close()
            async with asyncio.timeout(NEVER_S):
                said = await asyncio.gather(*waiting, return_exceptions=True)

    assert {type(one) for one in said} == {LedgerUnavailable}


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_call_whose_opening_was_committed_without_an_answer_is_found_and_settled(database_url: str) -> None:
    box = MiddleBox(database_url)
    async with box.listening() as url, opened(url) as ledger:
        lease = await lease_of(ledger)

        box.from_ = b"COMMIT"
        opening = asyncio.create_task(open_call(ledger, lease, write(1)))
        await until(lambda: box.swallowed, what="the answer that was swallowed")
        box.from_ = b""
        with pytest.raises(LedgerUnavailable, match=SAID):
            await given_up(opening)

        [call] = await ledger.calls.unsettled(ORG)
        assert [member.key for member in call.members] == [key(1)]
        await ledger.calls.close(lease, call.id, status=200, documents=[document(1)])
        assert key(1) in await ledger.documents.get([key(1)])
        assert (await ledger.budget.standing(ORG, AMPLE))[1].day == 1


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_call_whose_closing_was_committed_without_an_answer_is_closed_once(database_url: str) -> None:
    box = MiddleBox(database_url)
    async with box.listening() as url, opened(url) as ledger:
        lease = await lease_of(ledger)
        call = await open_call(ledger, lease, write(1))

        box.from_ = b"COMMIT"
        closing = asyncio.create_task(ledger.calls.close(lease, call.id, status=200, documents=[document(1)]))
        await until(lambda: box.swallowed, what="the answer that was swallowed")
        box.from_ = b""
        with pytest.raises(LedgerUnavailable, match=SAID):
            await given_up(closing)

        assert await ledger.calls.unsettled(ORG) == []
        assert await ledger.calls.close(lease, call.id, status=200, documents=[document(1)]) == []
        assert key(1) in await ledger.documents.get([key(1)])
