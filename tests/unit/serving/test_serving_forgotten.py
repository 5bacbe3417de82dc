"""What was forgotten stays so, though the broker still had a copy: its acknowledgement was lost when it was parked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from producers.amqp import Delivery
from schemas.codec import encode_event
from schemas.entities import Entity
from tests.support.mapping_cases import BUYER, event, invoice, line
from tests.support.sample_ledger import lease_of, opened
from tests.support.serving_fakes import ORG, MemoryBroker, MemoryXero, Served, serve, served
from tests.support.waiting import until
from tests.unit.serving.test_serving_overtaken import CUSTOMER, SALE, held
from worker.documents.documents import Kind
from worker.forgetting.forgetting import Forgetting, find
from worker.forgetting.person import FORGOTTEN
from worker.intake.holding import held_id
from worker.ledger.held.parked import Chosen
from worker.ledger.personal import Erasure, Redacted
from worker.ledger.records import HoldState


def redelivered(delivery: Delivery) -> Delivery:
    return structs.replace(delivery, redelivered=True)


async def test_a_customer_s_event_that_was_forgotten_is_not_booked_when_it_is_delivered_again(tmp_path: Path) -> None:
    async with opened(f"sqlite+inline:///{tmp_path}/ledger.db") as ledger:
        lease = await lease_of(ledger, name=ORG)
        waits = replace(held(CUSTOMER, await ledger.now()), id=held_id(ORG, encode_event(CUSTOMER)))
        await ledger.held.hold(lease, [replace(waits, state=HoldState.PERSON, until=None)])
        await ledger.personal.erase(ORG, Erasure(removed=(waits.id,)), (), who="bob", why="asked for it")
        one = serve(ledger, lease, MemoryBroker(), MemoryXero())

        copy = redelivered(one.broker.deliver(CUSTOMER))
        one.serving.receive(copy)
        await one.acked(copy.tag)
        fresh = one.receive(event(Entity.CUSTOMER, {"id": "8", "email": "al@example.com", "first_name": "Al"}))
        await one.acked(*fresh)
        await one.end()

        assert [found["Name"] for found in one.xero.written.values()] == ["Al"]


async def test_a_sale_that_was_redacted_waits_as_it_was_left_when_it_is_delivered_again(tmp_path: Path) -> None:
    async with opened(f"sqlite+inline:///{tmp_path}/ledger.db") as ledger:
        lease = await lease_of(ledger, name=ORG)
        waits = replace(held(SALE, await ledger.now()), id=held_id(ORG, encode_event(SALE)))
        await ledger.held.hold(lease, [replace(waits, state=HoldState.PERSON, until=None)])
        redacted = Redacted(waits.id, b'{"of": "nobody"}', "")
        await ledger.personal.erase(ORG, Erasure(redacted=(redacted,)), (), who="bob", why="asked for it")
        one = serve(ledger, lease, MemoryBroker(), MemoryXero())

        copy = redelivered(one.broker.deliver(SALE))
        one.serving.receive(copy)
        await one.acked(copy.tag)
        await one.end()

        assert one.xero.written == {}
        assert [found.body async for found in ledger.histories.every_held([ORG])] == [redacted.body]


async def forget(one: Served, email: str = "jo@example.com") -> None:
    """As the command does."""
    task = Forgetting(one.ledger, one.session.org)
    [traces] = await find([task], email=email)
    await task.forget(traces, who="bob", why="asked for it")


@pytest.mark.parametrize(
    "buyer", [BUYER, {name: BUYER[name] for name in BUYER if name != "id"}], ids=["known", "guest"]
)
async def test_a_copy_of_a_redacted_sale_that_comes_after_it_was_booked_changes_nothing(
    buyer: dict[str, Any], tmp_path: Path
) -> None:
    sold = event(Entity.INVOICE, invoice(line("10.00", "2.00", tax_rate="20"), customer=buyer))
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db") as one:
        waits = replace(held(sold, await one.ledger.now()), id=held_id(ORG, encode_event(sold)))
        await one.ledger.held.hold(one.lease, [replace(waits, state=HoldState.PERSON, until=None)])
        await forget(one)
        await one.ledger.parked.retry(Chosen(), who="bob")
        await one.written(Kind.INVOICE, 1)
        await one.waits(HoldState.TIME, 0)
        calls = len(one.xero.calls)

        copy = redelivered(one.broker.deliver(sold))
        one.serving.receive(copy)
        await one.acked(copy.tag)

        assert len(one.xero.calls) == calls
        assert [found["Name"] for found in one.xero.written.values() if "Name" in found] == [FORGOTTEN]
        assert "jo@example.com" not in str(one.xero.written)


async def test_a_message_that_was_emptied_stays_so_when_it_is_delivered_again(tmp_path: Path) -> None:
    unread = b'{"of": "jo@example.com"}'
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db") as one:
        await one.acked(*one.receive(unread))
        await forget(one)

        copy = redelivered(one.broker.deliver(unread))
        one.serving.receive(copy)
        await one.acked(copy.tag)

        assert [found.body async for found in one.ledger.histories.every_held([ORG])] == [b""]


async def test_a_sale_whose_message_retention_dropped_is_booked_once_when_it_is_delivered_again(tmp_path: Path) -> None:
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db") as one:
        waits = replace(held(SALE, await one.ledger.now()), id=held_id(ORG, encode_event(SALE)))
        await one.ledger.held.hold(one.lease, [replace(waits, state=HoldState.PERSON, until=None)])
        assert await one.ledger.parked.purge(0) == 1

        for _ in range(2):
            copy = redelivered(one.broker.deliver(SALE))
            one.serving.receive(copy)
            await one.acked(copy.tag)

        assert [call.kind for call in one.xero.calls if call.members] == [Kind.CONTACT, Kind.INVOICE]
        assert await one.parked() == []


async def test_a_sale_that_is_redacted_while_a_worker_has_it_is_parked_without_the_customer(tmp_path: Path) -> None:
    xero = MemoryXero()
    xero.answers[Kind.INVOICE] = [xero.refuse]
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db", xero=xero) as one:
        await one.hold_calls()
        waits = replace(held(SALE, await one.ledger.now()), id=held_id(ORG, encode_event(SALE)))
        await one.ledger.held.hold(one.lease, [waits])
        await until(one.session.buffer.works, what="the sale in memory")
        await forget(one)

        one.let_calls_go()
        await one.parks(1)

        [parked] = [found async for found in one.ledger.histories.every_held([ORG])]
        assert FORGOTTEN.encode() in parked.body
        assert b"jo@example.com" not in parked.body
