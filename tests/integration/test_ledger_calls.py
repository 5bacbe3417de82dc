"""Calls: opened once, closed once, by the current holder only."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from schemas.envelope import Lane
from tests.support.fakes import START, FakeClock
from tests.support.sample_ledger import (
    AMPLE,
    ORG,
    Dropped,
    document,
    event,
    key,
    lease_of,
    open_call,
    parked_in,
    put_documents,
    try_open,
    write,
)
from worker.budget.decision import Wait
from worker.budget.limits import Limits
from worker.documents.content import Content, ItemCode
from worker.documents.documents import Kind
from worker.ledger.database.errors import DocumentBusy, LeaseLost, LedgerError
from worker.ledger.ledger import Ledger
from worker.ledger.records import Composed, HoldState, Known, Lease, Opened, Purpose

SECOND = timedelta(seconds=1)
ONE_CALL = Limits(day=1)


async def test_an_opened_call_is_found_again_byte_for_byte(ledger: Ledger) -> None:
    lease = await lease_of(ledger)

    call = await open_call(ledger, lease, write(1), write(2))

    assert await ledger.calls.unsettled(ORG) == [call]
    assert call.body == b'{"Invoices":[]}'
    assert call.members[0].element["LineItems"][0]["UnitAmount"] == Decimal("9.99")
    assert call.idempotency_key


async def test_compose_sees_what_was_voided_before_it_was_there(ledger: Ledger, clock: FakeClock) -> None:
    lease = await lease_of(ledger)
    at = START + timedelta(seconds=5)
    await ledger.documents.settle_unchanged(lease, [], completed=[], voided=[(key(1), START), (key(2), at)])
    await ledger.documents.settle_unchanged(lease, [], completed=[], voided=[(key(1), at), (key(2), START)])

    seen = [await known_of(ledger, lease, 1, 2, 3)]
    asked = await ledger.documents.voided([key(1), key(3)])
    clock.advance(timedelta(days=401).total_seconds())
    await ledger.calls.purge(retention_days=30)
    seen.append(await known_of(ledger, await lease_of(ledger, "w2"), 1, 2, 3))

    assert [known.voided for known in seen] == [{key(1): at, key(2): at}, {}]
    assert asked == {key(1): at}


async def known_of(ledger: Ledger, lease: Lease, *numbers: int) -> Known:
    """What is known of documents that are to be written."""
    seen: list[Known] = []

    def settled(known: Known) -> Composed:
        seen.append(known)
        return Composed("", "", {}, b"", (), (), ())

    writes = [write(number) for number in numbers]
    lane = Lane.IMMEDIATE
    await ledger.calls.open_write(lease, kind=Kind.INVOICE, lane=lane, writes=writes, compose=settled, limits=AMPLE)
    return seen[0]


async def test_compose_sees_what_the_writes_refer_to(ledger: Ledger) -> None:
    lease = await lease_of(ledger)
    item = document(7, part="item")._replace(kind=Kind.ITEM, number="SKU-7")
    await put_documents(ledger, lease, document(1), document(2), document(3), item)
    writes = [
        write(1, needs=[key(2)]),
        write(9)._replace(content=Content.of({"Codes": [ItemCode("SKU-7"), ItemCode("SKU-8")]})),
    ]
    seen: list[Known] = []

    def look(known: Known) -> Composed:
        seen.append(known)
        return Composed("PUT", "/Invoices", {}, b"", ())

    await ledger.calls.open_write(lease, kind=Kind.INVOICE, lane=Lane.BATCH, writes=writes, compose=look, limits=AMPLE)

    assert seen == [Known({key(1): document(1), key(2): document(2)}, frozenset({"SKU-7"}))]


async def test_settled_writes_cost_no_token(ledger: Ledger) -> None:
    lease = await lease_of(ledger)
    await put_documents(ledger, lease, document(1))

    results = [await try_open(ledger, lease, write(1), limits=ONE_CALL) for _ in range(3)]

    assert results == [Opened(None, (write(1),), ())] * 3


async def test_without_a_token_nothing_changes(ledger: Ledger) -> None:
    lease = await lease_of(ledger)
    call = await open_call(ledger, lease, write(1), limits=ONE_CALL)

    waits = [await try_open(ledger, lease, write(2), limits=ONE_CALL) for _ in range(3)]

    assert [wait.reason for wait in waits if isinstance(wait, Wait)] == ["day"] * 3
    assert await ledger.calls.unsettled(ORG) == [call]
    assert sum(usage.requests for usage in await ledger.calls.usage(ORG, START)) == 1


async def test_a_document_cannot_be_in_two_open_calls(ledger: Ledger) -> None:
    lease = await lease_of(ledger)
    first = await open_call(ledger, lease, write(1))

    with pytest.raises(DocumentBusy, match="settle that call first"):
        await try_open(ledger, lease, write(2), write(1))

    await ledger.calls.mark_uncertain(lease, first.id, status=None, detail="connection reset")
    with pytest.raises(DocumentBusy):
        await try_open(ledger, lease, write(1))
    await ledger.calls.close(lease, first.id, status=200)
    assert isinstance(await try_open(ledger, lease, write(2), write(1)), Opened)


async def test_closing_writes_all_of_the_verdict(ledger: Ledger, clock: FakeClock) -> None:
    lease = await lease_of(ledger)
    await ledger.held.hold(lease, [event(1), event(2, HoldState.PERSON, version=START + SECOND)])
    await ledger.held.hold(lease, [event(3, HoldState.PARENT, parent=key(1))])
    call = await open_call(ledger, lease, write(1), write(2))
    owners = [event(1).owner, event(2).owner]

    dropped = Dropped()
    children = await ledger.calls.close(
        lease,
        call.id,
        status=200,
        documents=[document(1)],
        held=[event(4, HoldState.PERSON)],
        completed=[(owner, START) for owner in owners if owner],
        count=dropped,
    )

    assert [(child.event_id, child.state, child.until) for child in children] == [
        ("event-3", HoldState.TIME, clock.now())
    ]
    assert [one.event_id for one in dropped] == ["event-1"]
    assert await ledger.documents.get([key(1)]) == {key(1): document(1)}
    assert {one.event_id for one in await parked_in(ledger)} == {"event-2", "event-4"}
    assert [one.event_id for one in await ledger.held.due(ORG)] == ["event-3"]
    assert await ledger.calls.unsettled(ORG) == []


async def test_closing_twice_is_closing_once(ledger: Ledger) -> None:
    lease = await lease_of(ledger)
    call = await open_call(ledger, lease, write(1))
    await ledger.held.hold(lease, [event(3, HoldState.PARENT, parent=key(1))])

    first = await ledger.calls.close(lease, call.id, status=200, documents=[document(1)])
    second = await ledger.calls.close(lease, call.id, status=500, documents=[document(9)], held=[event(9)])

    assert [child.event_id for child in first] == ["event-3"]
    assert second == []
    assert set(await ledger.documents.get([key(1), key(9)])) == {key(1)}
    assert await parked_in(ledger) == []
    assert (await ledger.calls.usage(ORG, START))[0].status == 200


async def test_a_call_that_is_closed_cannot_become_uncertain(ledger: Ledger) -> None:
    lease = await lease_of(ledger)
    call = await open_call(ledger, lease, write(1))
    await ledger.calls.close(lease, call.id, status=200, documents=[document(1)])

    with pytest.raises(LedgerError, match=f"call {call.id} of main is not open"):
        await ledger.calls.mark_uncertain(lease, call.id, status=None, detail="")


async def test_an_event_held_at_closing_whose_parent_is_there_is_due(ledger: Ledger) -> None:
    lease = await lease_of(ledger)
    call = await open_call(ledger, lease, write(1))

    await ledger.calls.close(
        lease, call.id, status=200, documents=[document(1)], held=[event(3, HoldState.PARENT, parent=key(1))]
    )

    assert [one.event_id for one in await ledger.held.due(ORG)] == ["event-3"]


async def test_a_version_never_goes_down(ledger: Ledger) -> None:
    lease = await lease_of(ledger)
    later = START + timedelta(hours=1)
    await put_documents(ledger, lease, document(1, version=later))

    await put_documents(ledger, lease, document(1, version=START))

    assert (await ledger.documents.get([key(1)]))[key(1)].version == later


async def test_who_lost_the_lease_can_change_nothing(ledger: Ledger, clock: FakeClock) -> None:
    old = await lease_of(ledger, "w1")
    call = await open_call(ledger, old, write(1))
    clock.advance(15)
    new = await lease_of(ledger, "w2")

    for attempt in (
        try_open(ledger, old, write(2)),
        ledger.calls.close(old, call.id, status=200, documents=[document(1)]),
        ledger.calls.mark_uncertain(old, call.id, status=None, detail=""),
        ledger.calls.resend(old, call.id, limits=AMPLE),
        ledger.calls.spend_again(old, call.id, limits=AMPLE),
        ledger.calls.open_read(
            old, purpose=Purpose.LOOKUP, lane=Lane.IMMEDIATE, path="/Invoices", params={}, limits=AMPLE
        ),
        ledger.documents.settle_unchanged(old, [(key(1), START, "h")], completed=[]),
        ledger.held.hold(old, [event(1)]),
        ledger.held.remove(old, ["x"]),
        ledger.held.sweep_parents(old),
        ledger.held.expire_parents(old),
    ):
        with pytest.raises(LeaseLost):
            await attempt

    assert await ledger.calls.unsettled(ORG) == [call]
    assert await ledger.documents.get([key(1)]) == {}
    await ledger.calls.close(new, call.id, status=200, documents=[document(1)])


async def test_a_lease_opens_and_closes_nothing_of_another_organisation(ledger: Ledger) -> None:
    ours, theirs = await lease_of(ledger), await lease_of(ledger, name="other")
    call = await open_call(ledger, ours, write(1))

    with pytest.raises(LedgerError):
        await ledger.calls.close(theirs, call.id, status=200)

    assert await ledger.calls.resend(theirs, call.id, limits=AMPLE) is None
    assert await ledger.calls.unsettled(ORG) == [call]
