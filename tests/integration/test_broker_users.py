"""The definitions on a real broker: each role's user can do its work, and nothing else."""

from __future__ import annotations

import json
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pika
import pytest
from pika.exceptions import ChannelClosedByBroker, ProbableAccessDeniedError, ProbableAuthenticationError

from deploy.rabbitmq.definitions import definitions
from deploy.rabbitmq.users import Role
from deploy.services import private_broker
from producers.amqp import BrokerSettings, Forbidden, TopologyMismatch, cure, depths
from producers.publisher import event_queues
from schemas.commands import Release
from schemas.envelope import Lane
from schemas.topology import (
    COMMANDS,
    EVENTS,
    dead_queue,
    events_exchange,
    lane_queue,
    organisation_commands,
    organisation_queues,
    store_commands,
    store_queues,
)
from tests.support.amqp_links import consuming, publish, publishing
from tests.support.waiting import until
from worker.stores.commanding import ordered, place

ORGS, STORES = ["main", "outlet"], ["webshop", "market"]
ORDER = "main.immediate.order"
STRANGE = "wholesale.immediate.order"
WAYS = [EVENTS, events_exchange("main")]
EVERY_COMMAND = ["webshop.resync-all", "webshop.resync", "market.sync-now", "main.release"]
EVERY_QUEUE = [queue.name for org in ORGS for queue in organisation_queues(org)] + list(map(store_commands, STORES))


@dataclass(frozen=True)
class Broker:
    """A node that has imported the definitions of two organisations and two stores."""

    address: str
    passwords: dict[Role, str]

    def url(self, role: Role) -> str:
        return f"amqp://{role.user}:{self.passwords[role]}@{self.address}/%2F"

    def code(self, role: Role, method: str, *args: object, **kwargs: object) -> int:
        """How the broker answers one request: 0 when it does as asked."""
        with closing(pika.BlockingConnection(pika.URLParameters(self.url(role)))) as connection:
            channel = connection.channel()
            channel.confirm_delivery()
            try:
                getattr(channel, method)(*args, **kwargs)
            except ChannelClosedByBroker as error:
                return int(error.reply_code)
            return 0


@pytest.fixture(scope="module")
def broker() -> Iterator[Broker]:
    folder = Path(tempfile.mkdtemp(prefix="xerelay-"))
    passwords = {role: secrets.token_urlsafe(16) for role in Role}
    file = folder / "definitions.json"
    with private_broker(folder) as node:
        for _ in range(2):  # as a stack that is started again does
            file.write_text(json.dumps(definitions(ORGS, STORES, passwords)))
            node.ctl("import_definitions", str(file))
        parts = urlsplit(node.url)
        yield Broker(f"{parts.hostname}:{parts.port}", passwords)
    shutil.rmtree(folder)


async def test_a_store_publishes_its_events(broker: Broker) -> None:
    async with publishing(broker.url(Role.STORE), event_queues(ORGS)) as publisher:
        await publish(publisher, ORDER, "m1")

        assert publisher.mismatches == {}


def test_a_store_can_do_nothing_else(broker: Broker) -> None:
    refused = [broker.code(Role.STORE, "basic_publish", EVENTS, STRANGE, b"{}")]
    refused += [broker.code(Role.STORE, "basic_publish", EVENTS, "main.immediate.order.more", b"{}")]
    refused += [broker.code(Role.STORE, "basic_publish", events_exchange("main"), ORDER, b"{}")]
    refused += [broker.code(Role.STORE, "basic_publish", COMMANDS, key, b"{}") for key in EVERY_COMMAND]
    refused += [broker.code(Role.STORE, "basic_publish", "", queue, b"{}") for queue in EVERY_QUEUE]
    refused += [broker.code(Role.STORE, "basic_get", queue) for queue in EVERY_QUEUE]
    refused += [broker.code(Role.STORE, "queue_purge", lane_queue("main", Lane.BATCH))]
    refused += [broker.code(Role.STORE, "queue_delete", lane_queue("main", Lane.BATCH))]
    refused += [broker.code(Role.STORE, "queue_declare", "xerelay.mine")]

    assert set(refused) == {403}


