"""The journals of docs/accounting.md are what Xero books, case by case."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.support.accounting_cases import Case, cases
from tests.support.accounting_document import Entry, documented
from tests.support.bookkeeping import Books
from tests.support.mapping_cases import ORGANISATION, organisation
from tests.support.xero_openapi import MISSING, OPENAPI, Requests, load_openapi

TAX = {
    "20": "OUTPUT2",
    "5": "RROUTPUT",
    "STATE+CITY": "TAX002",
    "ZERO": "ZERORATEDOUTPUT",
    "EXEMPT": "EXEMPTOUTPUT",
    "none": "NONE",
}
PAYMENTS = {"stripe": "092", "banktransfer": "090", "checkmo": "none"}
NAMES = {code: f"`{name}`" for name, code in ORGANISATION["accounts"].items()}
NAMES |= {"092": "`stripe`", "090": "`banktransfer`"}
GONE = {"VOIDED": ", voided", "DELETED": ", deleted"}
CASES = cases()

Json = dict[str, Any]


@pytest.fixture(scope="module")
def requests() -> Requests | None:
    return Requests(load_openapi()) if OPENAPI.exists() else None


@pytest.fixture(scope="module")
def books(requests: Requests | None) -> Iterator[Books]:
    made = Books(organisation(tax=TAX, payments=PAYMENTS))
    made.look = requests.check if requests else made.look
    yield made
    made.close()


@pytest.mark.parametrize("case", CASES, ids=[case.title for case in CASES])
def test_a_case_books_what_the_document_says(books: Books, case: Case) -> None:
    books.reset()
    books.book(*case.before)
    before = set(journal(books))

    books.book(*case.events, lock_date=case.lock_date)

    assert [entry for entry in journal(books) if entry not in before] == documented()[case.title]


def test_every_documented_case_is_tried() -> None:
    assert list(documented()) == [case.title for case in CASES]


@pytest.mark.skipif(not OPENAPI.exists(), reason=MISSING)
def test_every_payload_of_these_cases_is_one_that_xeros_schema_takes(books: Books, requests: Requests) -> None:
    """Each is checked as it is sent, and a wrong one fails its case; this shows that they are."""
    before = requests.checked

    books.reset()
    books.book(*CASES[0].events)

    assert requests.checked == before + 2


def journal(books: Books) -> Iterator[Entry]:
    """What stands in Xero: documents first, each followed by the money that settled it."""
    for one in books.invoices():
        yield _entry("Invoice", one, side=1)
        yield from _settling(books, one["InvoiceID"])
    for one in books.credit_notes():
        yield _entry("Credit note", one, side=-1)
        yield from _settling(books, one["CreditNoteID"])
    for one in books.allocations():
        part = f"receivable {one['Amount']:.2f}"
        yield Entry("Allocation to the invoice", part, part)


def _entry(name: str, document: Json, *, side: int) -> Entry:
    if document["Status"] in GONE:
        return Entry(name + GONE[document["Status"]], "–", "–")
    sums = defaultdict[str, Decimal](Decimal, {"receivable": document["Total"] * side})
    taxes = defaultdict[str, Decimal](Decimal)
    for line in (line for line in document["LineItems"] if line.get("LineAmount")):
        sums[NAMES[line["AccountCode"]]] -= line["LineAmount"] * side
        if line["TaxType"] != "NONE":
            taxes[f"tax `{line['TaxType']}`"] -= line["TaxAmount"] * side
    sums |= taxes
    currency = document["CurrencyCode"]
    foreign = "" if currency == "GBP" else f" in {currency} at {document['CurrencyRate'].normalize():f}"
    moved = "" if str(document["Date"]) in {"2026-03-02", "2026-03-09"} else f" of {document['Date']}"
    debits = [f"{one} {amount:.2f}" for one, amount in sums.items() if amount > 0]
    credits_ = [f"{one} {-amount:.2f}" for one, amount in sums.items() if amount < 0 or (not amount and one in taxes)]
    return Entry(name + foreign + moved, ", ".join(debits) or "–", ", ".join(credits_) or "–")


def _settling(books: Books, target: str) -> Iterator[Entry]:
    for one in books.payments():
        if one["Invoice"]["InvoiceID"] != target:
            continue
        account, receivable = f"{NAMES[one['Account']['Code']]} {one['Amount']:.2f}", f"receivable {one['Amount']:.2f}"
        if one["Status"] in GONE:
            yield Entry("Payment" + GONE[one["Status"]], "–", "–")
        elif one["PaymentType"] == "ACCRECPAYMENT":
            yield Entry("Payment", account, receivable)
        else:
            yield Entry("Payment of the credit note", receivable, account)
