"""Which rows, entities, lanes and organisations a command or a change comes to."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from producers.checkpoints import Address, Memory
from producers.routing import Routing
from producers.runs import Run, StoreCommand
from producers.selection import by_ids, row_of, selection_of, streams_of, wish_of
from producers.store import Found, Place, Row, Selection
from producers.translation import Translator, Wish, content_hash
from schemas.codec import data_json
from schemas.commands import Resync, ResyncAll, SyncNow
from schemas.entities import Customer, Entity
from schemas.envelope import Change, Lane
from tests.support.agent_fixture import START_DATE, routing, target
from tests.support.fake_store import CREDIT_MEMOS, CUSTOMERS, INVOICES, OPENED

STREAMS = (CUSTOMERS, INVOICES, CREDIT_MEMOS)
BEFORE = START_DATE - timedelta(days=1)


def run(command: StoreCommand) -> Run:
    return Run("r1", "resync-all", command)


@pytest.mark.parametrize(
    ("entity_id", "row"),
    [
        ("17", 17),
        ("invoice-17", 17),
        ("memo-giftcard-9", 9),
        ("17-2", 17),
        ("abc", None),
        (str(2**63 - 1), 2**63 - 1),
        (str(2**63), None),
    ],
)
def test_an_entitys_row_is_the_first_number_in_its_id(entity_id: str, row: int | None) -> None:
    assert row_of(entity_id) == row


def test_streams_are_those_that_may_hold_what_is_asked_for() -> None:
    asked = run(Resync(entity=Entity.PAYMENT, ids=("1",)))

    assert streams_of(asked, STREAMS, routing()) == [INVOICES, CREDIT_MEMOS]


def test_rows_by_ids_come_once_each_and_ascending() -> None:
    assert by_ids(run(SyncNow(entity=Entity.PAYMENT, ids=("memo-9", "invoice-2", "giftcard-9")))) == [2, 9]
    assert by_ids(run(ResyncAll())) is None


@pytest.mark.parametrize(
    ("command", "customers", "invoices"),
    [
        (ResyncAll(), Selection(), Selection(BEFORE)),
        (ResyncAll(since=date(2026, 2, 1)), Selection(date(2026, 2, 1)), Selection(date(2026, 2, 1))),
        (ResyncAll(since=date(2020, 1, 1)), Selection(date(2020, 1, 1)), Selection(BEFORE)),
        (
            Resync(entity=Entity.INVOICE, date_from=date(2026, 2, 1), date_to=date(2026, 2, 3)),
            Selection(date(2026, 2, 1), date(2026, 2, 3)),
            Selection(date(2026, 2, 1), date(2026, 2, 3)),
        ),
    ],
)
def test_days_are_those_of_the_command_and_sales_older_than_the_books_are_left_unread(
    command: StoreCommand, customers: Selection, invoices: Selection
) -> None:
    assert selection_of(run(command), CUSTOMERS, routing()) == customers
    assert selection_of(run(command), INVOICES, routing()) == invoices


@pytest.mark.parametrize(
    ("command", "old", "news"),
    [
        (SyncNow(entity=Entity.CUSTOMER, ids=("7",)), Lane.IMMEDIATE, Lane.IMMEDIATE),
        (ResyncAll(), Lane.BACKFILL, None),
    ],
)
def test_a_resync_takes_the_backfill_lane_for_all_but_news_and_sync_now_the_immediate_one(
    command: StoreCommand, old: Lane, news: Lane | None
) -> None:
    row, later = customer_row(), OPENED + timedelta(seconds=1)

    assert wish_of(run(command), news_since=later).lane_of(row) is old
    assert wish_of(run(command), news_since=OPENED).lane_of(row) is news


def customer_row(*places: Place, name: str = "Ada") -> Row:
    return Row(7, OPENED, (Found(Entity.CUSTOMER, OPENED, places, Customer(id="7", first_name=name)),))


def test_a_customer_new_in_a_second_organisation_is_published_there_alone() -> None:
    routed = Routing({name: target(name) for name in ("uk", "nz")}, websites={"base": "uk", "kiwi": "nz"})
    row = customer_row(Place("base"), Place("kiwi"))
    known = {7: Memory(7, {Address(Entity.CUSTOMER, "7", "uk"): content_hash(data_json(row.snapshots[0].data))})}

    batch = Translator("shop", routed).batch([row], (), known, now=OPENED, wish=Wish())

    assert [one.event.organisation for one in batch.outgoing] == ["nz"]
    assert set(batch.memories[0].published) == {Address(Entity.CUSTOMER, "7", name) for name in ("uk", "nz")}


def test_content_that_comes_back_after_another_is_published_again() -> None:
    translator = Translator("shop", routing())
    known: dict[int, Memory] = {}
    names = []
    for name in ("Ada", "Ida", "Ida", "Ada"):
        batch = translator.batch([customer_row(Place("base"), name=name)], (), known, now=OPENED, wish=Wish())
        known |= {memory.row_id: memory for memory in batch.memories}
        names += [one.event.data.first_name for one in batch.outgoing if isinstance(one.event.data, Customer)]

    assert names == ["Ada", "Ida", "Ada"]


def test_a_removal_goes_to_every_organisation_that_has_it_and_is_newer() -> None:
    routed = Routing({name: target(name) for name in ("uk", "nz")}, websites={"base": "uk", "kiwi": "nz"})
    memory = Memory(7, {Address(Entity.CUSTOMER, "7", name): "h" for name in ("uk", "nz", "left")})
    later = OPENED + timedelta(days=1)

    gone = Translator("shop", routed).removals(memory, version=later, now=later)
    again = Translator("shop", routed).removals(memory, version=later, now=later)

    assert [(one.event.organisation, one.event.change, one.event.version) for one in gone] == [
        ("uk", Change.REMOVED, later),
        ("nz", Change.REMOVED, later),
    ]
    assert [one.event.id for one in again] == [one.event.id for one in gone]
    assert len({one.event.id for one in gone}) == 2


def test_a_row_that_goes_again_after_it_was_back_is_removed_by_another_message() -> None:
    memory = Memory(7, {Address(Entity.CUSTOMER, "7", "main"): "h"})
    days = [OPENED + timedelta(days=number) for number in (1, 2)]

    ids = [one.event.id for day in days for one in Translator("shop", routing()).removals(memory, version=day, now=day)]

    assert len(set(ids)) == 2