async def test_a_worker_declares_and_consumes_its_queues(broker: Broker) -> None:
    queues = event_queues(ORGS)
    async with publishing(broker.url(Role.STORE), queues) as publisher:
        await publish(publisher, "outlet.batch.order", "m2")
    async with consuming(broker.url(Role.WORKER), queues, *(queue.name for queue in queues), ack=True) as intake:
        await until(lambda: "m2" in intake.ids(), what="the event")

        assert intake.consumer.mismatches == {}


def test_a_worker_publishes_nothing(broker: Broker) -> None:
    refused = [broker.code(Role.WORKER, "basic_publish", COMMANDS, key, b"{}") for key in EVERY_COMMAND]
    refused += [broker.code(Role.WORKER, "basic_publish", way, ORDER, b"{}") for way in WAYS]
    refused += [broker.code(Role.WORKER, "basic_publish", "", dead_queue("main"), b"{}")]
    refused += [broker.code(Role.WORKER, "basic_get", store_commands("webshop"))]
    refused += [broker.code(Role.WORKER, "queue_declare", "xerelay.other.immediate")]
    refused += [broker.code(Role.WORKER, "queue_delete", store_commands("webshop"))]

    assert set(refused) == {403}


async def test_an_agent_publishes_events_and_takes_its_stores_commands(broker: Broker) -> None:
    commands = [queue for store in STORES for queue in store_queues(store)]
    async with publishing(broker.url(Role.ADMIN), commands) as admin:
        await publish(admin, "webshop.resync-all", "c1", exchange=COMMANDS)
    async with (
        publishing(broker.url(Role.AGENT), event_queues(ORGS)) as publisher,
        consuming(broker.url(Role.AGENT), commands, store_commands("webshop"), ack=True) as desk,
    ):
        await publish(publisher, "main.backfill.product", "m3", exchange=events_exchange("main"))
        await until(lambda: "c1" in desk.ids(), what="the command")

        assert publisher.mismatches == desk.consumer.mismatches == {}


def test_an_agent_neither_commands_nor_consumes_events(broker: Broker) -> None:
    refused = [broker.code(Role.AGENT, "basic_publish", COMMANDS, key, b"{}") for key in EVERY_COMMAND]
    refused += [broker.code(Role.AGENT, "basic_publish", EVENTS, key, b"{}") for key in (ORDER, STRANGE)]
    refused += [broker.code(Role.AGENT, "basic_publish", events_exchange("wholesale"), STRANGE, b"{}")]
    refused += [broker.code(Role.AGENT, "basic_get", queue.name) for queue in event_queues(ORGS)]
    refused += [broker.code(Role.AGENT, "queue_bind", store_commands("webshop"), COMMANDS, "main.release")]
    refused += [broker.code(Role.AGENT, "queue_bind", store_commands("webshop"), way, ORDER) for way in WAYS]

    assert set(refused) == {403}


async def test_an_admin_commands_every_store_and_organisation(broker: Broker) -> None:
    queues = [*event_queues(ORGS), *(queue for store in STORES for queue in store_queues(store))]
    async with publishing(broker.url(Role.ADMIN), queues) as publisher:
        for number, key in enumerate(EVERY_COMMAND):
            await publish(publisher, key, f"c{number}", exchange=COMMANDS)

        assert publisher.mismatches == {}


