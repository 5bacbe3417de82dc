from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from deploy.services.broker import PrivateBroker
from producers.amqp import BrokerSettings, ConnectionLost
from schemas.commands import Release, ResyncAll
from schemas.topology import organisation_commands, organisation_queues
from tests.support.amqp_links import consuming
from tests.support.cli_ledger import CommandLine
from tests.support.waiting import let_pass, until
from worker.stores.commanding import Unconfirmed, ordered, place

pytestmark = pytest.mark.timeout(400)  # rabbitmqctl starts a machine of Erlang's each time
PATIENCE_S = 30


@pytest.mark.parametrize(
    ("change", "cure"),
    [
        ({"password": "hidden-1"}, "mend user and password in broker.url"),
        ({"path": "/nowhere"}, "create the virtual host that broker.url ends with"),
    ],
)
async def test_who_is_turned_away_by_the_broker_is_told_so_without_a_wait(
    amqp_url: str, change: dict[str, str], cure: str
) -> None:
    url = urlsplit(amqp_url)
    password, path = change.get("password", url.password), change.get("path", url.path)
    broker = BrokerSettings(f"amqp://{url.username}:{password}@{url.hostname}:{url.port}{path}")

    with pytest.raises(ConnectionLost) as told:
        await place(broker, ordered(ResyncAll(), target="shop", name="resync-all"), queues=())

    assert cure in str(told.value)
    assert "within" not in str(told.value)
    assert "hidden-1" not in str(told.value)


async def test_a_command_that_a_blocking_broker_has_is_told_as_unconfirmed_since_it_comes_later(
    private_broker: PrivateBroker, unique_org: str, caplog: pytest.LogCaptureFixture
) -> None:
    queues = organisation_queues(unique_org)
    release = ordered(Release(), target=unique_org, name="release")
    # a heartbeat that finds the sender gone ends what the broker has of it, and a busy machine takes long to unblock
    broker = BrokerSettings(private_broker.url, heartbeat_s=600)
    async with consuming(private_broker.url, queues, organisation_commands(unique_org), ack=True) as intake:
        await block(private_broker)
        try:
            placing = asyncio.create_task(place(broker, release, queues=queues))
            await until(lambda: "the broker accepts no messages for now" in caplog.text, what="the broker's notice")
            let_pass(PATIENCE_S + 1)
            with pytest.raises(Unconfirmed, match=r"may still be carried out.* rabbitmq-diagnostics alarms says why"):
                await placing
            assert intake.held == []
        finally:
            await unblock(private_broker)

        await until(lambda: intake.ids() == [release.id], what="the command")


async def test_a_connection_lost_before_the_confirm_leaves_a_command_on_record_as_unconfirmed(
    private_broker: PrivateBroker, unique_org: str, tmp_path: Path
) -> None:
    line = CommandLine(tmp_path, organisation=unique_org, broker_url=private_broker.url)
    await asyncio.to_thread(line.in_ledger, lambda ledger: ledger.now())  # makes it
    await block(private_broker)
    try:
        running = asyncio.create_task(asyncio.to_thread(line.run, "release", "--by", "ann"))
        await blocks_somebody(private_broker)
        await asyncio.to_thread(private_broker.ctl, "close_all_connections", "by the test")
        result = await running
    finally:
        await unblock(private_broker)

    assert result.exit_code == 1
    assert "is not confirmed: it may still be carried out" in result.stderr
    actions = await asyncio.to_thread(line.in_ledger, lambda ledger: ledger.admin_actions.latest())
    assert sorted(one.action for one in actions) == ["release", "release.unconfirmed"]


async def block(broker: PrivateBroker) -> None:
    await asyncio.to_thread(broker.ctl, "set_vm_memory_high_watermark", "0.00001")


async def unblock(broker: PrivateBroker) -> None:
    await asyncio.to_thread(broker.ctl, "set_vm_memory_high_watermark", "0.6")


async def blocks_somebody(broker: PrivateBroker) -> None:
    deadline = asyncio.get_running_loop().time() + 60
    while "blocked" not in (await asyncio.to_thread(broker.ctl, "list_connections", "state")).split():
        assert asyncio.get_running_loop().time() < deadline, "nobody published"
