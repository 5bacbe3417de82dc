"""What something between the worker and Xero answers in its place is a lost answer."""

from __future__ import annotations

import httpx
import pytest

from tests.support.xero_fakes import call_of, member_of
from worker.documents.documents import Kind
from worker.ledger.records import Purpose
from worker.xero.replies.answers import read
from worker.xero.replies.reply import ReplyKind

CALL = call_of(member_of(Kind.INVOICE, "1"), member_of(Kind.INVOICE, "2"))


@pytest.mark.parametrize(
    ("method", "path", "answer"),
    [
        ("PUT", "/Invoices", b'{"Invoices":[]}'),
        ("POST", "/Payments/p-1", b'{"Payments":[{"PaymentID":"p-1"}]}'),
        ("PUT", "/CreditNotes/n-1/Allocations", b'{"Allocations":[{"Amount":1}]}'),
        ("DELETE", "/CreditNotes/n-1/Allocations/a-1", b'{"AllocationID":"a-1","IsDeleted":true}'),
    ],
)
def test_a_success_without_what_was_sent_is_uncertain_and_has_no_status_of_xeros(
    method: str, path: str, answer: bytes
) -> None:
    sent = call_of(method=method, path=path)
    others = (b"", b"{}", b'{"message":"down for maintenance"}', b'{"Id":"1","Status":"OK"}', b'{"Contacts":[]}')

    odd = [read(sent, httpx.Response(200 if body else 204, content=body)) for body in others]

    assert [(reply.outcome, reply.status) for reply in odd] == [(ReplyKind.UNCERTAIN, None)] * len(others)
    assert read(sent, httpx.Response(200, content=answer)).outcome is ReplyKind.ANSWERED


@pytest.mark.parametrize(
    "own",
    [
        httpx.Response(404, headers={"X-DayLimit-Remaining": "4999"}),
        httpx.Response(404, headers={"xero-correlation-id": "1"}),
        httpx.Response(404, content=b"The resource you're looking for cannot be found"),
    ],
)
def test_a_document_may_be_missing_and_a_list_never_is(own: httpx.Response) -> None:
    listed = call_of(method="GET", path="/Payments", purpose=Purpose.LOOKUP)
    one = call_of(method="GET", path="/Contacts/c-1", purpose=Purpose.LOOKUP)

    assert read(listed, own).outcome is ReplyKind.UNCERTAIN
    assert [read(call, own).outcome for call in (one, CALL)] == [ReplyKind.NOT_FOUND] * 2


def test_a_404_that_is_not_xeros_own_is_a_lost_answer() -> None:
    one = call_of(method="GET", path="/CreditNotes/n-1", purpose=Purpose.LOOKUP)
    gateways = httpx.Response(404, content=b"<h1>Not Found</h1>", headers={"Content-Type": "text/html"})

    replies = [read(call, gateways) for call in (one, CALL)]

    assert [(reply.outcome, reply.status) for reply in replies] == [(ReplyKind.UNCERTAIN, None)] * 2