def test_an_admin_neither_publishes_events_nor_consumes(broker: Broker) -> None:
    refused = [broker.code(Role.ADMIN, "basic_publish", way, ORDER, b"{}") for way in WAYS]
    refused += [broker.code(Role.ADMIN, "basic_publish", COMMANDS, "wholesale.release", b"{}")]
    refused += [broker.code(Role.ADMIN, "basic_publish", "", organisation_commands("main"), b"{}")]
    refused += [broker.code(Role.ADMIN, "basic_get", queue) for queue in EVERY_QUEUE]
    refused += [broker.code(Role.ADMIN, "queue_delete", lane_queue("main", Lane.BATCH))]
    refused += [broker.code(Role.ADMIN, "queue_bind", queue, way, ORDER) for queue in EVERY_QUEUE for way in WAYS]
    refused += [broker.code(Role.ADMIN, "queue_bind", queue, COMMANDS, "main.release") for queue in EVERY_QUEUE]

    assert set(refused) == {403}


async def test_an_admin_is_told_how_much_waits(broker: Broker) -> None:
    waiting = await depths(BrokerSettings(broker.url(Role.ADMIN)), EVERY_QUEUE)

    assert None not in waiting.values()


async def test_who_has_no_right_on_a_queue_is_told_of_rights_and_not_of_the_virtual_host(broker: Broker) -> None:
    with (
        pytest.raises(ChannelClosedByBroker) as refused,
        closing(pika.BlockingConnection(pika.URLParameters(broker.url(Role.STORE)))) as connection,
    ):
        connection.channel().basic_get(dead_queue("main"))

    assert cure(str(refused.value)).startswith("give the user rights on it")


async def test_a_worker_with_a_stores_user_says_that_it_consumes_nothing(
    broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    queues = organisation_queues("main")
    names = [lane_queue("main", Lane.IMMEDIATE), lane_queue("main", Lane.BATCH)]
    async with consuming(broker.url(Role.STORE), queues, *names) as intake:
        await until(lambda: len(intake.consumer.refusals) == len(names), what="both refusals")
        told = intake.consumer.refusals[names[0]]
        assert told.startswith(f"{names[0]} is not consumed: 403 ACCESS_REFUSED")
        assert "give the user rights on it" in told

        for _ in range(3):
            await intake.consumer.start(names[0], 50)
        assert [record.getMessage() for record in caplog.records].count(told) == 1

        await intake.consumer.cancel(names[1])
        assert list(intake.consumer.refusals) == names[:1]


async def test_a_command_of_a_user_who_may_not_send_it_is_not_sent(broker: Broker) -> None:
    order = ordered(Release(), target="main", name="release")

    with pytest.raises(Forbidden, match=r"access to exchange .* give the user rights on it"):
        await place(BrokerSettings(broker.url(Role.STORE)), order, queues=organisation_queues("main"))


async def test_what_a_user_may_not_declare_and_is_not_there_is_told_to_whoever_publishes_to_it(broker: Broker) -> None:
    commands = organisation_commands("outlet")
    assert broker.code(Role.WORKER, "queue_delete", commands) == 0

    async with publishing(broker.url(Role.ADMIN), organisation_queues("outlet")) as publisher:
        with pytest.raises(TopologyMismatch, match=rf"{commands} is not there, .* may not declare it: 404") as told:
            await publish(publisher, "outlet.release", "c9", exchange=COMMANDS)
        # the worker whose user may not, as after an upgrade without its definitions, is told so too
        assert "Import this version's definitions, or start a worker whose user may" in str(told.value)

        async with consuming(broker.url(Role.WORKER), organisation_queues("outlet")):
            await until(lambda: not publisher.mismatches, what="the queue that the worker declares")


def test_another_password_and_another_virtual_host_are_refused(broker: Broker) -> None:
    right = pika.URLParameters(broker.url(Role.ADMIN))
    right.virtual_host = "other"
    with pytest.raises(ProbableAccessDeniedError):
        pika.BlockingConnection(right)

    with pytest.raises(ProbableAuthenticationError):
        pika.BlockingConnection(pika.URLParameters(f"amqp://{Role.ADMIN.user}:guess@{broker.address}/%2F"))
