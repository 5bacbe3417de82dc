"""What goes out of the ledger after its time, or because a customer asked, on both databases."""

from __future__ import annotations

from dataclasses import replace

import pytest

from schemas.envelope import Lane
from tests.support.fakes import START, FakeClock
from tests.support.sample_ledger import (
    AMPLE,
    ORG,
    document,
    event,
    key,
    lease_of,
    open_call,
    put_documents,
    write,
)
from worker.documents.documents import Kind
from worker.ledger.admin_actions import AdminAction
from worker.ledger.database.errors import LeaseLost
from worker.ledger.held.parked import Chosen
from worker.ledger.history import Sought
from worker.ledger.ledger import Ledger
from worker.ledger.personal import Erasure, Redacted
from worker.ledger.records import Call, CallState, HoldState, Purpose

DAY_S, HOUR_S = 86_400, 3_600


async def asked(ledger: Ledger) -> Call:
    """A look-up of a contact by name."""
    result = await ledger.calls.open_read(
        await lease_of(ledger),
        purpose=Purpose.LOOKUP,
        lane=Lane.BATCH,
        path="/Contacts",
        params={"where": 'Name=="Jo Doe"'},
        limits=AMPLE,
        kind=Kind.CONTACT,
    )
    assert isinstance(result, Call)
    return result


async def test_an_erasure_takes_out_what_it_names_and_nothing_else(ledger: Ledger) -> None:
    lease = await lease_of(ledger)
    waits = [event(n, HoldState.PERSON, id=f"p{n}", detail="Jo Doe") for n in range(4)]
    await ledger.held.hold(lease, waits)
    await ledger.parked.discard(Chosen(ids=("p2", "p3")), who="ann", reason="a test")
    contact = document(1)._replace(facts={"name": "Jo Doe", "status": "ACTIVE"})
    await put_documents(ledger, lease, contact, document(2))
    settled, open_one = await asked(ledger), await asked(ledger)
    await ledger.calls.close(await lease_of(ledger), settled.id, status=200)
    erasure = Erasure(
        redacted=(Redacted("p0", b"{}", ""),),
        removed=("p1",),
        emptied=("p2",),
        calls=(settled.id, open_one.id),
        contacts=(contact.key,),
    )

    await ledger.personal.erase(ORG, erasure, [key(1).owner], who="bob", why="asked for it")

    assert [(one.id, one.body, one.detail) async for one in ledger.histories.every_held([ORG])] == [("p0", b"{}", "")]
    let_go = {one.id: one.body async for one in ledger.histories.every_discard([ORG])}
    assert let_go == {"p1": b"", "p2": b"", "p3": b'{"id":"3"}'}
    assert [call.id async for call in ledger.personal.contact_calls(ORG)] == [open_one.id]
    known = await ledger.documents.get([key(1), key(2)])
    assert known == {key(1): contact._replace(facts={"status": "ACTIVE"}), key(2): document(2)}
    assert await ledger.admin_actions.latest(subject="shop invoice 1") == [
        AdminAction(START, "bob", "forget", ORG, "shop invoice 1", "asked for it")
    ]


async def test_what_a_worker_may_have_in_memory_stays_until_its_lease_has_expired(
    ledger: Ledger, clock: FakeClock
) -> None:
    lease = await lease_of(ledger)
    await ledger.held.hold(lease, [event(1, HoldState.TIME, id="due", until=clock.now())])
    erasure = Erasure(removed=("due", "gone before"))

    served = await ledger.personal.erase(ORG, erasure, (), who="bob", why="asked for it")
    clock.advance(15)
    unserved = await ledger.personal.erase(ORG, erasure, (), who="bob", why="asked for it")

    assert (served.removed, unserved.removed) == ((), ("due",))
    with pytest.raises(LeaseLost):
        await ledger.leases.renew(lease)
    assert (await lease_of(ledger, "w2")).fence == lease.fence + 1


async def test_a_purge_drops_the_questions_of_look_ups_too(ledger: Ledger, clock: FakeClock) -> None:
    settled = await asked(ledger)
    await ledger.calls.close(await lease_of(ledger), settled.id, status=200)
    clock.advance(31 * DAY_S)

    assert await ledger.calls.purge(30) == 1

    assert [call async for call in ledger.personal.contact_calls(ORG)] == []


