"""What happened in the sandbox, in figures that a test can compare with the store's."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from deploy.sandbox.xero.errors import Json
from deploy.sandbox.xero.money import ZERO
from deploy.sandbox.xero.state import Sandbox
from deploy.sandbox.xero.store import Book
from deploy.sandbox.xero.table import Table

_TABLES = {
    "contacts": "ContactNumber",
    "items": "Code",
    "invoices": "InvoiceNumber",
    "credit_notes": "CreditNoteNumber",
    "payments": "",
}


def table_of(book: Book, kind: str) -> Table:
    """The documents of a kind, by the name the audit gives it. Raises KeyError."""
    tables = {"contacts": book.contacts, "items": book.items, "invoices": book.invoices}
    return {**tables, "credit_notes": book.credit_notes, "payments": book.payments}[kind]


def counts(sandbox: Sandbox, books: list[Book]) -> Json:
    """What of the audit is counted at once, for who asks all the time: calls and documents."""
    calls = _calls(sandbox, books)["calls_total"]
    return {"calls_total": calls, "documents": _counts(books), "statuses": _statuses(books)}


def audit(sandbox: Sandbox, books: list[Book]) -> Json:
    """Calls, refusals, documents, duplicates, sums and tokens of some organisations. Amounts are strings."""
    return {
        **_calls(sandbox, books),
        "refused_429": sum(sandbox.limits.refused.values()),
        "refused_429_by_problem": sandbox.limits.refused,
        "most_in_flight": sandbox.limits.most_in_flight,
        "most_in_a_minute": sandbox.limits.most_in_a_minute,
        "used_today": sandbox.limits.used_today(),
        "faults_fired": sandbox.faults.fired,
        "faults_waiting": len(sandbox.faults.waiting),
        "idempotency": {"replayed": sandbox.idempotency.replayed, "clashed": sandbox.idempotency.clashed},
        "tokens_issued": dict(sandbox.identity.issued),
        "documents": _counts(books),
        "statuses": _statuses(books),
        "duplicates": [duplicate for book in books for duplicate in duplicates(book)],
        "sums": {
            "invoices": _document_sums(document for book in books for document in book.invoices),
            "credit_notes": _document_sums(document for book in books for document in book.credit_notes),
            "payments": _payment_sums(books),
        },
    }


def _calls(sandbox: Sandbox, books: list[Book]) -> Json:
    """Calls by organisation, method, endpoint and status; those that named no organisation have an empty one."""
    names = {*(book.name for book in books), ""}
    calls = [{**asdict(kind), "count": count} for kind, count in sandbox.calls.items() if kind.organisation in names]
    return {"calls": calls, "calls_total": sum(call["count"] for call in calls)}


def _counts(books: list[Book]) -> dict[str, int]:
    counts = {kind: sum(len(table_of(book, kind)) for book in books) for kind in _TABLES}
    counts["allocations"] = sum(1 for book in books for _ in allocations(book))
    return counts


def _statuses(books: list[Book]) -> dict[str, dict[str, int]]:
    kinds = ("invoices", "credit_notes", "payments")
    return {kind: dict(Counter(d["Status"] for book in books for d in table_of(book, kind))) for kind in kinds}


def duplicates(book: Book) -> Iterator[Json]:
    """Documents that share what the store knows them by.

    Payments share their target and reference, allocations their credit note and invoice; contacts, items, invoices and
    credit notes their number, also where only case differs. What is deleted or voided does not count.
    """
    for kind, field in _TABLES.items():
        shared: dict[str, list[str]] = defaultdict(list)
        table = table_of(book, kind)
        for document in table:
            if document.get("Status") not in {"DELETED", "VOIDED"} and (reference := _reference(document, field)):
                shared[reference].append(document[table.id_field])
        yield from _shared(kind, shared)
    allocated: dict[str, list[str]] = defaultdict(list)
    for part in allocations(book):
        named = f"{part['CreditNote']['CreditNoteNumber']} > {part['Invoice']['InvoiceNumber']}"
        allocated[named].append(part["AllocationID"])
    yield from _shared("allocations", allocated)


def allocations(book: Book) -> Iterator[Json]:
    """Every allocation, with its credit note."""
    for note in book.credit_notes:
        named = {field: note[field] for field in ("CreditNoteID", "CreditNoteNumber")}
        for part in note["Allocations"]:
            yield {**part, "CreditNote": named}


def _reference(document: Json, field: str) -> str:
    if field:
        return str(document.get(field) or "").lower()
    reference = document.get("Reference")
    return f"{document['Invoice']['InvoiceID']} {reference}" if reference else ""


def _shared(kind: str, shared: dict[str, list[str]]) -> Iterator[Json]:
    for reference, ids in shared.items():
        if len(ids) > 1:
            yield {"kind": kind, "reference": reference, "ids": ids}


def _document_sums(documents: Iterable[Json]) -> list[Json]:
    """Net, tax and gross of the lines by status, type, account, tax type and currency."""
    sums: dict[tuple[Any, ...], list[Decimal]] = defaultdict(lambda: [ZERO, ZERO])
    for document in documents:
        inclusive = document["LineAmountTypes"] == "Inclusive"
        head = (document["Status"], document["Type"], document["CurrencyCode"])
        for line in document["LineItems"]:
            if "LineAmount" not in line:
                continue
            net = line["LineAmount"] - (line["TaxAmount"] if inclusive else ZERO)
            row = sums[*head, line.get("AccountCode"), line.get("TaxType")]
            row[0] += net
            row[1] += line["TaxAmount"]
    names = ("status", "type", "currency", "account", "tax_type")
    return [
        {**dict(zip(names, key, strict=True)), "net": str(net), "tax": str(tax), "gross": str(net + tax)}
        for key, (net, tax) in sums.items()
    ]


def _payment_sums(books: Iterable[Book]) -> list[Json]:
    """Money in and out by account and currency of the document; deleted payments do not count."""
    sums: dict[tuple[str, str], list[Decimal]] = defaultdict(lambda: [ZERO, ZERO, ZERO])
    for book in books:
        for payment in book.payments:
            if payment["Status"] == "DELETED":
                continue
            note = payment.get("CreditNote")
            named = payment["Invoice"]["InvoiceID"]
            target = (book.invoices.get(named) if note is None else book.credit_notes.get(named)) or {}
            row = sums[payment["Account"]["Code"], target.get("CurrencyCode", "")]
            row[payment["PaymentType"] in {"ARCREDITPAYMENT", "ACCPAYPAYMENT"}] += payment["Amount"]
            row[2] += 1
    return [
        {"account": account, "currency": currency, "in": str(row[0]), "out": str(row[1]), "count": int(row[2])}
        for (account, currency), row in sums.items()
    ]
