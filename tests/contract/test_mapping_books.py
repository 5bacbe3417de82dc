"""What mapping plans, a Xero organisation books: the sandbox works every figure out for itself."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import httpx
import pytest

from schemas.entities import Entity
from schemas.envelope import Event
from tests.support.mapping_cases import SALE, credit_memo, event, invoice, line, organisation, payment, writes
from tests.support.sandbox_fixture import SandboxControl, XeroCaller
from worker.documents.documents import DocumentKey, Kind, Write
from worker.documents.literals import decode
from worker.ledger.records import Document, Known
from worker.xero.compose import compose
from worker.xero.endpoints import ENDPOINTS, id_of
from worker.xero.facts import facts_of

ORG = organisation(
    tax={"20": "OUTPUT2", "5": "RROUTPUT", "0": "ZERORATEDOUTPUT", "none": "NONE"},
    payments={"stripe": "092", "banktransfer": "090"},
)
MIXED = (
    line("19.98", "4.00", tax_rate="20", quantity="3", sku="UNKNOWN"),
    line("33.33", "1.67", tax_rate="5", quantity="0.3750"),
    line("8.00", tax_rate="0"),
    line("0.00", "2.00", tax_rate="20", discount="10.00"),
    line("-5.00", "-1.00", tax_rate="20", kind="discount"),
    line("25.00", kind="gift_card"),
    line("4.17", "0.83", tax_rate="20", kind="shipping"),
    line("1.50", kind="fee"),
)


class Books:
    """Brings planned writes to the sandbox one by one, as the worker does with many, and knows what is there."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http
        self._documents: dict[DocumentKey, Document] = {}

    def book(self, of: Event) -> list[dict[str, Any]]:
        """The elements Xero answers, in the order of the writes; those that need no call are left out."""
        return [element for write in writes(of, ORG) if (element := self._send(write)) is not None]

    def _send(self, write: Write) -> dict[str, Any] | None:
        call = compose([write], Known(self._documents, frozenset()))
        assert not call.leftover, write
        if not call.members:
            return None
        reply = self._http.request(call.method, call.path, params=call.params, content=call.body)
        assert reply.status_code == 200, reply.text
        element: dict[str, Any] = decode(reply.content)
        if write.kind is not Kind.ALLOCATION or call.method != "DELETE":
            (element,) = element[ENDPOINTS[write.kind].plural]
        assert not element.get("ValidationErrors"), element
        self._know(write, element)
        return element

    def _know(self, write: Write, element: dict[str, Any]) -> None:
        xero_id = id_of(write.kind, element) or self._documents[write.key].xero_id
        facts = facts_of(write.kind, element)
        self._documents[write.key] = Document(
            write.key, write.kind, xero_id, write.number, write.version, write.content_hash, facts
        )


@pytest.fixture
def books(sandbox: SandboxControl) -> Iterator[Books]:
    caller = XeroCaller(sandbox)
    caller.http.headers["Content-Type"] = "application/json"
    yield Books(caller.http)
    caller.close()


def sums(element: dict[str, Any]) -> dict[str, Decimal]:
    names = {"SubTotal": "net", "TotalTax": "tax", "Total": "gross"}
    return {ours: Decimal(element[name]) for name, ours in names.items()}


def totals(data: dict[str, Any]) -> dict[str, Decimal]:
    return {name: Decimal(value) for name, value in data["totals"].items()}


def test_an_invoice_of_everything_has_the_stores_totals_in_xero(books: Books) -> None:
    data = invoice(*MIXED, residual={"net": "-0.02", "tax": "0.01"}, customer={"name": " <Jo>  Doe", "email": "ö@x.de"})

    contact, booked = books.book(event(Entity.INVOICE, data))

    assert contact["Name"] == "Jo Doe"
    assert (booked["Status"], sums(booked)) == ("AUTHORISED", totals(data))


def test_a_paid_sale_that_is_refunded_leaves_nothing_open(books: Books) -> None:
    data = invoice(*MIXED)
    gross = data["totals"]["gross"]
    books.book(event(Entity.INVOICE, data))
    books.book(event(Entity.PAYMENT, payment(amount="30.00", method="gift_card")))
    rest = f"{Decimal(gross) - 30:f}"
    books.book(event(Entity.PAYMENT, payment(id="52", amount=rest)))

    memo = credit_memo(*MIXED, tenders=[{"method": "stripe", "amount": gross}])
    (note,) = books.book(event(Entity.CREDIT_MEMO, memo))
    refund = payment(id="53", direction="out", credit_memo_id="41", amount=gross)
    (paid_back,) = books.book(event(Entity.PAYMENT, refund))

    assert (note["Type"], sums(note)) == ("ACCRECCREDIT", totals(data))
    assert paid_back["PaymentType"] == "ARCREDITPAYMENT"
    assert paid_back["Reference"].startswith("SHOP-P-webshop-53 ")


def test_an_unpaid_sale_is_set_against_its_refund(books: Books) -> None:
    sold = line("100.00", "20.00", tax_rate="20")
    books.book(event(Entity.INVOICE, invoice(sold)))

    memo = credit_memo(sold, adjustments=[{"name": "Return fee", "amount": "-10.00"}])
    _, allocation = books.book(event(Entity.CREDIT_MEMO, memo))

    assert Decimal(allocation["Amount"]) == Decimal("110.00")


def test_what_is_taken_back_is_voided_in_order(books: Books, sandbox: SandboxControl) -> None:
    sold = line("100.00", "20.00", tax_rate="20")
    books.book(event(Entity.INVOICE, invoice(sold)))
    books.book(event(Entity.CREDIT_MEMO, credit_memo(sold)))

    books.book(event(Entity.CREDIT_MEMO, credit_memo(sold, cancelled=True)))
    books.book(event(Entity.INVOICE, invoice(sold, cancelled=True)))

    assert [one["Status"] for one in sandbox.documents("credit_notes")] == ["VOIDED"]
    assert [one["Status"] for one in sandbox.documents("invoices")] == ["VOIDED"]


def test_a_refund_of_an_old_sale_stands_alone_and_is_paid_back(books: Books) -> None:
    old = SALE | {"date": "2025-12-31"}
    sold = line("10.00", "2.00", tax_rate="20")

    _, note = books.book(event(Entity.CREDIT_MEMO, credit_memo(sold, sale=old)))
    refund = payment(sale=old, direction="out", credit_memo_id="41", amount="12.00", method="banktransfer")
    (paid_back,) = books.book(event(Entity.PAYMENT, refund))

    assert Decimal(note["RemainingCredit"]) == Decimal(paid_back["Amount"])


def test_customers_and_products_are_taken(books: Books) -> None:
    address = {"lines": ["1 High St"], "city": "York", "postal_code": "YO1 1AA", "country": "GB"}
    customer = {"id": "7", "company": "Doe  Ltd", "email": "jo@example.com", "phone": "01", "address": address}
    card = {"id": "3", "sku": "CARD " * 8, "name": "Gift card", "kind": "gift_card", "description": "For friends."}

    (contact,) = books.book(event(Entity.CUSTOMER, customer))
    (item,) = books.book(event(Entity.PRODUCT, card))

    assert (contact["Name"], contact["ContactNumber"]) == ("Doe Ltd", "webshop:7")
    assert (item["SalesDetails"]["AccountCode"], len(item["Code"])) == ("841", 30)
