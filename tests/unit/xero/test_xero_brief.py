"""Cut down or in full, a reply says the same."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.xero_fakes import call_of, member_of
from worker.documents.documents import Kind
from worker.documents.literals import decode, encode
from worker.xero.endpoints import ENDPOINTS
from worker.xero.replies import brief
from worker.xero.replies.answers import read
from worker.xero.replies.verdicts import Written, verdicts

# what of NUL is kept is another question: see test_xero_received.py
CHARACTERS = st.characters(codec="utf-8", exclude_characters="\0")
TEXTS = st.none() | st.text(CHARACTERS, max_size=5) | st.sampled_from(["OK", "ERROR", "AUTHORISED"])
AMOUNTS = st.none() | st.decimals(-(10**12), 10**12, allow_nan=False, places=2) | st.integers(-9, 9)
LINES = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("Description", "AccountCode", "TaxType", "Other"), TEXTS) | {"LineAmount": AMOUNTS}
)
OTHERS = st.none() | st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("ContactID", "CreditNoteID", "InvoiceID", "Name"), TEXTS)
)
NAMED = ("ContactStatus", "CurrencyCode", "Name", "Status", "StatusAttributeString", "UpdatedDateUTC", "Reference")
DAYS = st.none() | st.sampled_from(["2026-03-02T00:00:00", "/Date(1772409600000+0000)/", "/Date(99999999999999999)/"])
IDENTIFYING = {name for endpoint in ENDPOINTS.values() for name in (endpoint.id, endpoint.number) if name}
DOCUMENTS = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys((*NAMED, *IDENTIFYING), TEXTS)
    | dict.fromkeys(("Amount", "CurrencyRate", "Total", "TotalTax", "RemainingCredit", "AmountDue"), AMOUNTS)
    | {"Contact": OTHERS, "CreditNote": OTHERS, "Invoice": OTHERS, "LineItems": st.none() | st.lists(LINES, max_size=3)}
    | {
        "Date": DAYS,
        "DueDate": DAYS,
        "ValidationErrors": st.just([]),
        "Payments": st.lists(st.dictionaries(st.text(max_size=3), AMOUNTS), max_size=2),
    },
)


@given(st.sampled_from(Kind), st.lists(DOCUMENTS, min_size=1, max_size=3), st.data())
def test_a_verdict_on_a_reply_is_that_on_all_of_it(
    kind: Kind, documents: list[dict[str, Any]], data: st.DataObject
) -> None:
    sums = (Decimal("1.20"), Decimal("0.20"))
    sent = {"CurrencyRate": Decimal("1.17")}
    call = call_of(*(member_of(kind, str(number), sent, sums=sums) for number in range(len(documents))))
    for document, member in zip(documents, call.members, strict=True):
        if data.draw(st.booleans()):
            document[ENDPOINTS[kind].number or "AllocationID"] = member.number
    call = replace(call, path=f"/{ENDPOINTS[kind].plural}")
    body = encode({"Id": "1", ENDPOINTS[kind].plural: documents})

    reply = read(call, httpx.Response(200, content=body))

    in_full = replace(reply, elements=tuple(decode(body)[ENDPOINTS[kind].plural]))
    assert verdicts(call, reply) == verdicts(call, in_full)


def test_what_nobody_looks_at_is_left_out() -> None:
    body = b'{"Id":"1","Invoices":[{"Total":0.10,"AmountDue":1,"LineItems":[{"LineAmount":2.50,"LineItemID":"a"}]}]}'

    found = brief.decode(body)

    assert found == {"Invoices": [{"Total": Decimal("0.10"), "LineItems": [{"LineAmount": Decimal("2.50")}]}]}


def test_a_payment_of_a_refund_says_what_it_is_on() -> None:
    call = replace(call_of(member_of(Kind.PAYMENT, "1")), path="/Payments")
    paid = {"PaymentID": "a", "Reference": "payment-1", "Amount": 5, "CreditNote": {"CreditNoteID": "refund"}}

    (verdict,) = verdicts(call, read(call, httpx.Response(200, content=encode({"Payments": [paid]})))).values()

    assert isinstance(verdict, Written)
    assert verdict.facts == {"amount": "5.00", "target_id": "refund"}


@pytest.mark.parametrize(
    "body",
    [
        b'{"Invoices":{}}',
        b'{"Payments":[7]}',
        b"[]",
        b'{"Status":"OK"}',
        b'{"Invoices":[{',
        b'{"Invoices":[{"Total":1e9999999999999999999}]}',
    ],
)
def test_what_has_another_shape_is_left_to_the_reading_in_full(body: bytes) -> None:
    assert brief.decode(body) is None


def test_a_document_that_is_described_oddly_is_read_all_the_same() -> None:
    call = call_of(member_of(Kind.INVOICE, "1"), member_of(Kind.INVOICE, "2"))
    odd = {"InvoiceNumber": "invoice-1", "InvoiceID": "a", "Contact": "Jo", "LineItems": {}}
    plain = {"InvoiceNumber": "invoice-2", "InvoiceID": "b"}

    found = verdicts(call, read(call, httpx.Response(200, content=encode({"Invoices": [odd, plain]}))))

    assert [type(verdict) for verdict in found.values()] == [Written, Written]
