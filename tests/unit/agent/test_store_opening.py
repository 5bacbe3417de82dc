"""A store is opened by its own agent, as patiently as it is asked, and is open as long as that is in charge."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from producers.agent import StoreAgent
from producers.opening import LateStore
from producers.pace import Stop
from producers.patience import Patience
from producers.store import StoreRefuses, StoreSource, StoreUnreachable
from tests.support.fake_store import FakeStore
from tests.support.fakes import FakeClock
from tests.support.waiting import let_pass, until


@dataclass
class Doorway:
    """A store that is opened as it is told: each answer an exception or, at last, none."""

    answers: list[Exception | None] = field(default_factory=list)
    opened: int = 0
    closed: int = 0
    hangs: bool = False
    closing: Exception | None = None

    @asynccontextmanager
    async def open(self) -> AsyncIterator[StoreSource]:
        if self.hangs:
            await asyncio.Event().wait()
        if self.answers and (answer := self.answers.pop(0)) is not None:
            raise answer
        self.opened += 1
        try:
            yield FakeStore()
        finally:
            self.closed += 1
            if self.closing is not None:
                raise self.closing


@dataclass
class Reader:
    """A part of the agent: asks the store once, and works until the agent is to end."""

    source: StoreSource
    stop: Stop
    read: int = 0

    async def run(self) -> None:
        self.read += len(await self.source.ids(self.source.streams[0], 0)) + 1
        while True:
            await self.stop.rest(1)


class Desk:
    def __init__(self) -> None:
        self.is_open = False

    async def run(self) -> None:
        self.is_open = True
        await asyncio.Event().wait()


@dataclass
class Charge:
    mine: bool = True

    async def take_charge(self, ttl_s: float) -> bool:
        return self.mine

    async def hand_over(self) -> None:
        pass


@dataclass
class Serving:
    stop: Stop
    reader: Reader
    desk: Desk
    charge: Charge
    task: asyncio.Task[None]


@asynccontextmanager
async def serving(doorway: Doorway) -> AsyncIterator[Serving]:
    clock = FakeClock()
    stop, charge, desk = Stop(clock), Charge(), Desk()
    source = LateStore(doorway.open, patience=Patience(store="shop", stop=stop))
    reader = Reader(source, stop)
    agent = StoreAgent(
        store="shop",
        checkpoints=charge,  # type: ignore[arg-type] # what it needs of them
        desk=desk,
        opened=source.opened,
        parts={"poller": reader},
        stop=stop,
        clock=clock,
    )
    task = asyncio.create_task(agent.run())
    try:
        yield Serving(stop, reader, desk, charge, task)
    finally:
        stop.ask()
        await asyncio.wait_for(task, 30)


async def test_a_store_that_refuses_and_does_not_answer_when_it_is_opened_is_told_and_asked_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    refused = StoreRefuses("access_token is not an integration's")
    doorway = Doorway([StoreUnreachable("timed out"), refused, refused, None])

    async with serving(doorway) as served:
        await until(lambda: served.reader.read)

    told = capsys.readouterr().out
    assert [told.count(line) for line in ("store.unreachable ", "store.refuses ", "is not an integration's")] == [
        1,
        1,
        1,
    ]
    assert [told.count(line) for line in ("store.unreachable.over", "store.refuses.over", "agent.defect")] == [1, 1, 0]
    assert (doorway.opened, doorway.closed) == (1, 1)


async def test_a_defect_when_it_is_opened_is_told_and_tried_again(capsys: pytest.CaptureFixture[str]) -> None:
    doorway = Doorway([ZeroDivisionError(), None])

    async with serving(doorway) as served:
        await until(lambda: served.reader.read)

    assert capsys.readouterr().out.count("ZeroDivisionError at test_store_opening.py:") == 1


async def test_a_store_is_open_as_long_as_its_agent_is_in_charge() -> None:
    doorway = Doorway()

    async with serving(doorway) as served:
        await until(lambda: served.reader.read)
        served.charge.mine = False
        await until(lambda: doorway.closed == 1)
        served.charge.mine = True
        await until(lambda: doorway.opened == 2)

    assert doorway.closed == 2


async def test_a_defect_when_it_is_closed_is_told_and_keeps_nobody_from_opening_it_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    doorway = Doorway(closing=ConnectionResetError())

    async with serving(doorway) as served:
        await until(lambda: served.reader.read)
        served.charge.mine = False
        await until(lambda: doorway.closed == 1)
        served.charge.mine = True
        await until(lambda: doorway.opened == 2)

    assert capsys.readouterr().out.count("ConnectionResetError at test_store_opening.py:") == 2


async def test_an_opening_without_an_answer_keeps_nobody_from_the_desk_or_from_the_end() -> None:
    doorway = Doorway(hangs=True)

    async with serving(doorway) as served:
        await until(lambda: served.desk.is_open)
        served.stop.ask()
        await asyncio.sleep(0.1)
        let_pass(8)
        await until(served.task.done)

    assert (served.reader.read, doorway.opened) == (0, 0)
