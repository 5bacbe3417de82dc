"""What ends while no notice gets out is told by the next that does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from producers.runs import Run, RunState
from schemas.commands import ResyncAll, SyncNow
from schemas.entities import Entity
from tests.support.agent_fixture import message
from tests.support.fakes import START, FakeClock
from tests.support.sample_ledger import opened
from tests.support.settings_cases import MINIMAL
from worker.ledger.ledger import Ledger
from worker.ledger.runs.runs import StoreRuns
from worker.notices.channels import NotSent
from worker.notices.notices import Notices
from worker.settings import load

DAY_S = 24 * 3600


class Channel:
    """Keeps what gets out. `meanwhile` is what happens during a send."""

    def __init__(self, name: str = "mail", meanwhile: Callable[[], Awaitable[None]] | None = None) -> None:
        self.name = name
        self.is_away = False
        self.lines: list[str] = []
        self._meanwhile = meanwhile

    async def send(self, subject: str, lines: Sequence[str]) -> None:
        if self.is_away:
            raise NotSent("the mail server did not take it")
        self.lines += lines
        if self._meanwhile is not None:
            await self._meanwhile()


@pytest.fixture
async def ledger(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Ledger]:
    async with opened(f"sqlite+inline:///{tmp_path / 'ledger.db'}", clock=clock) as ledger:
        yield ledger


def worker_of(ledger: Ledger, clock: FakeClock, folder: Path, *channels: Channel) -> Notices:
    path = folder / "xerelay.toml"
    path.write_text(MINIMAL)
    return Notices(load(path, {}), ledger, clock, channels)


@asynccontextmanager
async def agent(ledger: Ledger) -> AsyncIterator[StoreRuns]:
    """The store's agent, as long as it has the store."""
    checkpoints, runs = ledger.store("shop", holder="agent")
    assert await checkpoints.take_charge(DAY_S)
    yield runs
    await checkpoints.hand_over()


async def begun(runs: StoreRuns, run: Run) -> Run:
    await runs.record(run, message(run.name, run.command, run.id))
    await runs.begin(run)
    return run


async def ended(ledger: Ledger, name: str, state: RunState) -> None:
    """A run of the store's agent, from its command to its end."""
    async with agent(ledger) as runs:
        await runs.finish(await begun(runs, Run(name, "resync-all", ResyncAll())), state)


async def test_a_resync_that_failed_is_told_when_the_first_mail_did_not_get_out(
    ledger: Ledger, clock: FakeClock, tmp_path: Path
) -> None:
    channel = Channel()
    worker = worker_of(ledger, clock, tmp_path, channel)
    await ended(ledger, "first", RunState.DONE)
    await worker.turn()
    clock.advance(300)
    await ended(ledger, "second", RunState.FAILED)

    channel.is_away = True
    clock.advance(DAY_S)
    await worker.turn()
    channel.is_away = False
    clock.advance(901)
    await worker.turn()
    clock.advance(2 * DAY_S)
    await worker.turn()

    finished, failed = channel.lines
    assert "resync-all finished" in finished
    assert "resync-all failed" in failed


async def test_a_mail_server_that_was_never_there_loses_nothing_either(
    ledger: Ledger, clock: FakeClock, tmp_path: Path
) -> None:
    channel = Channel()
    channel.is_away = True
    worker = worker_of(ledger, clock, tmp_path, channel)
    await ended(ledger, "first", RunState.FAILED)

    for _ in range(3):
        await worker.turn()
        clock.advance(DAY_S)
    channel.is_away = False
    await worker.turn()

    [line] = channel.lines
    assert "resync-all failed" in line


async def test_a_resync_that_failed_after_many_newer_commands_is_told(
    ledger: Ledger, clock: FakeClock, tmp_path: Path
) -> None:
    channel = Channel()
    worker = worker_of(ledger, clock, tmp_path, channel)
    async with agent(ledger) as runs:
        resync = await begun(runs, Run("first", "resync-all", ResyncAll()))
        for number in range(20):
            clock.advance(60)
            wish = SyncNow(entity=Entity.ORDER, ids=(str(number),))
            await runs.finish(await begun(runs, Run(f"now-{number}", "sync-now", wish)), RunState.DONE)
        await worker.turn()
        clock.advance(60)
        await runs.finish(resync, RunState.FAILED, "the store refused")
    clock.advance(2 * DAY_S)
    await worker.turn()

    assert len([line for line in channel.lines if "sync-now finished" in line]) == 20
    assert channel.lines[-1] == "store shop: resync-all failed, 0 events published"


async def test_what_one_way_has_told_the_other_tells_when_it_is_back(
    ledger: Ledger, clock: FakeClock, tmp_path: Path
) -> None:
    mail, webhook = Channel(), Channel("webhook")
    worker = worker_of(ledger, clock, tmp_path, mail, webhook)
    await ended(ledger, "first", RunState.FAILED)

    mail.is_away = True
    await worker.turn()
    mail.is_away = False
    clock.advance(DAY_S)
    await worker.turn()
    clock.advance(DAY_S)
    await worker.turn()

    assert len(webhook.lines) == 1
    assert mail.lines == webhook.lines


async def test_what_ends_while_a_notice_is_sent_is_told_by_the_next(
    ledger: Ledger, clock: FakeClock, tmp_path: Path
) -> None:
    late = iter(["second"])

    async def meanwhile() -> None:
        for name in late:
            clock.advance(2)
            await ended(ledger, name, RunState.FAILED)

    channel = Channel(meanwhile=meanwhile)
    worker = worker_of(ledger, clock, tmp_path, channel)
    await ended(ledger, "first", RunState.DONE)

    await worker.turn()
    clock.advance(DAY_S)
    await worker.turn()

    finished, failed = channel.lines
    assert "resync-all finished" in finished
    assert "resync-all failed" in failed


async def test_a_notice_whose_sender_died_is_sent_by_another_worker_soon(
    ledger: Ledger, clock: FakeClock, tmp_path: Path
) -> None:
    async def killed() -> None:
        raise asyncio.CancelledError

    dying, channel = Channel(meanwhile=killed), Channel()
    await ended(ledger, "first", RunState.FAILED)
    with pytest.raises(asyncio.CancelledError):
        await worker_of(ledger, clock, tmp_path, dying).turn()
    worker = worker_of(ledger, clock, tmp_path, channel)

    await worker.turn()
    at_once = list(channel.lines)
    clock.advance(901)
    await worker.turn()
    clock.advance(901)
    await worker.turn()

    assert at_once == []
    assert channel.lines == ["store shop: resync-all failed, 0 events published"]


async def test_what_was_told_by_one_worker_stays_told(database_url: str) -> None:
    later = START + timedelta(hours=1)
    async with opened(database_url) as one, opened(database_url) as other:
        nothing = await one.notices.told_until("mail")
        await one.notices.tell("mail", START)
        await asyncio.gather(one.notices.tell("mail", later), other.notices.tell("mail", START))

        assert nothing is None
        assert await other.notices.told_until("mail") == later
        assert await other.notices.told_until("webhook") is None
