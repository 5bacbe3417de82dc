"""What went back to the broker and came again: its turn."""

from __future__ import annotations

import pytest

from producers.amqp import Delivery
from tests.support.buffer_cases import CONTACT, a_key, a_work, a_write
from worker.buffer.buffer import Buffer
from worker.buffer.work import Work
from worker.documents.documents import DocumentKey, Kind


def admit(buffer: Buffer, key: DocumentKey, kind: Kind, *, returns: int, of: str = "", absent: bool = False) -> Work:
    work = a_work(of or key.entity, key.entity_id)
    work.delivery = Delivery("q", b"", "main.batch.x", "id", returns > 0, returns, 1, 1)
    buffer.admit(work, [a_write(key, kind, only_if_absent=absent)], known=())
    return work


def contact(number: int) -> DocumentKey:
    return a_key("customer", str(number), "contact")


@pytest.mark.parametrize(("returns", "order"), [(0, [1, 2]), (1, [1, 2]), (2, [2, 1])])
def test_what_went_back_twice_goes_before_what_came_meanwhile(returns: int, order: list[int]) -> None:
    buffer = Buffer()
    admit(buffer, contact(1), Kind.CONTACT, returns=0)
    admit(buffer, contact(2), Kind.CONTACT, returns=returns)

    slots = buffer.take(Kind.CONTACT, 2, now=0.0)

    assert [slot.key for slot in slots] == [contact(number) for number in order]


def test_a_kind_that_fills_no_call_goes_first_once_it_went_back_twice() -> None:
    buffer = Buffer()
    for number in range(50):
        admit(buffer, contact(number), Kind.CONTACT, returns=1)
    admit(buffer, a_key("product", "1", "item"), Kind.ITEM, returns=2)

    assert buffer.choose(0.0, least=lambda _: 50) == (Kind.ITEM, 0)


def test_a_document_that_others_kept_wanting_has_the_turn_of_who_went_back() -> None:
    buffer = Buffer()
    admit(buffer, contact(2), Kind.CONTACT, returns=2)
    admit(buffer, CONTACT, Kind.CONTACT, returns=0, of="invoice", absent=True)
    admit(buffer, CONTACT, Kind.CONTACT, returns=3)

    (first,) = buffer.take(Kind.CONTACT, 1, now=0.0)

    assert first.key == CONTACT
