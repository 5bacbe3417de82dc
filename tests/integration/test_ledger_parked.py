"""The list of what waits for a person: found, retried, let go."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.support.fakes import START, FakeClock
from tests.support.sample_ledger import ORG, event, key, lease_of
from worker.documents.documents import EntityKey
from worker.ledger.admin_actions import AdminAction
from worker.ledger.held.parked import Chosen
from worker.ledger.history import Sought
from worker.ledger.ledger import Ledger
from worker.ledger.records import Held, HoldState


def parked(number: int, *, entity: str = "invoice", reason: str = "tax_unmapped", org: str = ORG) -> Held:
    owner = EntityKey(org, "shop", entity, str(number))
    return event(number, HoldState.PERSON, id=f"{org}-{number}", org=org, owner=owner, reason=reason)


async def filled(ledger: Ledger, clock: FakeClock) -> None:
    """Five of two organisations, one a second."""
    lease, other = await lease_of(ledger), await lease_of(ledger, name="other")
    for number, entity, reason in (
        (1, "invoice", "tax_unmapped"),
        (2, "payment", "overpaid"),
        (3, "invoice", "overpaid"),
    ):
        await ledger.held.hold(lease, [parked(number, entity=entity, reason=reason)])
        clock.advance(1)
    await ledger.held.hold(other, [parked(1, org="other")])
    await ledger.held.hold(lease, [event(9, HoldState.TIME, id="waits")])


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (Chosen(), ["other-1", "main-3", "main-2", "main-1"]),
        (Chosen(organisations=(ORG,)), ["main-3", "main-2", "main-1"]),
        (Chosen(reason="overpaid"), ["main-3", "main-2"]),
        (Chosen(organisations=(ORG,), entity="invoice"), ["main-3", "main-1"]),
        (Chosen(source="shop", entity="payment"), ["main-2"]),
        (Chosen(since=START + timedelta(seconds=2)), ["other-1", "main-3"]),
        (Chosen(source="elsewhere"), []),
        (Chosen(ids=("main-2", "waits")), ["main-2", "waits"]),
    ],
)
async def test_each_filter_leaves_what_it_says(
    ledger: Ledger, clock: FakeClock, chosen: Chosen, expected: list[str]
) -> None:
    await filled(ledger, clock)

    rows = await ledger.parked.rows(chosen)

    assert sorted(one.id for one in rows) == sorted(expected)
    assert [one.id for one in rows if one.id != "waits"] == [one for one in expected if one != "waits"]
    assert {one.id async for one in ledger.parked.each(chosen)} == set(expected)
    assert sum((await ledger.parked.counts(chosen)).values()) == len(expected)


async def test_counts_are_by_organisation_and_reason_the_most_frequent_first(ledger: Ledger, clock: FakeClock) -> None:
    await filled(ledger, clock)

    counts = await ledger.parked.counts(Chosen())

    assert list(counts.items()) == [
        ((ORG, "overpaid"), 2),
        ((ORG, "tax_unmapped"), 1),
        (("other", "tax_unmapped"), 1),
    ]


async def test_a_retry_in_bulk_is_due_at_once_and_on_record(ledger: Ledger, clock: FakeClock) -> None:
    await filled(ledger, clock)

    changed = await ledger.parked.retry(Chosen(reason="overpaid"), who="ann", reason="account mended")

    assert sorted(changed) == ["main-2", "main-3"]
    assert {one.id for one in await ledger.held.due(ORG)} == {"main-2", "main-3"}
    assert {one.id for one in await ledger.parked.rows(Chosen())} == {"main-1", "other-1"}
    assert sorted(await ledger.admin_actions.latest(), key=lambda one: one.subject) == [
        AdminAction(clock.now(), "ann", "parked.retry", ORG, "shop invoice 3", "account mended"),
        AdminAction(clock.now(), "ann", "parked.retry", ORG, "shop payment 2", "account mended"),
    ]


async def test_what_is_discarded_is_gone_kept_for_a_while_and_on_record(ledger: Ledger, clock: FakeClock) -> None:
    await filled(ledger, clock)

    first = await ledger.parked.discard(Chosen(organisations=("other",)), who="ann", reason="test order")
    second = await ledger.parked.discard(Chosen(organisations=("other",)), who="ann", reason="test order")

    assert (first.gone, second.gone) == (("other-1",), ())
    assert await ledger.held.get("other-1") is None
    assert [(one.id, one.body, one.who, one.why) async for one in ledger.histories.every_discard(["other"])] == [
        ("other-1", b'{"id":"1"}', "ann", "test order")
    ]
    assert await ledger.admin_actions.latest() == [
        AdminAction(clock.now(), "ann", "parked.discard", "other", "shop invoice 1", "test order")
    ]


async def test_a_message_that_names_no_entity_is_on_record_by_its_event(ledger: Ledger) -> None:
    await ledger.held.hold(await lease_of(ledger), [event(1, HoldState.PERSON, owner=None, version=None)])

    await ledger.parked.discard(Chosen(), who="ann", reason="garbage")

    assert [one.subject for one in await ledger.admin_actions.latest()] == ["message event-1"]


async def test_more_than_a_page_is_read_and_let_go(ledger: Ledger) -> None:
    many = [replace(parked(number), id=f"{number:04}") for number in range(1203)]
    await ledger.held.hold(await lease_of(ledger), many)

    listed = [one.id async for one in ledger.parked.each(Chosen())]
    every = [one.id async for one in ledger.histories.every_held([ORG])]
    gone = (await ledger.parked.discard(Chosen(), who="ann", reason="a test")).gone

    assert len(set(listed)) == len(set(every)) == len(listed) == len(every) == len(set(gone)) == 1203
    assert await ledger.histories.held(Sought((ORG,))) == []


async def test_what_is_on_its_way_is_not_discarded_but_named(ledger: Ledger, clock: FakeClock) -> None:
    retried, due, soon, later, waits = (
        event(1, HoldState.PERSON),
        event(2, until=START),
        event(3, until=START + timedelta(seconds=5)),
        event(4, until=START + timedelta(minutes=5)),
        event(5, HoldState.PARENT, parent=key(9)),
    )
    ids = tuple(one.id for one in (retried, due, soon, later, waits))
    await ledger.held.hold(await lease_of(ledger), [retried, due, soon, later, waits])
    await ledger.parked.retry(Chosen(ids=(retried.id,)), who="ann")

    done = await ledger.parked.discard(Chosen(ids=ids), who="ann", reason="booked by hand")

    assert sorted(done.gone) == sorted([later.id, waits.id])
    assert sorted(done.on_their_way) == sorted([retried.id, due.id, soon.id])
    assert [one.action for one in await ledger.admin_actions.latest()].count("parked.discard") == 2
    assert {one.id for one in await ledger.held.due(ORG)} == {retried.id, due.id}
