"""The buffer coalesces by entity and sends parents before children."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.envelope import Lane
from tests.support.buffer_cases import CONTACT, INVOICE, PAYMENT, START, a_key, a_work, a_write
from worker.buffer.buffer import Buffer
from worker.buffer.work import Work, everyone
from worker.documents.documents import DocumentKey, Kind


def test_a_document_is_sendable_only_after_what_it_needs_is_there() -> None:
    buffer = Buffer()
    work = a_work("invoice", "9")
    snapshot = a_write(CONTACT, Kind.CONTACT, only_if_absent=True)
    buffer.admit(work, [snapshot, a_write(INVOICE, Kind.INVOICE, needs={CONTACT})], known=())

    assert buffer.choose(0.0) == (Kind.CONTACT, 0)
    assert buffer.take(Kind.INVOICE, 50, 0.0) == []

    assert [slot.key for slot in buffer.take(Kind.CONTACT, 50, 0.0)] == [CONTACT]
    assert buffer.settle(CONTACT) == []
    assert buffer.choose(0.0) == (Kind.INVOICE, 0)
    buffer.take(Kind.INVOICE, 50, 0.0)

    assert buffer.settle(INVOICE) == [work]
    assert len(buffer) == 0
    assert buffer.load.size_bytes == 0


def test_a_contact_that_came_since_the_ledger_was_asked_is_not_offered_again() -> None:
    buffer = Buffer()
    snapshot = a_write(CONTACT, Kind.CONTACT, only_if_absent=True)
    buffer.admit(a_work("customer", "1"), [a_write(CONTACT, Kind.CONTACT)], known=())
    buffer.take(Kind.CONTACT, 50, 0.0)
    buffer.settle(CONTACT)

    work = a_work("invoice", "9")
    buffer.admit(work, [snapshot, a_write(INVOICE, Kind.INVOICE, needs={CONTACT})], known=())

    assert buffer.choose(0.0) == (Kind.INVOICE, 0)
    buffer.take(Kind.INVOICE, 50, 0.0)
    assert buffer.settle(INVOICE) == [work]


@pytest.mark.parametrize("newer_first", [False, True], ids=["older first", "newer first"])
def test_a_resyncs_newer_version_goes_as_soon_as_the_sale_of_today_that_it_absorbed(newer_first: bool) -> None:
    buffer = Buffer()
    today = a_work("invoice", "9", lane=Lane.IMMEDIATE)
    resynced = a_work("invoice", "9", version=1, lane=Lane.BACKFILL)
    buffer.admit(a_work("payment", "7", lane=Lane.BATCH), [a_write(PAYMENT, Kind.PAYMENT)], known=())

    for work in (resynced, today) if newer_first else (today, resynced):
        version = int((work.version - START).total_seconds())
        buffer.admit(work, [a_write(INVOICE, Kind.INVOICE, version=version)], known=())

    assert buffer.choose(0.0) == (Kind.INVOICE, 0)
    [slot] = buffer.take(Kind.INVOICE, 50, 0.0)
    assert slot.write.version == resynced.version
    assert buffer.settle(INVOICE) == [resynced]


def test_an_event_that_wanted_no_more_than_what_has_come_is_not_taken() -> None:
    buffer = Buffer()
    buffer.admit(a_work("customer", "1"), [a_write(CONTACT, Kind.CONTACT)], known=())
    buffer.take(Kind.CONTACT, 50, 0.0)
    buffer.settle(CONTACT)

    taken = buffer.admit(a_work("invoice", "9"), [a_write(CONTACT, Kind.CONTACT, only_if_absent=True)], known=())

    assert not taken
    assert len(buffer) == 0


def test_a_newer_version_absorbs_an_older_one_that_is_in_no_call() -> None:
    buffer = Buffer()
    old, new = a_work("customer", "1", version=1), a_work("customer", "1", version=2)

    buffer.admit(old, [a_write(CONTACT, Kind.CONTACT, version=1)], known=())
    buffer.admit(new, [a_write(CONTACT, Kind.CONTACT, version=2)], known=())

    (slot,) = buffer.take(Kind.CONTACT, 50, 0.0)
    assert slot.write.payload["Version"] == 2
    assert buffer.settle(CONTACT) == [new]
    assert list(everyone([new])) == [new, old]


def test_an_older_version_that_comes_late_settles_with_the_newer_one() -> None:
    buffer = Buffer()
    old, new = a_work("customer", "1", version=1), a_work("customer", "1", version=2)

    buffer.admit(new, [a_write(CONTACT, Kind.CONTACT, version=2)], known=())
    buffer.admit(old, [a_write(CONTACT, Kind.CONTACT, version=1)], known=())

    assert new.absorbed == [old]
    assert len(buffer) == 1


def test_a_newer_version_waits_behind_one_in_a_call() -> None:
    buffer = Buffer()
    old, new = a_work("customer", "1", version=1), a_work("customer", "1", version=2)
    buffer.admit(old, [a_write(CONTACT, Kind.CONTACT, version=1)], known=())
    buffer.take(Kind.CONTACT, 50, 0.0)

    buffer.admit(new, [a_write(CONTACT, Kind.CONTACT, version=2)], known=())
    assert buffer.choose(0.0) is None

    assert buffer.settle(CONTACT) == [old]
    (slot,) = buffer.take(Kind.CONTACT, 50, 0.0)
    assert slot.write.payload["Version"] == 2
    assert buffer.settle(CONTACT) == [new]


def test_a_refused_version_gives_way_to_the_newer_one_behind_it() -> None:
    buffer = Buffer()
    old, new = a_work("customer", "1", version=1), a_work("customer", "1", version=2)
    buffer.admit(old, [a_write(CONTACT, Kind.CONTACT, version=1)], known=())
    buffer.take(Kind.CONTACT, 50, 0.0)
    buffer.admit(new, [a_write(CONTACT, Kind.CONTACT, version=2)], known=())

    assert buffer.land(CONTACT) == []

    buffer.take(Kind.CONTACT, 50, 0.0)
    assert set(buffer.settle(CONTACT)) == {old, new}


def test_the_immediate_lane_goes_first_then_the_kind_of_the_oldest_event() -> None:
    buffer = Buffer()
    item = a_key("product", "3", "item")
    buffer.admit(a_work("customer", "1", lane=Lane.BACKFILL), [a_write(CONTACT, Kind.CONTACT)], known=())
    buffer.admit(a_work("payment", "7", lane=Lane.BATCH), [a_write(PAYMENT, Kind.PAYMENT)], known=())
    buffer.admit(a_work("product", "3", lane=Lane.BATCH), [a_write(item, Kind.ITEM)], known=())
    assert buffer.choose(0.0) == (Kind.PAYMENT, 1)

    buffer.admit(a_work("invoice", "9"), [a_write(INVOICE, Kind.INVOICE)], known=())

    assert buffer.choose(0.0) == (Kind.INVOICE, 0)


def test_a_call_that_a_lane_asked_for_begins_with_that_lane() -> None:
    buffer = Buffer()
    for number, lane in enumerate([Lane.IMMEDIATE, Lane.BATCH]):
        key = a_key("customer", str(number), "contact")
        buffer.admit(a_work("customer", str(number), lane=lane), [a_write(key, Kind.CONTACT)], known=())

    taken = buffer.take(Kind.CONTACT, 50, 0.0, first=1)

    assert [slot.rank for slot in taken] == [1, 0]


def test_a_kind_of_which_too_few_wait_is_passed_over() -> None:
    buffer = Buffer()
    buffer.admit(a_work("customer", "1"), [a_write(CONTACT, Kind.CONTACT)], known=())
    for number in range(2):
        key = a_key("product", str(number), "item")
        buffer.admit(a_work("product", str(number)), [a_write(key, Kind.ITEM)], known=())

    assert buffer.choose(0.0, (0,), least=lambda _: 2) == (Kind.ITEM, 0)
    assert buffer.choose(0.0, (0,), least=lambda _: 3) is None
    assert buffer.load.held[Lane.IMMEDIATE] == 3


def test_a_document_counts_once_however_many_versions_came() -> None:
    buffer = Buffer()
    for version, lane in enumerate((Lane.BACKFILL, Lane.BATCH, Lane.BATCH)):
        key = a_key("product", "1", "item")
        buffer.admit(a_work("product", "1", version=version, lane=lane), [a_write(key, Kind.ITEM)], known=())

    assert buffer.choose(0.0, (1,), least=lambda _: 2) is None
    assert [slot.key.entity_id for slot in buffer.take(Kind.ITEM, 50, 0.0)] == ["1"]
    assert buffer.choose(0.0) is None


def test_what_is_in_a_call_is_not_counted_for_the_next_one() -> None:
    buffer = Buffer()
    for version, numbers in enumerate((range(80), reversed(range(80)))):
        for number in numbers:
            key = a_key("product", str(number), "item")
            buffer.admit(a_work("product", str(number), version=version), [a_write(key, Kind.ITEM)], known=())

    taken = buffer.take(Kind.ITEM, 50, 0.0)

    assert len(taken) == 50
    assert buffer.choose(0.0, least=lambda _: 31) is None
    assert buffer.choose(0.0, least=lambda _: 30) == (Kind.ITEM, 0)
    buffer.put_back(slot.key for slot in taken)
    assert len(buffer.take(Kind.ITEM, 100, 0.0)) == 80


def test_a_call_is_filled_from_all_lanes_most_urgent_first() -> None:
    buffer = Buffer()
    for number, lane in enumerate([Lane.BACKFILL, Lane.BATCH, Lane.IMMEDIATE]):
        key = a_key("customer", str(number), "contact")
        buffer.admit(a_work("customer", str(number), lane=lane), [a_write(key, Kind.CONTACT)], known=())

    assert [slot.key.entity_id for slot in buffer.take(Kind.CONTACT, 50, 0.0)] == ["2", "1", "0"]


def test_children_of_a_dropped_parent_are_reported_as_orphans() -> None:
    buffer = Buffer()
    parent, child = a_work("invoice", "9"), a_work("payment", "7")
    buffer.admit(parent, [a_write(INVOICE, Kind.INVOICE)], known=())
    buffer.admit(child, [a_write(PAYMENT, Kind.PAYMENT, needs={INVOICE}, parent=INVOICE)], known=())

    assert buffer.drop(parent) == [child]


def test_two_sales_share_the_contact_of_their_customer() -> None:
    buffer = Buffer()
    other = a_key("invoice", "10", "invoice")
    first, second = a_work("invoice", "9"), a_work("invoice", "10")
    for work, key in ((first, INVOICE), (second, other)):
        snapshot = a_write(CONTACT, Kind.CONTACT, only_if_absent=True)
        buffer.admit(work, [snapshot, a_write(key, Kind.INVOICE, needs={CONTACT})], known=())

    assert len(buffer.take(Kind.CONTACT, 50, 0.0)) == 1
    buffer.settle(CONTACT)
    assert len(buffer.take(Kind.INVOICE, 50, 0.0)) == 2
    assert buffer.settle(INVOICE) == [first]
    assert buffer.settle(other) == [second]


def test_a_delayed_slot_comes_back_when_it_is_due() -> None:
    buffer = Buffer()
    buffer.admit(a_work("customer", "1"), [a_write(CONTACT, Kind.CONTACT)], known=())
    buffer.take(Kind.CONTACT, 50, 0.0)

    buffer.put_back([CONTACT], not_before=5.0)

    assert buffer.choose(4.9) is None
    assert buffer.next_due() == 5.0
    assert buffer.choose(5.0) == (Kind.CONTACT, 0)


def test_a_document_of_an_unsettled_call_is_not_sent() -> None:
    buffer = Buffer()
    buffer.block([CONTACT])
    buffer.admit(a_work("customer", "1"), [a_write(CONTACT, Kind.CONTACT)], known=())
    assert buffer.choose(0.0) is None

    assert buffer.unblock([CONTACT]) == []

    assert buffer.choose(0.0) == (Kind.CONTACT, 0)


def test_a_version_that_came_after_a_call_of_an_earlier_session_is_still_sent_when_that_is_settled() -> None:
    buffer = Buffer()
    buffer.block([INVOICE])
    buffer.admit(a_work("invoice", "9", version=1), [a_write(INVOICE, Kind.INVOICE, version=1)], known=())

    assert buffer.settle(INVOICE) == []

    buffer.unblock([INVOICE])
    assert [slot.key for slot in buffer.take(Kind.INVOICE, 50, 0.0)] == [INVOICE]


_STEP = st.tuples(st.integers(0, 3), st.integers(0, 5), st.sampled_from(["admit", "send", "fail"]))


@given(st.lists(_STEP, max_size=60))
def test_every_event_settles_exactly_once_and_the_newest_version_wins(steps: list[tuple[int, int, str]]) -> None:
    buffer = Buffer()
    admitted: list[Work] = []
    closed: list[Work] = []
    written: dict[DocumentKey, int] = {}

    def send(*, succeed: bool) -> None:
        for slot in buffer.take(Kind.CONTACT, 2, 0.0):
            if succeed:
                written[slot.key] = max(written.get(slot.key, 0), slot.write.payload["Version"])
                closed.extend(everyone(buffer.settle(slot.key)))
            else:
                buffer.put_back([slot.key])

    for at, (entity_id, version, step) in enumerate(steps):
        if step == "admit":
            key = a_key("customer", str(entity_id), "contact")
            work = a_work("customer", str(entity_id), version=version, at=float(at))
            admitted.append(work)
            buffer.admit(work, [a_write(key, Kind.CONTACT, version=version)], known=())
        else:
            send(succeed=step == "send")
    while buffer.choose(0.0) is not None:
        send(succeed=True)

    assert sorted(map(id, closed)) == sorted(map(id, admitted))
    assert len(buffer) == 0
    assert buffer.load.size_bytes == 0
    for work in admitted:
        key = a_key("customer", work.owner.entity_id, "contact")
        assert written[key] >= (work.version - START).total_seconds()
