"""What `xerelay check` says of the broker: the real one, whose queues are there, are not, or are others."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from urllib.parse import urlsplit

from schemas.topology import Queue, organisation_queues, store_queues
from tests.support.amqp_links import publishing
from tests.support.check_setup import SetUp, lines
from tests.support.check_setup import setup as setup  # noqa: PLC0414 - a fixture is found by its name
from tests.support.check_setup import shop_url as shop_url  # noqa: PLC0414
from tests.support.check_setup import xero as xero  # noqa: PLC0414
from tests.support.check_setup import xero_url as xero_url  # noqa: PLC0414


def test_a_set_up_that_works_exits_0_and_creates_nothing(setup: SetUp, amqp_url: str, unique_org: str) -> None:
    setup.broker = amqp_url
    setup.changes |= {"organisations.main": f"organisations.{unique_org}", '= "main"': f'= "{unique_org}"'}

    before = setup.check()
    again = setup.check()
    asyncio.run(_declared(amqp_url, unique_org))
    after = setup.check()

    for result in (before, again):
        [line] = lines(result, "warn")
        assert f"xerelay.{unique_org}.batch" in line
        assert "start a worker" in line
        assert "import this version's definitions" in line
    assert (before.exit_code, after.exit_code) == (0, 0), after.output
    assert lines(after, "warn") == []


def test_a_queue_of_other_arguments_and_a_wrong_password_are_told(setup: SetUp, amqp_url: str, unique_org: str) -> None:
    setup.broker = amqp_url
    setup.changes |= {"organisations.main": f"organisations.{unique_org}", '= "main"': f'= "{unique_org}"'}
    asyncio.run(_declared_otherwise(amqp_url, unique_org))

    otherwise = setup.check()
    parts = urlsplit(amqp_url)
    setup.broker = parts._replace(netloc=f"nobody:wrong@{parts.hostname}:{parts.port}").geturl()
    refused = setup.check()

    [line] = lines(otherwise, "fail")
    assert f"xerelay.{unique_org}.batch: 406" in line
    assert "then delete it" in line
    [line] = lines(refused, "fail")
    assert "mend user and password in broker.url" in line


def test_tls_to_a_port_without_is_a_wrong_port_and_no_wrong_certificate(setup: SetUp, amqp_url: str) -> None:
    setup.broker = amqp_url.replace("amqp://", "amqps://")

    [line] = lines(setup.check(), "fail")

    assert line.endswith(
        "name the port for TLS in broker.url, by default 5671, or write amqp:// if the broker is to do without"
    )


async def _declared(amqp_url: str, org: str) -> None:
    async with publishing(amqp_url, (*organisation_queues(org), *store_queues("shop"))):
        pass


async def _declared_otherwise(amqp_url: str, org: str) -> None:
    odd = [_with_a_limit(queue) if queue.name.endswith(".batch") else queue for queue in organisation_queues(org)]
    async with publishing(amqp_url, (*odd, *store_queues("shop"))):
        pass


def _with_a_limit(queue: Queue) -> Queue:
    return replace(queue, arguments=queue.arguments | {"x-delivery-limit": 7})
