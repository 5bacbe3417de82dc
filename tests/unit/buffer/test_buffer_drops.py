"""An event that is given up leaves nothing behind, also where one of its documents is in a call."""

from __future__ import annotations

from tests.support.buffer_cases import CONTACT, INVOICE, PAYMENT, a_work, a_write
from worker.buffer.buffer import Buffer
from worker.documents.documents import Kind


def test_a_document_that_is_refused_after_its_event_was_given_up_is_wanted_no_more() -> None:
    buffer = Buffer()
    sale = a_work("invoice", "9")
    snapshot = a_write(CONTACT, Kind.CONTACT, only_if_absent=True)
    buffer.admit(sale, [snapshot, a_write(INVOICE, Kind.INVOICE, needs={CONTACT})], known=())
    buffer.take(Kind.CONTACT, 50, 0.0)
    buffer.drop(sale)

    assert buffer.land(CONTACT) == []

    buffer.unblock([CONTACT])
    assert CONTACT not in buffer
    assert buffer.waits_since(Kind.CONTACT, 0.0) is None
    assert buffer.choose(0.0) is None


def test_a_version_behind_one_in_a_call_goes_with_its_event() -> None:
    buffer = Buffer()
    first, second = a_work("invoice", "9"), a_work("invoice", "9", version=1)
    buffer.admit(first, [a_write(INVOICE, Kind.INVOICE)], known=())
    buffer.take(Kind.INVOICE, 50, 0.0)
    snapshot = a_write(CONTACT, Kind.CONTACT, only_if_absent=True)
    buffer.admit(second, [snapshot, a_write(INVOICE, Kind.INVOICE, version=1)], known=())

    buffer.drop(second)

    assert buffer.settle(INVOICE) == [first]
    assert buffer.waits_since(Kind.INVOICE, 0.0) is None
    assert buffer.choose(0.0) is None
    assert len(buffer) == 0


def test_what_waits_for_a_document_of_an_event_that_was_given_up_is_an_orphan_when_it_is_refused() -> None:
    buffer = Buffer()
    sale, money = a_work("invoice", "9"), a_work("payment", "7")
    buffer.admit(sale, [a_write(INVOICE, Kind.INVOICE)], known=())
    buffer.admit(money, [a_write(PAYMENT, Kind.PAYMENT, needs={INVOICE}, parent=INVOICE)], known=())
    buffer.take(Kind.INVOICE, 50, 0.0)
    assert buffer.drop(sale) == []

    buffer.land(INVOICE)

    assert buffer.unblock([INVOICE]) == [money]
