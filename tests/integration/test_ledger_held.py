"""Events that wait: for a time, a parent, a person; none is lost, none is there twice."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

from tests.support.fakes import START, FakeClock
from tests.support.sample_ledger import (
    ORG,
    document,
    event,
    key,
    lease_of,
    open_call,
    opened,
    parked_in,
    put_documents,
    waiting_in,
    write,
)
from worker.documents.documents import EntityKey, Kind
from worker.ledger.held.parked import Chosen
from worker.ledger.ledger import Ledger
from worker.ledger.records import KIND_PAUSED, Held, HoldState, Pause

MINUTE = timedelta(minutes=1)


async def test_what_waits_for_an_approval_is_known_by_its_document_and_released_with_it(
    ledger: Ledger, clock: FakeClock
) -> None:
    lease = await lease_of(ledger)
    later = START + timedelta(days=1)
    waiting = [event(n, until=later, parent=key(n), reason="approval") for n in (1, 2)]
    await ledger.held.hold(lease, [*waiting, event(3, until=later, parent=key(1), reason="another")])

    awaited = await ledger.held.awaited(ORG, "approval")
    released = await ledger.held.release(lease, "approval", [key(2)])

    assert sorted(awaited) == [key(1), key(2)]
    assert (released, [one.id for one in await ledger.held.due(ORG)]) == (1, [waiting[1].id])


async def test_a_held_event_comes_back_as_it_was_when_its_time_comes(ledger: Ledger, clock: FakeClock) -> None:
    lease = await lease_of(ledger)
    late, early = event(1, until=START + 2 * MINUTE), event(2, until=START + MINUTE, attempt=3, detail="d", hint="h")
    await ledger.held.hold(lease, [late, early])

    before = await ledger.held.due(ORG)
    clock.advance(120)
    due = await ledger.held.due(ORG)

    assert before == []
    assert due == [replace(early, created_at=START), replace(late, created_at=START)]
    assert await ledger.held.due(ORG, limit=1) == due[:1]
    assert await ledger.held.due("other") == []


async def test_what_could_not_be_read_can_be_held_too(ledger: Ledger) -> None:
    lease = await lease_of(ledger)
    raw = event(1, HoldState.PERSON, owner=None, version=None, body=b"\x00\xff not JSON")

    await ledger.held.hold(lease, [raw])

    assert await ledger.held.get(raw.id) == replace(raw, created_at=START)
    assert await ledger.held.get("nonsense") is None


async def test_holding_an_event_again_overwrites_its_row(ledger: Ledger, clock: FakeClock) -> None:
    lease = await lease_of(ledger)
    first = event(1, attempt=1)
    again = event(1, HoldState.PERSON, id=first.id, attempt=8, reason="gave_up")
    await ledger.held.hold(lease, [first])
    clock.advance(60)

    await ledger.held.hold(lease, [again])

    assert await parked_in(ledger) == [replace(again, body=b"", created_at=START)]
    assert await ledger.held.due(ORG) == []


async def test_messages_that_name_no_id_or_share_one_are_all_kept(ledger: Ledger) -> None:
    lease = await lease_of(ledger)
    nameless = [event(n, HoldState.PERSON, event_id="") for n in range(3)]
    alike = [event(n, HoldState.PERSON, event_id="1", owner=EntityKey(ORG, f"store{n}", "order", "1")) for n in (1, 2)]

    for one in (*nameless, *alike):
        await ledger.held.hold(lease, [one])

    assert {one.id for one in await parked_in(ledger)} == {one.id for one in (*nameless, *alike)}


async def test_a_message_that_comes_again_under_another_id_is_held_once(ledger: Ledger) -> None:
    lease = await lease_of(ledger)
    first = event(1, HoldState.PERSON)

    await ledger.held.hold(lease, [first])
    await ledger.held.hold(lease, [replace(first, event_id="another")])

    assert [one.event_id for one in await parked_in(ledger)] == ["another"]


async def test_a_child_is_not_held_when_its_parent_is_there(ledger: Ledger) -> None:
    lease = await lease_of(ledger)
    await put_documents(ledger, lease, document(1))
    orphan, child = event(7, HoldState.PARENT, parent=key(2)), event(8, HoldState.PARENT, parent=key(1))

    go_on = await ledger.held.hold(lease, [orphan, child, event(9)])

    assert go_on == [child]
    assert await waiting_in(ledger) == {HoldState.TIME: 1, HoldState.PARENT: 1, HoldState.PERSON: 0}


async def test_whichever_comes_first_no_child_is_left_waiting_for_a_parent_that_closed(database_url: str) -> None:
    async with opened(database_url) as ledger:
        lease = await lease_of(ledger)
        calls = [await open_call(ledger, lease, write(n)) for n in range(12)]

        def holding(n: int) -> object:
            return ledger.held.hold(lease, [event(n, HoldState.PARENT, parent=key(n))])

        async def closing(n: int) -> list[Held]:
            return await ledger.calls.close(lease, calls[n].id, status=200, documents=[document(n)])

        tasks = [step(n) for n in range(12) for step in ((holding, closing) if n % 2 else (closing, holding))]
        results = await asyncio.gather(*tasks)  # type: ignore[call-overload] # coroutines that return lists

        assert sorted(one.event_id for result in results for one in result) == sorted(f"event-{n}" for n in range(12))
        assert (await waiting_in(ledger))[HoldState.PARENT] == 0
        assert await ledger.held.sweep_parents(lease) == []


async def test_sweeping_releases_children_whose_parent_came_another_way(ledger: Ledger) -> None:
    lease = await lease_of(ledger)
    await ledger.held.hold(lease, [event(n, HoldState.PARENT, parent=key(n)) for n in (1, 2)])
    other = await lease_of(ledger, name="other")
    await put_documents(ledger, other, document(1))

    released = await ledger.held.sweep_parents(lease)

    [due] = await ledger.held.due(ORG)
    assert (due.event_id, released) == ("event-1", [due.id])


async def test_a_child_whose_parent_does_not_come_is_parked_with_the_parent_named(
    ledger: Ledger, clock: FakeClock
) -> None:
    lease = await lease_of(ledger)
    await ledger.held.hold(lease, [event(1, HoldState.PARENT, parent=key(41))])
    clock.advance(23 * 3600)
    young = event(2, HoldState.PARENT, parent=key(42))
    await ledger.held.hold(lease, [young])
    clock.advance(3600)

    expired = await ledger.held.expire_parents(lease)

    assert [(one.event_id, one.state, one.reason) for one in expired] == [
        ("event-1", HoldState.PERSON, "parent_missing")
    ]
    assert expired[0].detail == "waited for the invoice of invoice 41 of shop, which did not come to Xero"
    assert await parked_in(ledger) == [replace(one, body=b"") for one in expired]
    assert await ledger.held.expire_parents(lease) == []


async def test_a_child_parked_for_its_parent_goes_by_itself_once_that_comes(ledger: Ledger, clock: FakeClock) -> None:
    lease = await lease_of(ledger)
    missed, refused = event(1, HoldState.PARENT), event(2, HoldState.PERSON, parent=key(1), reason="other")
    await ledger.held.hold(lease, [missed, refused])
    clock.advance(25 * 3600)
    await ledger.held.expire_parents(lease)

    released = await put_documents(ledger, lease, document(1))

    assert [one.id for one in released] == [missed.id]
    assert [one.id for one in await ledger.held.due(ORG)] == [missed.id]
    assert [one.id for one in await parked_in(ledger)] == [refused.id]


async def test_a_retried_child_may_wait_a_full_day_again(ledger: Ledger, clock: FakeClock) -> None:
    lease = await lease_of(ledger)
    child = event(1, HoldState.PARENT)
    await ledger.held.hold(lease, [child])
    clock.advance(25 * 3600)
    await ledger.held.expire_parents(lease)

    assert await ledger.parked.retry(Chosen(ids=(child.id,)), who="ann") == [child.id]
    await ledger.held.hold(lease, [replace(child, attempt=1)])

    assert await ledger.held.expire_parents(lease) == []


async def test_a_retried_event_is_due_at_once_with_its_attempts_forgotten(ledger: Ledger, clock: FakeClock) -> None:
    lease = await lease_of(ledger)
    parked = event(1, HoldState.PERSON, attempt=8)
    await ledger.held.hold(lease, [parked])

    assert await ledger.parked.retry(Chosen(ids=(parked.id, "nonsense")), who="ann") == [parked.id]

    [due] = await ledger.held.due(ORG)
    assert (due.id, due.attempt, due.until) == (parked.id, 0, clock.now())


async def test_parked_events_are_listed_newest_first_in_pages(ledger: Ledger, clock: FakeClock) -> None:
    lease = await lease_of(ledger)
    for n in range(5):
        await ledger.held.hold(lease, [event(n, HoldState.PERSON)])
        clock.advance(1)

    pages = [await ledger.parked.rows(Chosen(), limit=2, offset=offset) for offset in (0, 2, 4)]

    assert [[one.event_id for one in page] for page in pages] == [
        ["event-4", "event-3"],
        ["event-2", "event-1"],
        ["event-0"],
    ]


async def test_what_a_person_throws_away_is_gone_and_once_only(ledger: Ledger) -> None:
    lease = await lease_of(ledger)
    parked = event(1, HoldState.PERSON)
    await ledger.held.hold(lease, [parked])

    first = await ledger.parked.discard(Chosen(ids=(parked.id,)), who="ann", reason="test order")
    second = await ledger.parked.discard(Chosen(ids=(parked.id,)), who="ann", reason="test order")

    assert (first.gone, second.gone) == ((parked.id,), ())
    assert await ledger.held.get(parked.id) is None


async def test_removed_events_are_gone(ledger: Ledger) -> None:
    lease = await lease_of(ledger)
    events = [event(n) for n in range(3)]
    await ledger.held.hold(lease, events)

    await ledger.held.remove(lease, [events[0].id, events[2].id, "nonsense"])

    assert (await waiting_in(ledger))[HoldState.TIME] == 1


async def test_pauses_are_kept_replaced_cleared_and_lapse(ledger: Ledger, clock: FakeClock) -> None:
    lease = await lease_of(ledger)
    whole = Pause(ORG, None, "consent", "revoked", START, None)
    kind = Pause(ORG, Kind.INVOICE, "refused", "five alike", START, START + MINUTE)
    await ledger.pauses.set(lease, whole)
    await ledger.pauses.set(None, kind)
    await ledger.pauses.set(lease, replace(whole, detail="revoked again", since=START + MINUTE))

    both = await ledger.pauses.current(ORG)
    clock.advance(60)
    lapsed = await ledger.pauses.current(ORG)
    await ledger.pauses.clear(ORG, None)

    assert both == [replace(whole, detail="revoked again"), kind]
    assert lapsed == both[:1]
    assert await ledger.pauses.current(ORG) == []


async def test_nothing_waits_for_a_kind_longer_than_a_kind_is_paused(ledger: Ledger) -> None:
    lease = await lease_of(ledger)
    end, later = START + MINUTE, START + 15 * MINUTE
    await ledger.pauses.set(lease, Pause(ORG, None, "day_budget_spent", "", START, later))
    await ledger.pauses.set(lease, Pause(ORG, Kind.PAYMENT, "refused", "five alike", START, end))
    paused = [event(n, until=later, reason=KIND_PAUSED) for n in (1, 2)]
    await ledger.held.hold(lease, [*paused, event(3, until=later)])

    await ledger.pauses.shorten(lease)
    while_paused = [await held_until(ledger, one) for one in paused]
    await ledger.pauses.clear(ORG, Kind.PAYMENT)
    await ledger.held.hold(lease, [paused[0]])
    await ledger.pauses.shorten(lease)

    assert while_paused == [end, end]
    assert {one.id for one in await ledger.held.due(ORG)} == {one.id for one in paused}


async def held_until(ledger: Ledger, one: Held) -> datetime | None:
    """When it comes back, by the ledger."""
    kept = await ledger.held.get(one.id)
    return kept.until if kept else None
