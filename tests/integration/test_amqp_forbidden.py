"""An exchange that is there, and to which the user may not write."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest

from deploy.services import PrivateBroker
from producers.amqp import ConnectionLost, Forbidden, Publisher
from schemas.topology import EVENTS, Queue, events_exchange, organisation_queues
from tests.support.amqp_links import publish, publishing
from tests.support.waiting import until

PASSWORD = "open-sesame"


@dataclass(frozen=True)
class Agent:
    """A user who may write to one of two organisations' exchanges; both are there."""

    broker: PrivateBroker
    name: str
    url: str
    own: str
    other: str

    @property
    def queues(self) -> list[Queue]:
        return [*organisation_queues(self.own), *organisation_queues(self.other)]

    def may_write(self, *organisations: str) -> None:
        names = "|".join(events_exchange(one) for one in organisations)
        self.broker.ctl("set_permissions", self.name, "^$", f"^({names})$", "^$")

    def may_write_to(self, exchange: str, *, only: str) -> None:
        """By some routing keys."""
        self.broker.ctl("set_permissions", self.name, "^$", f"^{exchange}$", "^$")
        self.broker.ctl("set_topic_permissions", self.name, exchange, only, "^$")


@pytest.fixture
async def agent(private_broker: PrivateBroker, unique_org: str) -> Agent:
    own, other, parts = f"{unique_org}_own", f"{unique_org}_other", urlsplit(private_broker.url)
    url = parts._replace(netloc=f"{unique_org}:{PASSWORD}@{parts.hostname}:{parts.port}").geturl()
    made = Agent(private_broker, unique_org, url, own, other)
    async with publishing(private_broker.url, made.queues):
        pass  # as a worker, who may, declares all
    private_broker.ctl("add_user", unique_org, PASSWORD)
    made.may_write(own)
    return made


async def test_what_goes_to_a_forbidden_exchange_is_refused_and_holds_up_nothing_else(agent: Agent) -> None:
    async with publishing(agent.url, agent.queues) as publisher:
        with pytest.raises(Forbidden, match=f"access to exchange '{events_exchange(agent.other)}'.*give the user"):
            await to(publisher, agent.other, "first")

        sent = [to(publisher, one, f"m{n}") for n in range(300) for one in (agent.own, agent.other)]
        results = await asyncio.gather(*sent, return_exceptions=True)

        assert [type(one) for one in results] == [type(None), Forbidden] * 300
        assert publisher.reconnects == 1
        assert list(publisher.refusals) == [events_exchange(agent.other)]


async def test_what_is_on_its_way_to_another_exchange_is_lost_and_not_forbidden(agent: Agent) -> None:
    async with publishing(agent.url, agent.queues) as publisher:
        refused, *others = await asyncio.gather(
            to(publisher, agent.other, "first"),
            *(to(publisher, agent.own, f"m{n}") for n in range(50)),
            return_exceptions=True,
        )

        assert isinstance(refused, Forbidden)
        assert {type(one) for one in others} == {ConnectionLost}


async def test_a_forbidden_exchange_is_published_to_once_the_user_may(agent: Agent) -> None:
    async with publishing(agent.url, agent.queues) as publisher:
        with pytest.raises(Forbidden):
            await to(publisher, agent.other, "first")
        await until(publisher.connected.is_set, what="the next connection")
        await publisher._mend()
        assert list(publisher.refusals) == [events_exchange(agent.other)]

        agent.may_write(agent.own, agent.other)
        await until(lambda: not publisher.refusals, what="another try")
        await to(publisher, agent.other, "first")

        assert publisher.reconnects == 1


async def test_a_routing_key_that_is_forbidden_closes_the_exchange_to_no_other(agent: Agent) -> None:
    agent.may_write_to(EVENTS, only=f"^{agent.own}")
    async with publishing(agent.url, agent.queues) as publisher:
        with pytest.raises(Forbidden, match=f"access to topic '{agent.other}.batch.order'.*give the user that"):
            await publish(publisher, f"{agent.other}.batch.order", "first", exchange=EVENTS)

        await publish(publisher, f"{agent.own}.batch.order", "second", exchange=EVENTS)
        assert publisher.refusals == {}


async def test_a_forbidden_exchange_is_published_to_once_the_user_may_by_some_routing_keys(agent: Agent) -> None:
    key = f"{agent.own}.batch.order"
    async with publishing(agent.url, agent.queues) as publisher:
        with pytest.raises(Forbidden):
            await publish(publisher, key, "first", exchange=EVENTS)

        agent.may_write_to(EVENTS, only=f"^{agent.own}")
        await until(lambda: not publisher.refusals, what="another try")
        await publish(publisher, key, "second", exchange=EVENTS)


async def to(publisher: Publisher, organisation: str, message_id: str) -> None:
    """One event of an organisation."""
    key = f"{organisation}.batch.order"
    await publish(publisher, key, message_id, exchange=events_exchange(organisation))
