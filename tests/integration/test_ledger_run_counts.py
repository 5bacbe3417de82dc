"""A run counts the end of an event in the transaction that writes that end down, on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest

from producers.runs import Progress, Run, RunState
from schemas.codec import encode_event
from schemas.commands import ResyncAll
from schemas.entities import Entity
from tests.support import mapping_cases
from tests.support.agent_fixture import message
from tests.support.fake_store import INVOICES
from tests.support.fakes import FakeClock
from tests.support.sample_ledger import ORG, document, event, key, lease_of, open_call, opened, put_documents, write
from worker.documents.documents import Kind
from worker.ledger.database.errors import LeaseLost
from worker.ledger.held.parked import Chosen
from worker.ledger.ledger import Ledger
from worker.ledger.personal import Erasure
from worker.ledger.records import AWAITING_APPROVAL, CANCELLED_PAID, PARENT_MISSING, Call, Held, HoldState, Lease, Tally

RUN = Run("run-1", "resync-all", ResyncAll())
ONE = {RUN.id: {"written": 1}}
MISSED = {"reason": PARENT_MISSING, "hint": "bring it there"}


@pytest.fixture
async def ledger(database_url: str, clock: FakeClock) -> AsyncIterator[Ledger]:
    async with opened(database_url, clock=clock) as ledger:
        await ledger.store("shop", holder="agent")[1].record(RUN, message(RUN.name, RUN.command, RUN.id))
        yield ledger


def ends(ledger: Ledger, call: Call) -> list[Callable[[Lease], Awaitable[object]]]:
    """Everything that ends events."""
    return [
        lambda of: ledger.calls.close(of, call.id, status=200, count=lambda _: ONE),
        lambda of: ledger.documents.settle_unchanged(of, [], completed=[], count=lambda _: ONE),
        lambda of: ledger.held.remove(of, ["nonsense"], ONE),
        lambda of: ledger.held.hold(of, [event(2)], count=lambda *_: ONE),
        ledger.held.expire_parents,
    ]


def of_run(number: int, state: HoldState, **fields: Any) -> Held:
    """What waits of the run."""
    sale = mapping_cases.event(Entity.INVOICE, mapping_cases.invoice(mapping_cases.line("10.00")))
    return event(number, state, body=encode_event(sale.model_copy(update={"correlation_id": RUN.id})), **fields)


def parked_ones(events: Sequence[Held], _: Sequence[Held]) -> Tally:
    """What the run has of events that are held."""
    return {RUN.id: {"parked": sum(one.state is HoldState.PERSON for one in events)}}


async def counted(ledger: Ledger) -> tuple[int, int]:
    """What the run has as written, and as parked."""
    [status] = await ledger.runs.latest()
    return status.written, status.parked


async def published(ledger: Ledger, *, events: int) -> None:
    """The run is done, and has so many events."""
    checkpoints, runs = ledger.store("shop", holder="agent")
    assert await checkpoints.take_charge(15)
    await runs.save_page(RUN, INVOICES, Progress(events, 1, events, events, done=True), ())
    await runs.finish(RUN, RunState.DONE)


async def waiting(ledger: Ledger) -> tuple[int, int, int, bool]:
    """Of the run: what is held for a parent, for an approval, what is on its way; and whether it is over."""
    status = await ledger.runs.get(RUN.id)
    assert [status] == await ledger.runs.latest()
    assert status is not None
    return status.held_for_parent, status.held_for_approval, status.on_their_way, status.is_over


async def test_each_end_is_counted_with_what_it_writes(ledger: Ledger, clock: FakeClock) -> None:
    waits = of_run(1, HoldState.PARENT, parent=key(9))
    await ledger.held.hold(await lease_of(ledger), [waits])
    clock.advance(24 * 3600)
    lease = await lease_of(ledger)
    call = await open_call(ledger, lease, write(1))

    for end in ends(ledger, call):
        await end(lease)

    assert await counted(ledger) == (4, 1)


async def test_nothing_is_counted_for_who_has_lost_the_lease(ledger: Ledger, clock: FakeClock) -> None:
    old = await lease_of(ledger)
    call = await open_call(ledger, old, write(1))
    clock.advance(16)
    await lease_of(ledger, "w2")

    for end in ends(ledger, call):
        with pytest.raises(LeaseLost):
            await end(old)

    assert await counted(ledger) == (0, 0)


async def test_a_call_that_is_closed_twice_counts_once(ledger: Ledger) -> None:
    lease = await lease_of(ledger)
    call = await open_call(ledger, lease, write(1))

    for _ in range(2):
        await ledger.calls.close(lease, call.id, status=200, count=lambda _: ONE)

    assert await counted(ledger) == (1, 0)


async def test_what_is_tried_again_is_parked_no_more(ledger: Ledger) -> None:
    events = [of_run(1, HoldState.PERSON), of_run(2, HoldState.PERSON), of_run(3, HoldState.TIME)]
    await ledger.held.hold(await lease_of(ledger), events, count=parked_ones)

    for _ in range(2):  # the second finds it on its way
        await ledger.parked.retry(Chosen(ids=(events[0].id, events[2].id)), who="ann")

    assert await counted(ledger) == (0, 1)


async def test_what_a_call_lets_go_on_is_parked_no_more(ledger: Ledger) -> None:
    lease = await lease_of(ledger)
    await put_documents(ledger, lease, document(1))
    missed, other = (of_run(9, HoldState.PERSON, **MISSED, parent=key(number)) for number in (9, 8))
    waits = of_run(2, HoldState.PARENT, reason=PARENT_MISSING, parent=key(9))
    paid = of_run(1, HoldState.PERSON, reason=CANCELLED_PAID, owner=key(1).owner)
    await ledger.held.hold(lease, [missed, other, waits, paid], count=parked_ones)

    money = document(51, part="payment/1")._replace(
        kind=Kind.PAYMENT, facts={"status": "DELETED", "target_id": "xero-1"}
    )
    released = await put_documents(ledger, lease, document(9), money)

    assert {one.id for one in released} == {missed.id, waits.id, paid.id}
    assert await counted(ledger) == (0, 1)


async def test_what_a_sweep_lets_go_on_is_parked_no_more(ledger: Ledger) -> None:
    lease = await lease_of(ledger)
    await put_documents(ledger, lease, document(9))
    events = [of_run(number, HoldState.PERSON, **MISSED, parent=key(number)) for number in (9, 8)]
    await ledger.held.hold(lease, events, count=parked_ones)

    assert await ledger.held.sweep_parents(lease) == [events[0].id]
    assert await counted(ledger) == (0, 1)


async def test_what_is_let_go_before_it_ended_counts_as_parked(ledger: Ledger) -> None:
    events = [of_run(1, HoldState.PERSON), of_run(2, HoldState.TIME)]
    await ledger.held.hold(await lease_of(ledger), events, count=parked_ones)

    await ledger.parked.discard(Chosen(ids=tuple(one.id for one in events)), who="ann", reason="booked by hand")

    assert await counted(ledger) == (0, 2)


async def test_a_run_is_over_when_all_that_is_left_of_it_is_held_for_a_sale_or_for_approval(
    ledger: Ledger, clock: FakeClock
) -> None:
    lease, later = await lease_of(ledger), clock.now() + timedelta(hours=12)
    await published(ledger, events=4)
    child = of_run(1, HoldState.PARENT, reason=PARENT_MISSING, parent=key(9))
    draft = of_run(2, HoldState.TIME, reason=AWAITING_APPROVAL, until=later)
    others = [event(5, HoldState.PARENT, parent=key(9)), event(6, HoldState.TIME, reason="kind_paused", until=later)]
    paused = of_run(3, HoldState.TIME, reason="kind_paused", until=later)
    await ledger.held.hold(lease, [child, draft, paused, *others])
    await ledger.runs.add(ONE)
    assert await waiting(ledger) == (1, 1, 1, False)

    await ledger.held.remove(lease, [paused.id], ONE)
    assert await waiting(ledger) == (1, 1, 0, True)

    await put_documents(ledger, lease, document(9))  # the sale has come: its child is on its way again
    assert await waiting(ledger) == (0, 1, 1, False)

    await ledger.held.remove(lease, [child.id], ONE)
    clock.advance(12 * 3600)
    assert await waiting(ledger) == (0, 0, 1, False)


async def test_what_is_forgotten_before_it_ended_counts_as_parked(ledger: Ledger) -> None:
    events = [of_run(1, HoldState.PERSON), of_run(2, HoldState.TIME), of_run(3, HoldState.PARENT, parent=key(9))]
    await ledger.held.hold(await lease_of(ledger), events, count=parked_ones)

    for _ in range(2):  # the second finds nothing
        await ledger.personal.erase(ORG, Erasure(removed=tuple(one.id for one in events)), (), who="ann", why="asked")

    assert await counted(ledger) == (0, 3)


async def test_what_is_on_its_way_while_it_is_to_be_forgotten_is_counted_once(ledger: Ledger, clock: FakeClock) -> None:
    lease, going = await lease_of(ledger), of_run(1, HoldState.TIME, until=clock.now())
    await ledger.held.hold(lease, [going])

    await ledger.personal.erase(ORG, Erasure(removed=(going.id,)), (), who="ann", why="asked")

    assert await ledger.held.get(going.id) is not None
    await ledger.held.remove(lease, [going.id], ONE)
    assert await counted(ledger) == (1, 0)
