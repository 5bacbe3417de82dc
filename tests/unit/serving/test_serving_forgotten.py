"""What was forgotten stays so, though the broker still had a copy: its acknowledgement was lost when it was parked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from schemas.codec import encode_event
from schemas.entities import Entity
from tests.support.mapping_cases import event
from tests.support.sample_ledger import lease_of, opened
from tests.support.serving_fakes import ORG, MemoryBroker, MemoryXero, serve
from tests.unit.serving.test_serving_overtaken import CUSTOMER, SALE, held
from worker.intake.holding import held_id
from worker.ledger.personal import Erasure, Redacted
from worker.ledger.records import HoldState


async def test_a_customer_s_event_that_was_forgotten_is_not_booked_when_it_is_delivered_again(tmp_path: Path) -> None:
    async with opened(f"sqlite+inline:///{tmp_path}/ledger.db") as ledger:
        lease = await lease_of(ledger, name=ORG)
        waits = replace(held(CUSTOMER, await ledger.now()), id=held_id(ORG, encode_event(CUSTOMER)))
        await ledger.held.hold(lease, [replace(waits, state=HoldState.PERSON, until=None)])
        await ledger.personal.erase(ORG, Erasure(removed=(waits.id,)), (), who="bob", why="asked for it")
        one = serve(ledger, lease, MemoryBroker(), MemoryXero())

        copy = one.broker.deliver(CUSTOMER)._replace(redelivered=True)
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

        copy = one.broker.deliver(SALE)._replace(redelivered=True)
        one.serving.receive(copy)
        await one.acked(copy.tag)
        await one.end()

        assert one.xero.written == {}
        assert [found.body async for found in ledger.histories.every_held([ORG])] == [redacted.body]
