"""Several payments of one document are held against its total before they are sent."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.xero_fakes import document_of, known_of, write_of
from worker.documents.content import XeroId
from worker.documents.documents import Kind, Write
from worker.xero.compose import compose

INVOICE = write_of(Kind.INVOICE, "1", {"Type": "ACCREC", "LineItems": []})
OTHER = write_of(Kind.INVOICE, "2", {"Type": "ACCREC", "LineItems": []})
KNOWN = known_of(*(document_of(one, facts={"total": "12.00", "status": "AUTHORISED"}) for one in (INVOICE, OTHER)))


def paying(entity_id: str, amount: str, invoice: Write = INVOICE) -> Write:
    payload = {"Invoice": {"InvoiceID": XeroId(invoice.key)}, "Amount": Decimal(amount)}
    return write_of(Kind.PAYMENT, entity_id, payload)


@pytest.mark.parametrize("amounts", [["12.00"], ["7.00", "5.00"], ["0.01", "11.98", "0.01"]])
def test_payments_that_come_to_the_total_at_most_are_sent(amounts: list[str]) -> None:
    writes = [paying(f"p{place}", amount) for place, amount in enumerate(amounts)]

    composed = compose(writes, KNOWN)

    assert [member.key for member in composed.members] == [write.key for write in writes]
    assert composed.stopped == ()


def test_the_payment_that_is_too_much_beside_the_others_is_not_sent_and_says_both_sums() -> None:
    first, second, third = paying("p1", "7.00"), paying("p2", "5.01"), paying("p3", "5.00")

    composed = compose([first, second, third], KNOWN)

    assert [member.key for member in composed.members] == [first.key, third.key]
    [stop] = composed.stopped
    assert (stop.write, stop.reason, stop.parent) == (second, "overpaid", INVOICE.key)
    assert "7.00 and 5.01" in stop.detail
    assert "12.00 in all" in stop.detail


def test_payments_of_different_sales_do_not_add_up() -> None:
    composed = compose([paying("p1", "12.00"), paying("p2", "12.00", OTHER)], KNOWN)

    assert (len(composed.members), composed.stopped) == (2, ())


def test_credit_above_the_whole_sale_is_not_set_off_and_is_not_said_to_be_money_that_was_paid() -> None:
    note = write_of(Kind.CREDIT_NOTE, "9", {"Type": "ACCRECCREDIT", "LineItems": []})
    known = known_of(*KNOWN.documents.values(), document_of(note, facts={"total": "12.50", "status": "AUTHORISED"}))
    sides = {"Invoice": {"InvoiceID": XeroId(INVOICE.key)}, "CreditNote": {"CreditNoteID": XeroId(note.key)}}
    credit = write_of(Kind.ALLOCATION, "9", {**sides, "Amount": Decimal("12.50")})

    [stop] = compose([credit], known).stopped

    assert (stop.reason, stop.parent) == ("overpaid", INVOICE.key)
    assert (
        stop.detail == f"12.50 of credit are to be set against it, and {document_of(INVOICE).number} is of 12.00 in all"
    )
    assert "leave the rest as the customer's credit" in stop.hint
