"""A store's agent as a process: outages, a second agent, its end, and what admins ask of it."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deploy.services import PrivateBroker, postgres_service
from examples.stores.export_folder import SALES
from producers.runs import RunState
from producers.steps import Step
from schemas.commands import Release, Resync, ResyncAll, SyncNow, decode_command
from schemas.entities import Entity
from schemas.envelope import Change, Lane
from schemas.topology import organisation_commands, organisation_queues
from tests.acceptance.shop_stage import ShopStage, ids, logged
from tests.support.amqp_links import consuming
from worker.ledger.database.errors import LedgerUnavailable
from worker.ledger.database.upgrade import upgrade

MANY = 2000


@pytest.fixture
async def stage(tmp_path: Path, amqp_url: str, unique_org: str) -> AsyncIterator[ShopStage]:
    ledger_url = f"sqlite+inline:///{tmp_path / 'ledger.db'}"
    made = ShopStage(tmp_path, organisation=unique_org, broker_url=amqp_url, ledger_url=ledger_url)
    yield made
    await made.close()


async def test_a_broker_that_is_away_is_waited_for(
    tmp_path: Path, private_broker: PrivateBroker, unique_org: str
) -> None:
    ledger_url = f"sqlite+inline:///{tmp_path / 'ledger.db'}"
    stage = ShopStage(tmp_path, organisation=unique_org, broker_url=private_broker.url, ledger_url=ledger_url)
    stage.shop.trade(MANY)
    process = stage.agent()
    run = await stage.ask("resync-all", ResyncAll(entities=(Entity.INVOICE,)))
    await until_pages(stage, run, 2)

    private_broker.kill()
    await asyncio.to_thread(private_broker.start)

    await until_state(stage, run, RunState.DONE)
    events = [event for event in await stage.published(Lane.BACKFILL) if event.correlation_id == run]
    assert set(ids(events)) == numbers(MANY)
    assert process.poll() is None
    await stage.close()


async def test_a_database_that_is_away_is_waited_for(
    tmp_path: Path, public_dir: Path, amqp_url: str, unique_org: str
) -> None:
    with postgres_service(public_dir) as service:
        if not service.can_restart:
            pytest.fail("this PostgreSQL cannot be restarted: unset its URL in the environment to use a private one")
        ledger_url = service.url.replace("postgresql://", "postgresql+psycopg://", 1)
        stage = ShopStage(tmp_path, organisation=unique_org, broker_url=amqp_url, ledger_url=ledger_url)
        stage.shop.trade(MANY)
        process = stage.agent()
        run = await stage.ask("resync-all", ResyncAll(entities=(Entity.INVOICE,)))
        await until_pages(stage, run, 2)

        service.kill()
        other = await stage.ask("sync-now", SyncNow(entity=Entity.INVOICE, ids=("5",)))
        await stage.until(lambda: "ledger.unavailable" in stage.log(), what="the agent should say so")
        await asyncio.to_thread(service.start)

        await until_state(stage, run, RunState.DONE)
        await until_state(stage, other, RunState.DONE)
        events = [event for event in await stage.published(Lane.BACKFILL) if event.correlation_id == run]
        assert set(ids(events)) == numbers(MANY)
        assert process.poll() is None
        await stage.close()


async def test_a_second_agent_waits_and_takes_over(stage: ShopStage) -> None:
    stage.shop.trade(30)
    stage.charge_s = 8.0  # the second waits for the end of it, and no stall is to bring that about
    first = stage.agent()
    await until_remembered(stage, 30)
    second = stage.agent()
    await stage.until(lambda: logged(stage.log(), "agent.started"), what="the second agent")
    stage.shop.sale(31, datetime.now(UTC) - timedelta(seconds=1))
    stage.shop.export()
    await until_remembered(stage, 31)
    polled_by_second = logged(stage.log(), "changes.published")

    first.kill()
    stage.shop.sale(32, datetime.now(UTC) - timedelta(seconds=1))
    stage.shop.export()

    await until_remembered(stage, 32)
    assert polled_by_second == []
    assert ids(await stage.published()) == dict.fromkeys(numbers(32), 1)
    assert second.poll() is None


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_an_agent_told_to_end_drains_and_the_next_goes_on(stage: ShopStage, number: signal.Signals) -> None:
    stage.shop.trade(MANY)
    stage.agent()
    await until_remembered(stage, MANY)
    await ended(stage)
    run = await stage.ask("resync-all", ResyncAll(entities=(Entity.INVOICE,)))

    # the poller of this agent finds nothing new but the last quarter of an hour: two pages of it at most
    process = stage.agent(Step.CONFIRMED, 6, number)

    await stage.until(lambda: process.poll() is not None, what="the agent gone")
    assert process.returncode == 0, stage.log()[-3000:]
    status = await stage.status(run)
    assert status is not None
    assert status.state is RunState.RUNNING
    stage.agent()
    await until_state(stage, run, RunState.DONE)
    events = [event for event in await stage.published(Lane.BACKFILL) if event.correlation_id == run]
    # what was checkpointed was not read again: nothing came twice, since nobody was killed
    assert ids(events) == dict.fromkeys(numbers(MANY), 1)


async def test_a_message_that_is_no_command_is_refused_and_kept(stage: ShopStage) -> None:
    stage.shop.trade(3)
    stage.agent()
    good = await stage.ask("resync-all", ResyncAll())
    await stage.post_command("resync", "bad", b"{\xff")
    await stage.ask("resync", Resync(organisation="elsewhere", entity=Entity.INVOICE, ids=("1",)))
    last = await stage.ask("sync-now", SyncNow(entity=Entity.INVOICE, ids=("2",)))

    await until_state(stage, last, RunState.DONE)
    await until_state(stage, good, RunState.DONE)

    assert await stage.commands_waiting() == 0
    refused = logged(stage.log(), "command.refused")
    assert len(refused) == 2
    assert f"it feeds {stage.organisation}" in refused[1]["reason"]
    shown = json.loads(stage.command_line("resync-status", "--json").stdout)
    assert [one["state"] for one in shown].count("refused") == 2


async def test_sync_now_does_not_wait_for_a_resync(stage: ShopStage) -> None:
    stage.shop.trade(20 * MANY)
    stage.agent()
    long = await stage.ask("resync-all", ResyncAll())
    await until_pages(stage, long, 2)

    now = await stage.ask("sync-now", SyncNow(entity=Entity.INVOICE, ids=("17",)))
    await until_state(stage, now, RunState.DONE)

    status = await stage.status(long)
    assert status is not None
    assert status.state is RunState.RUNNING
    events = [event for event in await stage.published(Lane.IMMEDIATE) if event.correlation_id == now]
    assert [event.subject for event in events] == ["17"]
    cancelled = stage.command_line("resync-cancel", long)
    assert (cancelled.returncode, cancelled.stdout) == (0, f"{long} is cancelled\n")
    await stage.until(lambda: logged(stage.log(), "run.cancelled"), what="the agent should stop reading")


async def test_an_admin_starts_a_resync_and_watches_it(stage: ShopStage) -> None:
    stage.shop.trade(250)
    stage.agent()
    await stage.until_async(stage.ledger, what="a ledger that the commands can read")

    early = stage.command_line("resync-status", "--follow")
    priced = stage.command_line("resync-all", "--dry-run")
    sent = stage.command_line("resync-all", "--entity", "invoice", "--entity", "payment")

    assert early.returncode == 1
    assert early.stderr == "there is no run yet; it appears when the store's agent has taken the command\n"
    assert priced.returncode == 0, priced.stderr
    assert f"{stage.organisation}: 503 documents in 11 calls, about 1 minute with 1000 calls a day" in priced.stdout
    assert sent.returncode == 0, sent.stderr
    run = sent.stdout.split("resync-status ")[1].split()[0]
    await until_state(stage, run, RunState.DONE)
    shown = json.loads(stage.command_line("resync-status", run, "--json").stdout)
    assert (shown["state"], shown["published"], shown["pages"]) == ("done", 500, 3)
    assert shown["streams"]["sales"]["total"] == 250
    told = stage.command_line("resync-status", run).stdout
    assert "sales: 250 of 250 rows, 3 pages, 500 events" in told
    again = stage.command_line("resync-cancel", run)
    assert (again.returncode, again.stderr) == (1, f"{run} is done already\n")
    ledger = await stage.ledger()
    assert ledger is not None
    record = await ledger.admin_actions.latest()
    assert [(one.action, one.subject.split()[-1]) for one in record] == [("resync-all", run)]


async def test_what_the_shop_no_longer_has_is_published_as_removed(stage: ShopStage) -> None:
    stage.shop.trade(12)
    stage.agent()
    await until_remembered(stage, 12)
    await stage.published()
    stage.shop.remove("sales", 5)
    stage.shop.export()

    # the sweep of a day: the ledger is told that the last one was long ago
    await age_sweeps(stage)

    await until_remembered(stage, 11)
    events = await stage.published()
    assert {(event.entity, event.subject, event.change) for event in events} == {
        (Entity.INVOICE, "5", Change.REMOVED),
        (Entity.PAYMENT, "sale-5", Change.REMOVED),
    }


async def age_sweeps(stage: ShopStage) -> None:
    """Stop the agent, set its last sweep back by two days, and start another."""
    await ended(stage)
    ledger = await stage.ledger()
    assert ledger is not None
    checkpoints, _ = ledger.store(stage.store, holder="a test")
    assert await checkpoints.take_charge(15)
    await checkpoints.save_swept(SALES, datetime.now(UTC) - timedelta(days=2))
    await checkpoints.hand_over()
    stage.agent()


async def ended(stage: ShopStage) -> None:
    """The agent is told to end, and has."""
    stage.agents[-1].terminate()
    await stage.until(lambda: stage.agents[-1].poll() is not None, what="the agent gone")


async def until_remembered(stage: ShopStage, count: int) -> None:
    async def all_there() -> bool:
        return await stage.confirmed(SALES) == count

    await stage.until_async(all_there, what=f"{count} sales published")


async def until_pages(stage: ShopStage, run: str, pages: int) -> None:
    async def read() -> bool:
        status = await stage.status(run)
        return status is not None and status.pages >= pages

    await stage.until_async(read, what=f"{pages} pages of the run")


async def until_state(stage: ShopStage, run: str, state: RunState) -> None:
    async def reached() -> bool:
        try:
            status = await stage.status(run)
        except LedgerUnavailable:
            return False
        return status is not None and status.state is state

    await stage.until_async(reached, what=f"the run should be {state}", within_s=90)


def numbers(count: int) -> set[str]:
    return {str(number) for number in range(1, count + 1)}


async def test_release_is_told_to_the_organisation(stage: ShopStage) -> None:
    await upgrade(stage.ledger_url)

    done = stage.command_line("release", "--org", stage.organisation, "--by", "ann")

    queue = organisation_commands(stage.organisation)
    async with consuming(stage.broker_url, organisation_queues(stage.organisation), queue) as intake:
        await stage.until(lambda: intake.held, what="the command")
        _, command = decode_command(intake.held[0].body)
    assert (done.returncode, command) == (0, Release()), done.stderr
    ledger = await stage.ledger()
    assert ledger is not None
    [released] = await ledger.admin_actions.latest()
    assert (released.who, released.action, released.organisation) == ("ann", "release", stage.organisation)
