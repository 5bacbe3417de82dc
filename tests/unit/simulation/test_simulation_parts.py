"""The virtual world is as strict as the real one where the simulated days rely on it."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from producers.amqp import Delivery
from schemas.codec import decode_event
from tests.benchmarks.simulation.broker import Broker, Message, VirtualConsumer
from tests.benchmarks.simulation.calls import MemoryLedger
from tests.benchmarks.simulation.scenarios import LANES, organisation
from tests.benchmarks.simulation.traffic import Shop
from tests.benchmarks.simulation.virtual import MIDNIGHT, VirtualClock, elapsed, run_virtually
from tests.benchmarks.simulation.xero import VirtualXero
from tests.support.sample_ledger import document, event, key
from worker.documents.documents import DocumentKey, Kind
from worker.ledger.records import Call, HoldState, Known, Purpose
from worker.mapping.plan import Writes, plan
from worker.xero.compose import compose
from worker.xero.replies.reply import ReplyKind

SHOP = Shop("main", LANES)


def call_of(number: int) -> Call:
    planned = plan(decode_event(SHOP.customer(number, 0.0).message.make()), organisation())
    assert isinstance(planned, Writes)
    composed = compose(planned.writes, Known({}, frozenset()))
    now = MIDNIGHT + timedelta(seconds=elapsed())
    return Call(
        f"c{number}",
        "main",
        Purpose.WRITE,
        Kind.CONTACT,
        composed.method,
        composed.path,
        composed.params,
        composed.body,
        f"key-{number}",
        composed.members,
        now,
        now,
    )


def test_a_message_has_the_version_of_its_time() -> None:
    first, later = (decode_event(SHOP.customer(1, at).message.make()) for at in (1.5, 60.0))

    assert (first.time, first.version) == (MIDNIGHT + timedelta(seconds=1.5), MIDNIGHT + timedelta(seconds=1.5))
    assert later.version - first.version == timedelta(seconds=58.5)
    assert later.data == first.data


def test_a_day_passes_at_once_and_in_order() -> None:
    async def sleepers() -> list[float]:
        clock, woken = VirtualClock(), []

        async def one(seconds: float) -> None:
            await clock.sleep(seconds)
            woken.append(elapsed())

        await asyncio.gather(one(86_400.0), one(0.25), one(3_600.0))
        return woken

    assert run_virtually(sleepers()) == pytest.approx([0.25, 3_600.0, 86_400.0])


def test_a_loop_where_nothing_can_happen_says_so() -> None:
    with pytest.raises(RuntimeError, match="stands still"):
        run_virtually(asyncio.Event().wait())


def test_the_sixty_first_call_of_a_minute_and_the_sixth_in_flight_are_refused() -> None:
    async def flood(count: int, pause_s: float) -> list[ReplyKind]:
        xero, replies = VirtualXero(), []
        for number in range(count):
            replies.append(asyncio.ensure_future(xero.send(call_of(number))))
            await asyncio.sleep(pause_s)
        return [reply.outcome for reply in await asyncio.gather(*replies)]

    spread_out, at_once = run_virtually(flood(62, 0.9)), run_virtually(flood(6, 0.0))

    assert spread_out[:60] == [ReplyKind.ANSWERED] * 60
    assert ReplyKind.TOO_MANY_MINUTE in spread_out[60:]
    assert at_once.count(ReplyKind.TOO_MANY_CONCURRENT) == 1


def test_a_key_that_comes_again_within_six_minutes_writes_nothing_new() -> None:
    async def twice() -> VirtualXero:
        xero = VirtualXero()
        await xero.send(call_of(1))
        await xero.send(call_of(1))
        return xero

    xero = run_virtually(twice())

    assert (xero.calls, xero.documents, xero.duplicated) == (2, 1, 0)


def test_the_broker_gives_what_was_returned_before_what_waits_and_counts_it() -> None:
    async def returned() -> list[tuple[str, int]]:
        broker = Broker()
        seen: list[Delivery] = []
        consumer = VirtualConsumer(broker, seen.append)
        for name in ("first", "second"):
            broker.publish("xerelay.main.batch", Message("main.batch.customer", name, lambda: b"{}"))
        await consumer.start("xerelay.main.batch", 1)
        await asyncio.sleep(0)
        consumer.give_back(seen[0])
        await asyncio.sleep(0)
        return [(one.message_id, one.delivery_count) for one in seen]

    assert run_virtually(returned()) == [("first", 0), ("first", 1)]


def test_the_traffic_maps_to_the_documents_it_says() -> None:
    sale = [SHOP.customer(1, 0.0), SHOP.product(1, 0.0), SHOP.invoice(1, 1, 5.0), SHOP.payment(1, 1, 8.0)]

    for arrival in [*sale, *SHOP.refund(1, 1, 9.0), *SHOP.refund(2, 1, 9.0, paid=False)]:
        event = decode_event(arrival.message.make())
        planned = plan(event, organisation())
        assert isinstance(planned, Writes)
        numbers = {(write.kind, write.number) for write in planned.writes}
        assert arrival.wanted in numbers
        assert DocumentKey(*planned.writes[-1].key).org == "main"


def test_what_was_parked_for_a_parent_goes_when_the_parent_comes() -> None:
    async def held_for_days() -> tuple[list[str], ...]:
        ledger = MemoryLedger()
        lease = await ledger.leases.acquire("main", "w1")
        assert lease is not None
        await ledger.held.hold(lease, [event(1, HoldState.PARENT), event(2, HoldState.PERSON, parent=key(1))])
        await asyncio.sleep(25 * 3600)

        parked = await ledger.held.expire_parents(lease)
        again = await ledger.held.expire_parents(lease)
        early = await ledger.held.sweep_parents(lease)
        ledger.books.write([document(1)])
        released = await ledger.held.sweep_parents(lease)
        due = await ledger.held.due("main")
        assert released == [one.id for one in due]
        return (*([one.event_id for one in found] for found in (parked, again, due)), early)

    assert run_virtually(held_for_days()) == (["event-1"], [], ["event-1"], [])
