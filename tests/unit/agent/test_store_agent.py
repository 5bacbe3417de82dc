"""The agent around its parts: one at a time, each part's defect its own, commands written down before their ack."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from producers.agent import StoreAgent
from producers.amqp import Delivery
from producers.checkpoints import CheckpointsAway, NotInCharge
from producers.pace import Stop, Stopped
from producers.patience import Patience
from producers.runs import Run, RunState
from producers.steps import Step
from producers.store import StoreUnreachable
from schemas.commands import Release, Resync, ResyncAll, SyncNow
from schemas.entities import Entity
from tests.support.agent_fixture import Workshop, message, workshop
from tests.support.fakes import FakeClock
from tests.support.waiting import let_pass, until


@dataclass
class Part:
    """Counts its beginnings, does what it is told, and runs until the agent is to end."""

    does: Callable[[], None] = lambda: None
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    begun: int = 0
    running: int = 0

    async def run(self) -> None:
        self.begun += 1
        self.running += 1
        try:
            self.does()
            await self.ended.wait()
            raise Stopped
        finally:
            self.running -= 1


@dataclass
class Charge:
    """Says who is in charge, as it is told."""

    answers: list[bool | Exception] = field(default_factory=list)
    now: bool | Exception = True
    handed_over: int = 0

    async def take_charge(self, ttl_s: float) -> bool:
        answer = self.answers.pop(0) if self.answers else self.now
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def hand_over(self) -> None:
        self.handed_over += 1


@asynccontextmanager
async def serving(charge: Charge, **parts: Part) -> AsyncIterator[StoreAgent]:
    clock = FakeClock()
    stop = Stop(clock)
    agent = StoreAgent(
        store="shop", checkpoints=charge, desk=Part(), opened=nullcontext, parts=parts, stop=stop, clock=clock  # type: ignore[arg-type] # what it needs of them
    )  # fmt: skip
    task = asyncio.create_task(agent.run())
    try:
        yield agent
    finally:
        stop.ask()
        for part in parts.values():
            part.ended.set()
        await asyncio.wait_for(task, 30)


async def test_its_parts_run_while_it_is_in_charge_and_end_when_it_is_not() -> None:
    charge, part = Charge([False, False, True]), Part()

    async with serving(charge, poller=part):
        await until(lambda: part.running == 1)
        charge.now = False
        await until(lambda: part.running == 0)
        charge.now = True
        await until(lambda: part.begun == 2)

    assert charge.handed_over == 1


async def test_a_ledger_that_is_away_ends_nothing() -> None:
    charge, part = Charge([True, *[CheckpointsAway("gone")] * 5]), Part()

    async with serving(charge, poller=part):
        await until(lambda: not charge.answers)

        assert (part.begun, part.running) == (1, 1)


async def test_a_charge_that_the_ledger_does_not_renew_has_run_out_until_it_does() -> None:
    charge, part = Charge([True], now=CheckpointsAway("disk is full")), Part()

    async with serving(charge, poller=part) as agent:
        await until(lambda: agent.is_late)
        told = agent.in_charge, str(agent.last_error)
        charge.now = True
        await until(lambda: agent.in_charge)

        assert told == (False, "disk is full")
        assert (agent.is_late, agent.last_error, part.begun) == (False, None, 1)


async def test_a_part_that_is_no_longer_in_charge_ends_the_others_and_all_begin_anew() -> None:
    def lose() -> None:
        if first.begun == 1:
            raise NotInCharge("taken over")

    first, second = Part(lose), Part()

    async with serving(Charge(), first=first, second=second):
        await until(lambda: (first.begun, first.running, second.running) == (2, 1, 1))


async def test_what_does_not_end_when_it_is_to_is_given_up_after_8_seconds() -> None:
    part = Part()

    async with serving(Charge(), poller=part) as agent:
        await until(lambda: part.running == 1)
        agent._stop.ask()
        await asyncio.sleep(0.1)
        let_pass(7)
        await asyncio.sleep(0)
        before = part.running
        let_pass(1)
        await until(lambda: part.running == 0)

    assert before == 1


async def test_a_defect_of_one_part_leaves_the_others_alone(capsys: pytest.CaptureFixture[str]) -> None:
    def break_down() -> None:
        if broken.begun < 3:
            raise ZeroDivisionError

    broken, sound = Part(break_down), Part()

    async with serving(Charge(), broken=broken, sound=sound):
        await until(lambda: broken.running == 1)

        assert (broken.begun, sound.begun) == (3, 1)
    assert capsys.readouterr().out.count("ZeroDivisionError at test_store_agent.py:") == 2


async def test_a_part_that_rests_after_a_defect_is_not_begun_again_when_the_agent_is_to_end() -> None:
    def break_down() -> None:
        if broken.begun == 3:
            agent._stop.ask()
        raise ZeroDivisionError

    broken = Part(break_down)

    async with serving(Charge(), broken=broken) as agent:
        await until(lambda: agent._stop.asked)

    assert broken.begun == 3


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Workshop]:
    async with workshop(f"sqlite+inline:///{tmp_path / 'ledger.db'}") as made:
        yield made


@asynccontextmanager
async def at_the_desk(shop: Workshop) -> AsyncIterator[None]:
    task = asyncio.create_task(shop.desk.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


def delivery(body: bytes, tag: int = 1) -> Delivery:
    return Delivery("xerelay.shop.commands", body, "shop.resync", "m1", False, 0, tag, 1)


async def test_a_command_is_written_down_then_acknowledged(shop: Workshop) -> None:
    given = delivery(message("resync-all", ResyncAll(), "r1"))

    async with at_the_desk(shop):
        shop.desk.receive(given)
        await until(lambda: shop.acked == [given])

    status = await shop.ledger.runs.get("r1")
    assert status is not None
    assert status.state is RunState.RECORDED
    assert shop.steps.steps == [Step.RECORDED]
    assert shop.resyncers["resync-all"].woken.is_set()


async def test_a_command_that_comes_twice_is_one_run(shop: Workshop) -> None:
    body = message("sync-now", SyncNow(entity=Entity.INVOICE, ids=("1",)), "r1")

    async with at_the_desk(shop):
        shop.desk.receive(delivery(body))
        shop.desk.receive(delivery(body, tag=2))
        await until(lambda: len(shop.acked) == 2)

    assert [run.id for run in await shop.ledger.runs.latest()] == ["r1"]


async def test_a_command_with_the_id_of_another_stores_run_is_refused_and_not_forgotten(shop: Workshop) -> None:
    command = ResyncAll()
    _, others = shop.ledger.store("other", holder="a2")
    await others.record(Run("spring", "resync-all", command), message("resync-all", command, "spring"))

    async with at_the_desk(shop):
        shop.desk.receive(delivery(message("resync-all", command, "spring")))
        await until(lambda: shop.acked)

    refused = {run.store: run for run in await shop.ledger.runs.latest()}["shop"]
    assert refused.state is RunState.REFUSED
    assert refused.detail == "invalid: id: names a run of the store other; choose another one"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{", "undecodable"),
        (message("release", Release()), "release is for an organisation"),
        (message("resync", Resync(organisation="nz", entity=Entity.ORDER, ids=("1",))), "none that shop feeds"),
    ],
)
async def test_what_is_no_command_of_this_store_is_kept_and_acknowledged(
    shop: Workshop, body: bytes, reason: str
) -> None:
    async with at_the_desk(shop):
        shop.desk.receive(delivery(body))
        await until(lambda: shop.acked)

    [status] = await shop.ledger.runs.latest()
    assert status.state is RunState.REFUSED
    assert reason in status.detail


async def test_a_command_that_meets_a_defect_is_tried_again_behind_the_others(shop: Workshop) -> None:
    met, next_ = (delivery(message("resync-all", ResyncAll(), f"r{tag}"), tag) for tag in (1, 2))
    record = shop.runs.record

    async def fail_once(run: Run, body: bytes) -> RunState:
        shop.runs.record = record  # type: ignore[method-assign]
        raise ZeroDivisionError

    shop.runs.record = fail_once  # type: ignore[method-assign] # a defect
    shop.desk.receive(met)
    shop.desk.receive(next_)
    with pytest.raises(ZeroDivisionError):
        await shop.desk.run()
    before = list(shop.acked)

    async with at_the_desk(shop):
        await until(lambda: len(shop.acked) == 2)

    assert (before, shop.acked) == ([], [next_, met])
    assert {run.id for run in await shop.ledger.runs.latest()} == {"r1", "r2"}


async def test_patience_ends_when_the_agent_is_to_end() -> None:
    stop = Stop(FakeClock())
    patience = Patience(store="shop", stop=stop)
    asked = 0

    async def ask() -> None:
        nonlocal asked
        asked += 1
        if asked == 4:
            stop.ask()
        raise StoreUnreachable("timed out")

    with pytest.raises(Stopped):
        await patience.of(ask)

    assert asked == 4
