"""What is to be gone from Xero, in the order that Xero asks for."""

from __future__ import annotations

from tests.support.buffer_cases import a_key, a_work, a_write
from worker.buffer.buffer import Buffer
from worker.documents.documents import Action, Kind


def test_documents_of_one_removal_are_voided_one_after_the_other() -> None:
    buffer = Buffer()
    allocation, note = a_key("credit_memo", "5", "allocation/1"), a_key("credit_memo", "5", "credit_note")
    work = a_work("credit_memo", "5")
    voids = [
        a_write(allocation, Kind.ALLOCATION, action=Action.VOID),
        a_write(note, Kind.CREDIT_NOTE, action=Action.VOID),
    ]

    buffer.admit(work, voids, known={allocation, note})

    assert buffer.choose(0.0) == (Kind.ALLOCATION, 0)
    buffer.take(Kind.ALLOCATION, 50, 0.0)
    assert buffer.choose(0.0) is None
    buffer.settle(allocation)
    assert buffer.choose(0.0) == (Kind.CREDIT_NOTE, 0)


def test_what_is_to_be_voided_does_not_wait_for_what_was_never_there() -> None:
    buffer = Buffer()
    allocation, note = a_key("credit_memo", "5", "allocation/1"), a_key("credit_memo", "5", "credit_note")
    begun, cancelled = a_work("credit_memo", "5"), a_work("credit_memo", "5", version=1, at=1.0)
    buffer.admit(begun, [a_write(note, Kind.CREDIT_NOTE), a_write(allocation, Kind.ALLOCATION, needs={note})], known=())
    buffer.take(Kind.CREDIT_NOTE, 50, 0.0)
    voids = [(allocation, Kind.ALLOCATION), (note, Kind.CREDIT_NOTE)]
    buffer.admit(cancelled, [a_write(key, kind, version=1, action=Action.VOID) for key, kind in voids], known=())
    buffer.take(Kind.ALLOCATION, 50, 0.0)

    assert buffer.settle(allocation, exists=False) == []
    assert buffer.settle(note) == [begun]

    assert [slot.write.action for slot in buffer.take(Kind.CREDIT_NOTE, 50, 0.0)] == [Action.VOID]


def test_a_removal_waits_for_what_is_being_written_to_be_voided_again() -> None:
    buffer = Buffer()
    allocation, note = a_key("credit_memo", "5", "allocation/1"), a_key("credit_memo", "5", "credit_note")
    begun, cancelled = a_work("credit_memo", "5"), a_work("credit_memo", "5", version=1, at=1.0)
    buffer.admit(begun, [a_write(allocation, Kind.ALLOCATION, needs={note})], known={note})
    buffer.take(Kind.ALLOCATION, 50, 0.0)
    voids = [(allocation, Kind.ALLOCATION), (note, Kind.CREDIT_NOTE)]
    buffer.admit(cancelled, [a_write(key, kind, version=1, action=Action.VOID) for key, kind in voids], known={note})

    buffer.settle(allocation)

    assert buffer.take(Kind.CREDIT_NOTE, 50, 0.0) == []
    assert [slot.write.action for slot in buffer.take(Kind.ALLOCATION, 50, 0.0)] == [Action.VOID]
    buffer.settle(allocation)
    assert [slot.write.action for slot in buffer.take(Kind.CREDIT_NOTE, 50, 0.0)] == [Action.VOID]