async def test_a_purge_closes_a_read_that_its_worker_left_and_never_a_write(ledger: Ledger, clock: FakeClock) -> None:
    written = await open_call(ledger, await lease_of(ledger), write(1))
    await asked(ledger)
    clock.advance(HOUR_S)
    now_asked = await asked(ledger)

    clock.advance(1)
    await ledger.calls.purge(30)

    assert (await ledger.overview.waiting([ORG]))[ORG].calls == {CallState.OPEN: 2}
    await ledger.calls.close(await lease_of(ledger), now_asked.id, status=200)
    assert (await ledger.overview.waiting([ORG]))[ORG].calls == {CallState.OPEN: 1}
    assert await ledger.calls.unsettled(ORG) == [written]


async def test_a_message_parked_too_long_is_dropped_and_its_row_says_what_to_do(
    ledger: Ledger, clock: FakeClock
) -> None:
    lease = await lease_of(ledger)
    await ledger.held.hold(lease, [event(1, HoldState.PERSON, id="old"), event(2, HoldState.PARENT, id="waits")])
    clock.advance(366 * DAY_S)
    await ledger.held.hold(await lease_of(ledger), [event(3, HoldState.PERSON, id="new")])

    first, second = await ledger.parked.purge(365), await ledger.parked.purge(365)
    retried = await ledger.parked.retry(Chosen(), who="ann")

    assert (first, second, retried) == (1, 0, ["new"])
    old, waits = await ledger.held.get("old"), await ledger.held.get("waits")
    assert old is not None
    assert waits is not None
    assert (old.body, old.detail, old.state, waits.body) == (b"", "", HoldState.PERSON, b'{"id":"2"}')
    assert old.hint.startswith("its message was dropped after 365 days: publish the entity again")
    assert await ledger.histories.held(Sought((ORG,), "shop", "payment", "1")) == [replace(old, body=b"")]


async def test_a_newer_version_clears_what_was_purged(ledger: Ledger, clock: FakeClock) -> None:
    lease = await lease_of(ledger)
    await ledger.held.hold(lease, [event(1, HoldState.PERSON, id="old")])
    clock.advance(366 * DAY_S)
    await ledger.parked.purge(365)
    call = await open_call(ledger, await lease_of(ledger), write(1))

    owner = event(1).owner
    assert owner is not None
    await ledger.calls.close(await lease_of(ledger), call.id, status=200, completed=[(owner, clock.now())])

    assert await ledger.held.get("old") is None


async def test_what_was_redacted_is_known_by_its_words_and_what_was_purged_is_not_that(ledger: Ledger) -> None:
    waits = [event(n, HoldState.PERSON, id=f"p{n}") for n in range(4)]
    waits[2] = replace(waits[2], reason="undecodable")
    await ledger.held.hold(await lease_of(ledger), waits)
    erasure = Erasure(redacted=(Redacted("p0", b"{}", ""), Redacted("p1", b"", ""), Redacted("p2", b"", "")))
    await ledger.personal.erase(ORG, erasure, (), who="bob", why="asked for it")

    found = await ledger.held.redacted({one.id: one.body for one in waits} | {"gone": b"x"})

    assert found == {"p0", "p2"}


async def test_an_event_that_is_held_again_has_the_words_it_was_left_with_or_its_own_where_it_has_none(
    ledger: Ledger,
) -> None:
    waits = [event(n, HoldState.PERSON, id=f"p{n}") for n in range(2)]
    await ledger.held.hold(await lease_of(ledger), waits)
    erasure = Erasure(redacted=(Redacted("p0", b"{}", ""), Redacted("p1", b"", "")))
    await ledger.personal.erase(ORG, erasure, (), who="bob", why="asked for it")

    await ledger.held.hold(await lease_of(ledger), waits)

    kept = {one.id: one.body async for one in ledger.histories.every_held([ORG])}
    assert kept == {"p0": b"{}", "p1": waits[1].body}
