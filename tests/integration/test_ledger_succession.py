"""An entity is held once: later copies of it take the place of what is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.support.fakes import START, FakeClock
from tests.support.sample_ledger import (
    ORG,
    Dropped,
    document,
    event,
    key,
    lease_of,
    open_call,
    parked_in,
    put_documents,
    write,
)
from worker.documents.documents import EntityKey
from worker.ledger.admin_actions import AdminAction
from worker.ledger.held.parked import Chosen
from worker.ledger.held.succession import outdated_ones
from worker.ledger.ledger import Ledger
from worker.ledger.records import NO_COUNTS, PARENT_MISSING, Held, HoldState, Lease, Tally

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
INVOICE = EntityKey(ORG, "shop", "invoice", "1")


@pytest.fixture
async def lease(ledger: Ledger) -> Lease:
    return await lease_of(ledger)


def copy(number: int, state: HoldState = HoldState.PERSON, **changes: object) -> Held:
    """One of several messages of one invoice, as resyncs publish them."""
    return event(number, state, **{"id": f"copy-{number}", "owner": INVOICE, "reason": "tax_unmapped"} | changes)


async def held_ids(ledger: Ledger) -> set[str]:
    return {one.id async for one in ledger.histories.every_held([ORG])}


async def hold(ledger: Ledger, lease: Lease, *events: Held) -> list[Held]:
    """Hold these; what ends by it."""
    found: list[Held] = []

    def count(_: Sequence[Held], ended: Sequence[Held]) -> Tally:
        found.extend(ended)
        return NO_COUNTS

    await ledger.held.hold(lease, events, count=count)
    return found


@pytest.mark.parametrize("state", HoldState)
@pytest.mark.parametrize("version", [START, START + MINUTE], ids=["equal", "later"])
async def test_a_copy_takes_the_place_of_what_is_held_of_its_entity(
    ledger: Ledger, lease: Lease, clock: FakeClock, state: HoldState, version: datetime
) -> None:
    await hold(ledger, lease, copy(1, state), event(2, HoldState.PERSON))
    clock.advance(3600)

    ended = await hold(ledger, lease, copy(3, version=version))

    assert [one.id for one in ended] == ["copy-1"]
    assert {one.event_id for one in await parked_in(ledger)} == {"event-2", "event-3"}
    kept = await ledger.held.get("copy-3")
    assert kept is not None
    assert kept.created_at == START


async def test_a_copy_that_xero_refuses_takes_it_as_well(ledger: Ledger, lease: Lease) -> None:
    await hold(ledger, lease, copy(1))
    call = await open_call(ledger, lease, write(1))

    dropped = Dropped()
    await ledger.calls.close(lease, call.id, status=200, held=[copy(2)], count=dropped)

    assert [one.id for one in dropped] == ["copy-1"]
    assert await held_ids(ledger) == {"copy-2"}


async def test_an_older_version_replaces_no_newer_one(ledger: Ledger, lease: Lease) -> None:
    await hold(ledger, lease, copy(1, version=START + MINUTE))

    ended = await hold(ledger, lease, copy(2))

    assert ended == []
    assert await held_ids(ledger) == {"copy-1", "copy-2"}


async def test_what_cannot_be_compared_stays_beside_the_rest(ledger: Ledger, lease: Lease) -> None:
    unread = copy(1, owner=None, version=None, reason="undecodable")
    await hold(ledger, lease, unread, copy(2, version=None, reason="misrouted"), copy(3))

    ended = await hold(ledger, lease, copy(4, version=None, reason="misrouted"), replace(unread, id="another"))

    assert ended == []
    assert len(await held_ids(ledger)) == 5


@pytest.mark.parametrize("reason", ["misrouted", "version_in_future", "totals"])
async def test_a_refused_message_takes_the_place_of_its_like_alone(ledger: Ledger, lease: Lease, reason: str) -> None:
    waits = copy(1, HoldState.PARENT)
    await hold(ledger, lease, waits, copy(2, reason=reason))

    ended = await hold(ledger, lease, copy(3, reason=reason, version=START + DAY))

    assert [one.id for one in ended] == ["copy-2"]
    assert await ledger.held.outdated([copy(4)]) == frozenset()


async def test_what_is_older_than_what_is_held_or_comes_with_it_is_told(ledger: Ledger, lease: Lease) -> None:
    await hold(ledger, lease, copy(1, version=START + MINUTE))
    other = EntityKey(ORG, "shop", "invoice", "2")
    newest = copy(5, owner=other, version=START + MINUTE)
    together = [copy(3, owner=other), newest, copy(4, owner=other)]
    equal = [copy(6, owner=None), copy(7, version=START + MINUTE)]

    outdated = await ledger.held.outdated([copy(2), *together, *equal, replace(newest, id="last")])

    assert outdated == {"copy-2", "copy-3", "copy-4", "copy-5"}


def test_rows_that_come_back_are_not_outdated_by_themselves() -> None:
    rows = [copy(1), copy(2)]

    assert outdated_ones(rows, rows) == {"copy-1"}
    assert outdated_ones(rows[:1], rows) == frozenset()


async def test_each_copy_waits_for_its_parent_as_long_as_the_first_did(
    ledger: Ledger, lease: Lease, clock: FakeClock
) -> None:
    first, second, third, other = (
        copy(number, HoldState.PARENT, reason=PARENT_MISSING, parent=key(parent))
        for number, parent in ((1, 7), (2, 7), (3, 7), (4, 8))
    )
    await hold(ledger, lease, first)
    clock.advance(23 * 3600)
    await hold(ledger, lease, second)
    clock.advance(3600)

    after_a_day = await ledger.held.expire_parents(lease)
    await hold(ledger, lease, third)
    at_once = await ledger.held.expire_parents(lease)
    await hold(ledger, lease, other)

    assert [[one.id for one in expired] for expired in (after_a_day, at_once)] == [[second.id], [third.id]]
    assert await ledger.held.expire_parents(lease) == []


async def test_a_copy_whose_parent_is_there_leaves_what_is_held_to_who_takes_it_in(
    ledger: Ledger, lease: Lease
) -> None:
    await hold(ledger, lease, copy(1))
    await put_documents(ledger, lease, document(1))

    child = copy(2, HoldState.PARENT, parent=key(1))

    assert await ledger.held.hold(lease, [child]) == [child]
    assert await held_ids(ledger) == {"copy-1"}


async def test_who_books_one_by_hand_lets_all_of_it_go(ledger: Ledger, lease: Lease, clock: FakeClock) -> None:
    chosen = copy(3, version=START + MINUTE)
    newer, other = copy(4, version=START + 2 * MINUTE), event(9, HoldState.PERSON)
    astray = copy(5, reason="misrouted")
    # the newest first, as they came before one took another's place
    for one in (newer, chosen, copy(2, HoldState.PARENT), copy(1), astray, other):
        await hold(ledger, lease, one)

    done = await ledger.parked.discard(Chosen(ids=("copy-3",)), who="ann", reason="booked by hand")

    assert sorted(done.gone) == ["copy-1", "copy-3", "copy-5"]
    assert await held_ids(ledger) == {"copy-4", other.id}
    assert len({one.id async for one in ledger.histories.every_discard([ORG])}) == 3
    assert set(await ledger.admin_actions.latest()) == {
        AdminAction(clock.now(), "ann", "parked.discard", ORG, "shop invoice 1", "booked by hand")
    }


async def test_who_lets_a_stray_copy_go_keeps_the_good_one(ledger: Ledger, lease: Lease) -> None:
    await hold(ledger, lease, copy(1), copy(2, reason="misrouted"))

    done = await ledger.parked.discard(Chosen(ids=("copy-2",)), who="ann", reason="came the right way, too")

    assert done.gone == ("copy-2",)
    assert await held_ids(ledger) == {"copy-1"}


async def test_an_older_event_that_is_on_its_way_is_named(ledger: Ledger, lease: Lease) -> None:
    # the newest first: a later one would take the place of the others
    await hold(ledger, lease, copy(2, version=START + MINUTE))
    await hold(ledger, lease, copy(1, HoldState.TIME, until=START))

    done = await ledger.parked.discard(Chosen(ids=("copy-2",)), who="ann", reason="booked by hand")

    assert (done.gone, done.on_their_way) == (("copy-2",), ("copy-1",))
    assert await held_ids(ledger) == {"copy-1"}


async def test_what_is_on_its_way_takes_nothing_along(ledger: Ledger, lease: Lease) -> None:
    await hold(ledger, lease, copy(2, HoldState.TIME, version=START + MINUTE, until=START))
    await hold(ledger, lease, copy(1))

    done = await ledger.parked.discard(Chosen(ids=("copy-2",)), who="ann", reason="booked by hand")

    assert (done.gone, done.on_their_way) == ((), ("copy-2",))
    assert await held_ids(ledger) == {"copy-1", "copy-2"}
