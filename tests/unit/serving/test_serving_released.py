"""What a call releases goes on at once, whatever else has come due."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from schemas.codec import encode_event
from schemas.entities import Entity
from schemas.envelope import Event, Lane
from tests.support.mapping_cases import event, invoice, line, payment
from tests.support.serving_fakes import ORG, LateAnswers, Served, served
from tests.support.waiting import until
from worker.documents.documents import EntityKey, Kind
from worker.ledger.records import Held, HoldState
from worker.settings.overlay import Entry, Table


class Looks(LateAnswers):
    """What each look for what is due found, from the late one on."""

    def __init__(self, one: Served) -> None:
        super().__init__(one.ledger.held, "due")
        self.found: list[list[str]] = []
        self.is_late = True
        one.ledger.held = self  # type: ignore[assignment] # behind time

    async def _late(self, *given: Any, **more: Any) -> Any:
        answer = await super()._late(*given, **more)
        self.found.append([held.id for held in answer])
        return answer


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[Served]:
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db") as one:
        yield one


def sale(number: int = 100000012) -> Event:
    more = {} if number == 100000012 else {name: str(number) for name in ("id", "number", "order_id", "order_number")}
    made = event(Entity.INVOICE, invoice(line("10.00"), **more))
    return made.model_copy(update={"id": f"sale-{number}"})


async def retried(one: Served, numbers: Sequence[int], lane: Lane = Lane.BACKFILL) -> list[str]:
    """Sales that were parked, and are due now; their ids."""
    now = await one.ledger.now()
    rows = [_held(sale(number), lane, number, until=now) for number in numbers]
    await one.ledger.held.hold(one.lease, rows)
    return [row.id for row in rows]


def _held(of: Event, lane: Lane, number: int, **more: Any) -> Held:
    owner = EntityKey(ORG, of.source, "invoice", str(number))
    told: dict[str, Any] = {"body": encode_event(of), "event_id": of.id, "owner": owner, "version": of.version}
    return Held(id=f"h{number}", org=ORG, state=HoldState.TIME, lane=lane, reason="retried", **told, **more)


async def test_a_released_payment_comes_before_the_backfill_that_is_due(one: Served) -> None:
    await one.acked(*one.receive(event(Entity.PAYMENT, payment(amount="10.00"))))
    looks = Looks(one)
    await asyncio.wait_for(looks.asked.wait(), 30)
    await retried(one, range(1, 401))

    one.receive(sale())
    await until(one.session.returning.is_due.is_set, what="the payment released")
    [child] = one.session.returning.released
    looks.arriving.set()
    await one.written(Kind.PAYMENT, 1)

    assert looks.found[0] == []
    assert looks.found[1][0] == child
    assert len(looks.found[1]) == 200
    assert one.session.returning.released == set()


async def test_more_than_a_look_takes_come_in_the_next_and_what_is_gone_is_not_asked_for_again(one: Served) -> None:
    looks = Looks(one)
    await asyncio.wait_for(looks.asked.wait(), 30)
    await one.hold_calls()
    backfill = set(await retried(one, range(1, 301)))
    released = set(await retried(one, range(301, 551), Lane.IMMEDIATE))

    one.session.returning.released |= released | {"gone"}
    looks.arriving.set()
    await until(lambda: len(looks.found) >= 3, what="two looks")

    first, second = looks.found[1:3]
    assert released - {*first} == released & {*second}
    assert len({*first} & backfill) <= 1
    assert len({*second} & backfill) >= 149
    await until(lambda: one.session.returning.released == set(), what="nothing left to be looked for")


async def test_what_a_call_releases_does_not_wait_for_the_next_session_when_one_is_due(one: Served) -> None:
    one.session.steady_until = one.session.clock.monotonic() + 3600
    await one.acked(*one.receive(event(Entity.PAYMENT, payment(amount="10.00"))))
    await one.ledger.overlays.set(ORG, Entry(Table.PAYMENTS, "klarna", "090"), who="ann")
    [waiting] = await retried(one, [1])

    one.receive(sale())
    await one.written(Kind.PAYMENT, 1)

    await one.waits(HoldState.TIME, 1)
    assert waiting not in one.session.returning.here()
