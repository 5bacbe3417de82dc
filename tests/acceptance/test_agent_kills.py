"""kill -9 of a store's agent at each step: no entity is missing, no page left out, no checkpoint ahead of a confirm."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from examples.stores.export_folder import CUSTOMERS, SALES
from producers.runs import RunState
from producers.steps import Step
from schemas.commands import ResyncAll
from schemas.entities import Entity
from schemas.envelope import Event
from tests.acceptance.shop_stage import CHARGE_S, SHORT_CHARGE_S, ShopStage, ids

SALES_COUNT = 450
POLLING = [step for step in Step if step is not Step.RECORDED]


@pytest.fixture
async def stage(tmp_path: Path, amqp_url: str, empty_database_url: str, unique_org: str) -> AsyncIterator[ShopStage]:
    made = ShopStage(tmp_path, organisation=unique_org, broker_url=amqp_url, ledger_url=empty_database_url)
    yield made
    await made.close()


@pytest.mark.parametrize("nth", [1, 3])
@pytest.mark.parametrize("step", POLLING, ids=lambda step: step.replace(" ", "-"))
async def test_an_agent_killed_while_it_polls_leaves_nothing_out(stage: ShopStage, step: Step, nth: int) -> None:
    stage.shop.trade(SALES_COUNT)

    await stage.died(stage.agent(step, nth))
    await assert_no_checkpoint_is_ahead(stage, events := await stage.published())
    stage.agent()

    await until_all_is_remembered(stage)
    events += await stage.published()
    assert_complete(events)


@pytest.mark.parametrize("step", list(Step), ids=lambda step: step.replace(" ", "-"))
async def test_an_agent_killed_in_a_resync_leaves_no_gap(stage: ShopStage, step: Step) -> None:
    stage.shop.trade(SALES_COUNT)
    stage.agent()
    await until_all_is_remembered(stage)
    await stop(stage)
    await stage.published()
    run = await stage.ask("resync-all", ResyncAll())

    # the poller of this agent finds nothing new but the last quarter of an hour: two pages of it at most
    await stage.died(stage.agent(step, 1 if step is Step.RECORDED else 6))
    stage.agent()

    await until_done(stage, run)
    events = [event for event in await stage.published() if event.correlation_id == run]
    assert_complete(events)
    status = await stage.status(run)
    assert status is not None
    assert {name: one.last for name, one in status.streams.items()} == {"customers": 3, "sales": SALES_COUNT}
    assert await stage.commands_waiting() == 0


async def test_an_agent_killed_again_and_again_ends_its_resync(stage: ShopStage) -> None:
    stage.shop.trade(SALES_COUNT)
    run = await stage.ask("resync-all", ResyncAll(entities=(Entity.INVOICE, Entity.PAYMENT)))

    for step in (Step.RECORDED, Step.CONFIRMED, Step.FETCHED, Step.CHECKPOINTED, Step.PUBLISHED):
        await stage.died(stage.agent(step, 1 if step is Step.RECORDED else 2))
    stage.agent()

    await until_done(stage, run)
    events = [event for event in await stage.published() if event.correlation_id == run]
    assert set(ids(events)) == {str(number) for number in range(1, SALES_COUNT + 1)}


async def test_what_changes_while_the_agent_is_dead_is_published_by_the_next(stage: ShopStage) -> None:
    stage.shop.trade(SALES_COUNT)
    stage.charge_s = SHORT_CHARGE_S
    process = stage.agent()
    await until_all_is_remembered(stage)
    process.kill()
    process.wait(60)
    stage.charge_s = CHARGE_S
    await stage.published()
    stage.shop.sale(7, datetime.now(UTC) - timedelta(seconds=2), net="77.00", tax="15.40")
    stage.shop.export()

    stage.agent()

    events: list[Event] = []

    async def came() -> bool:
        events.extend(await stage.published())
        return bool(ids(events))

    await stage.until_async(came, what="the changed sale")
    assert ids(events) == {"7": 1}


async def assert_no_checkpoint_is_ahead(stage: ShopStage, events: list[Event]) -> None:
    """All contents that the ledger remembers, the broker has. Of what is on its way it remembers no content."""
    there = {(event.entity, event.subject) for event in events}
    for stream in (CUSTOMERS, SALES):
        for memory in await stage.remembered(stream):
            confirmed = {(address.entity, address.id) for address, content in memory.published.items() if content}
            assert confirmed <= there


async def until_all_is_remembered(stage: ShopStage) -> None:
    async def all_there() -> bool:
        return await stage.confirmed(SALES) == SALES_COUNT

    await stage.until_async(all_there, what="all sales published")


async def until_done(stage: ShopStage, run: str) -> None:
    async def done() -> bool:
        status = await stage.status(run)
        return status is not None and status.state is RunState.DONE

    await stage.until_async(done, what="the run should be done")


async def stop(stage: ShopStage) -> None:
    process = stage.agents[-1]
    process.terminate()
    assert process.wait(60) == 0, stage.log()[-3000:]


def assert_complete(events: list[Event]) -> None:
    everything = {str(number) for number in range(1, SALES_COUNT + 1)}
    assert set(ids(events)) == everything
    assert {one.removeprefix("sale-") for one in ids(events, Entity.PAYMENT)} == everything
    assert set(ids(events, Entity.CUSTOMER)) == {"1", "2", "3"}
