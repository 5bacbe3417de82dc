"""Thousands of messages that make no sense: each is parked with its reason, and none of them costs anything else."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pika

from deploy.demo.spoiled import Bad
from schemas.entities import Entity
from schemas.topology import COMMANDS, DEAD, EVENTS
from tests.acceptance.garbage import astray, garbage
from tests.acceptance.stage import Stage, a_small_day
from tests.support.log_lines import told

MESSAGES = 2_000
LARGE = 36
ASTRAY = 40
MOST_MEMORY_MB = 300
MOST_DETAIL = 600


async def test_two_thousand_senseless_messages_cost_nothing_but_their_place_in_the_list(sqlite_stage: Stage) -> None:
    day = a_small_day(sqlite_stage.organisation)
    # of another store: a good version of the same entity would clear the bad one from the list
    template = a_small_day(sqlite_stage.organisation, store="nowhere")
    nonsense = [*garbage(template, MESSAGES, large=LARGE), *astray(template, ASTRAY)]
    day.bad.extend(distinct(nonsense))
    assert len(day.bad) >= MESSAGES

    worker = sqlite_stage.worker()
    await sqlite_stage.publish(day)
    await sqlite_stage.until_quiet([day])

    await sqlite_stage.assert_right(day)
    assert worker.poll() is None
    assert peak_memory_mb(worker.pid) < MOST_MEMORY_MB
    for held in await (await sqlite_stage.inspection()).parked():
        assert held.hint
        assert 0 < len(held.detail) < MOST_DETAIL, held.reason
        assert held.detail.isprintable(), held.detail
    assert told(sqlite_stage.log(), level="info")
    assert not told(sqlite_stage.log(), level="error")


def distinct(messages: Iterable[Bad]) -> list[Bad]:
    """One of each: the ledger keeps equal bytes once."""
    return list({bad.body: bad for bad in messages}.values())


def peak_memory_mb(pid: int) -> float:
    """The most memory a process ever had in use."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")) / 1024


async def test_properties_that_are_no_text_are_no_trouble(stage: Stage) -> None:
    day = a_small_day(stage.organisation, orders=2)
    inspection = await stage.inspection()
    await stage.publish(day)
    channel = pika.BlockingConnection(pika.URLParameters(stage.broker_url)).channel()
    channel.confirm_delivery()
    for nth, name in enumerate((b"\xff\xfe", b"a\x00b", b"\x1b[31m\n", b"", None)):
        word, properties = name or b"none", pika.BasicProperties(message_id=name)
        org = stage.organisation.encode()
        for exchange, key in ((EVENTS, org + b".immediate." + word), (DEAD, org + b"." + word)):
            channel.basic_publish(
                exchange, key, b"%s nonsense %d" % (exchange.encode(), nth), properties, mandatory=True
            )
        channel.basic_publish(COMMANDS, org + b".release", b"no command %d" % nth, properties, mandatory=True)
    channel.connection.close()
    day.bad.extend(Bad(Entity.ORDER, b"", "undecodable") for _ in range(10))

    stage.worker()
    await stage.until_quiet([day])

    await stage.assert_right(day)
    assert all(held.event_id.isprintable() for held in await inspection.parked())
