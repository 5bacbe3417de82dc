"""What the worker asks of an organisation that has more than 100,000 payments or credit notes [xero 7]."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from deploy.sandbox.xero.clock import SandboxClock
from deploy.sandbox.xero.errors import CallRefused
from deploy.sandbox.xero.reading import MOST_RECORDS
from deploy.sandbox.xero.reads import read
from deploy.sandbox.xero.store import Book
from tests.support.xero_fakes import document_of, member_of, write_of
from worker.documents.documents import Kind
from worker.xero.looks import apart, readings_of, states_apart, states_of
from worker.xero.lookup import lookups, match, one_by_one


def an_id(n: int) -> str:
    return f"00000000-0000-4000-8000-{n:012}"


@pytest.fixture(scope="module")
def vast() -> Book:
    """One payment and one credit note more than Xero lists at once; every second payment refunds a credit note."""
    book = Book("main", SandboxClock())
    now = book.clock.utc()
    for n in range(MOST_RECORDS + 1):
        name = ("Invoice", "CreditNote")[n % 2]
        paid = {name: {f"{name}ID": an_id(n)}, "Reference": f"P-{n}", "Status": "AUTHORISED", "Amount": 1}
        book.payments.put({"PaymentID": an_id(n), "UpdatedDateUTC": now, **paid})
        sums = {"Total": 1, "TotalTax": 0, "Status": "AUTHORISED", "LineItems": [], "Contact": {"ContactID": an_id(0)}}
        numbered = {"CreditNoteNumber": f"C/{n}", "Type": "ACCRECCREDIT"}
        book.credit_notes.put({"CreditNoteID": an_id(n), "UpdatedDateUTC": now, **numbered, **sums})
    return book


def ask(book: Book, path: str, params: Mapping[str, str]) -> list[dict[str, Any]]:
    listed, *more = path.strip("/").split("/", 1)
    reply = read(book, (listed, *(one.replace("%2F", "/") for one in more)), params, None)
    found: list[dict[str, Any]] = reply[listed]
    return found


def refused(book: Book, path: str, params: Mapping[str, str]) -> bool:
    with pytest.raises(CallRefused) as refusal:
        ask(book, path, params)
    assert isinstance(refusal.value.body, dict)
    return bool(refusal.value.body["Type"] == "HighVolumeException")


def test_refunds_and_payments_are_found_in_one_call_however_many_there_are(vast: Book) -> None:
    paid = member_of(Kind.PAYMENT, "4", {"Invoice": {"InvoiceID": an_id(4)}, "Amount": 1}, number="P-4")
    refund = member_of(Kind.PAYMENT, "7", {"CreditNote": {"CreditNoteID": an_id(7)}, "Amount": 1}, number="P-7")

    [request] = lookups(Kind.PAYMENT, [paid, refund])

    found = match(Kind.PAYMENT, request.members, ask(vast, request.path, request.params))
    assert [one and one.xero_id for one in found.values()] == [an_id(4), an_id(7)]


def test_credit_notes_that_are_refused_as_a_list_are_found_by_their_ids_and_numbers(vast: Book) -> None:
    known = member_of(Kind.CREDIT_NOTE, "3", number="C/3", xero_id=an_id(3))
    new = member_of(Kind.CREDIT_NOTE, "5", number="C/5")
    [request] = lookups(Kind.CREDIT_NOTE, [known, new])
    assert refused(vast, request.path, request.params)

    alone = one_by_one(request)

    assert [ask(vast, one.path, one.params)[0]["CreditNoteNumber"] for one in alone] == ["C/3", "C/5"]
    assert [one.members for one in alone] == [(known,), (new,)]


def test_credit_notes_that_change_are_looked_at_one_by_one_where_they_are_refused_as_a_list(vast: Book) -> None:
    writes = [write_of(Kind.CREDIT_NOTE, str(n)) for n in (3, 5)]
    known = {write.key: document_of(write, xero_id=an_id(n)) for write, n in zip(writes, (3, 5), strict=True)}
    [reading] = readings_of(Kind.CREDIT_NOTE, writes, known)
    assert refused(vast, reading.path, reading.params)

    alone = apart(Kind.CREDIT_NOTE, reading, known)

    assert [ask(vast, one.path, one.params)[0]["CreditNoteID"] for one in alone] == [an_id(3), an_id(5)]
    assert [apart(Kind.CREDIT_NOTE, one, known) for one in alone] == [[], []]


def test_what_has_become_of_drafts_is_asked_one_by_one_where_their_list_is_refused(vast: Book) -> None:
    drafts = [document_of(write_of(Kind.CREDIT_NOTE, str(n)), xero_id=an_id(n)) for n in (3, 5)]
    [states] = states_of(Kind.CREDIT_NOTE, drafts)
    assert refused(vast, states.path, states.params)

    alone = states_apart(Kind.CREDIT_NOTE, states)

    assert [ask(vast, one.path, one.params)[0]["CreditNoteID"] for one in alone] == [an_id(3), an_id(5)]
    assert [states_apart(Kind.CREDIT_NOTE, one) for one in alone] == [[], []]
