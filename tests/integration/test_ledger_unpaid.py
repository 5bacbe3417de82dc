"""What is parked because something is paid, when that money is deleted."""

from __future__ import annotations

import pytest

from tests.support.fakes import FakeClock
from tests.support.sample_ledger import ORG, document, event, key, lease_of, parked_in, put_documents
from worker.documents.documents import Kind
from worker.ledger.ledger import Ledger
from worker.ledger.records import CANCELLED_PAID, DOCUMENT_PAID, EXCEEDS_DUE, Document, Held, HoldState


def cancelled(number: int, reason: str = CANCELLED_PAID) -> Held:
    return event(number, HoldState.PERSON, reason=reason, owner=key(number).owner)


def too_much(number: int, of: int | None) -> Held:
    parent = None if of is None else key(of)
    return event(number, HoldState.PERSON, reason=EXCEEDS_DUE, owner=key(number).owner, parent=parent)


def money(status: str = "DELETED", target: str | None = "xero-1") -> Document:
    facts = {"status": status, "target_id": target}
    return document(51, part="payment/1")._replace(kind=Kind.PAYMENT, facts=facts)


async def test_what_is_parked_as_paid_is_due_when_its_money_is_deleted(ledger: Ledger) -> None:
    lease = await lease_of(ledger)
    await put_documents(ledger, lease, document(1), document(2))
    held, another, otherwise = cancelled(1), cancelled(2), cancelled(1, "period_locked")
    await ledger.held.hold(lease, [held, another, otherwise])

    released = await put_documents(ledger, lease, money())

    assert [one.id for one in released] == [held.id]
    assert [one.id for one in await ledger.held.due(ORG)] == [held.id]
    assert {one.id for one in await parked_in(ledger)} == {another.id, otherwise.id}


async def test_a_change_of_what_was_paid_is_due_then(ledger: Ledger) -> None:
    lease = await lease_of(ledger)
    await put_documents(ledger, lease, document(1), document(2))
    held = cancelled(1, DOCUMENT_PAID)
    await ledger.held.hold(lease, [held, cancelled(2, DOCUMENT_PAID)])

    assert [one.id for one in await put_documents(ledger, lease, money())] == [held.id]


async def test_money_that_was_too_much_is_due_then_if_it_is_for_the_same(ledger: Ledger) -> None:
    lease = await lease_of(ledger)
    await put_documents(ledger, lease, document(1), document(2))
    same, other = (too_much(number + 60, number) for number in (1, 2))
    await ledger.held.hold(lease, [same, other, too_much(63, None)])

    assert [one.id for one in await put_documents(ledger, lease, money())] == [same.id]


async def test_credit_that_is_taken_off_frees_its_credit_note_too(ledger: Ledger) -> None:
    lease = await lease_of(ledger)
    await put_documents(ledger, lease, document(1), document(2))
    back = too_much(61, 2)
    await ledger.held.hold(lease, [back])
    credit = money()
    credit = credit._replace(kind=Kind.ALLOCATION, facts={**credit.facts, "credit_note_id": "xero-2"})

    assert [one.id for one in await put_documents(ledger, lease, credit)] == [back.id]


@pytest.mark.parametrize("written", [money("AUTHORISED"), money(target=None)], ids=["stands", "of nobody knows what"])
async def test_other_money_releases_nothing(ledger: Ledger, written: Document) -> None:
    lease = await lease_of(ledger)
    await put_documents(ledger, lease, document(1))
    await ledger.held.hold(lease, [cancelled(1)])

    assert await put_documents(ledger, lease, written) == []
    assert len(await parked_in(ledger)) == 1


async def test_what_was_purged_is_not_sent_on_its_way_empty(ledger: Ledger, clock: FakeClock) -> None:
    lease = await lease_of(ledger)
    await put_documents(ledger, lease, document(1))
    await ledger.held.hold(lease, [cancelled(1)])
    clock.advance(2 * 86_400)
    await ledger.parked.purge(1)

    assert await put_documents(ledger, await lease_of(ledger), money()) == []
    assert [one.reason for one in await parked_in(ledger)] == [CANCELLED_PAID]
