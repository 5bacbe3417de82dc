"""A person at work in the organisation, beside the app: what they may do behind its back."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date

from deploy.sandbox.xero import allocations, contacts, items, payments
from deploy.sandbox.xero.credit_notes import CREDIT_NOTES
from deploy.sandbox.xero.documents import create_document, save_document
from deploy.sandbox.xero.errors import CallRefused, Json, Refused
from deploy.sandbox.xero.invoices import INVOICES
from deploy.sandbox.xero.reads import LISTINGS, single
from deploy.sandbox.xero.state import Sandbox
from deploy.sandbox.xero.store import Book

_PLACES = 4


def act(sandbox: Sandbox, order: Json) -> Json:
    """Do what the order says in its `organisation`; return what became of it. Raises CallRefused.

    `document` is Xero's JSON for one element, `name` an id, number or code, `to` a new value.
    """
    book = sandbox.book_named(order.get("organisation"))
    deed = _DEEDS.get(order.get("do", ""))
    if deed is None:
        raise CallRefused(400, {"error": f"do must be one of {', '.join(_DEEDS)}"})
    try:
        return deed(sandbox, book, order)
    except Refused as refusal:
        raise CallRefused(400, {"error": str(refusal)}) from refusal
    except KeyError as missing:
        raise CallRefused(400, {"error": f"the order lacks {missing}"}) from missing


def _create_contact(_sandbox: Sandbox, book: Book, order: Json) -> Json:
    return contacts.create_contact(book, order["document"]).document


def _create_item(_sandbox: Sandbox, book: Book, order: Json) -> Json:
    return items.create_item(book, order["document"], _PLACES).document


def _create_invoice(_sandbox: Sandbox, book: Book, order: Json) -> Json:
    return create_document(book, INVOICES, order["document"], _PLACES).document


def _create_credit_note(_sandbox: Sandbox, book: Book, order: Json) -> Json:
    return create_document(book, CREDIT_NOTES, order["document"], _PLACES).document


def _create_payment(_sandbox: Sandbox, book: Book, order: Json) -> Json:
    return payments.create_payment(book, order["document"]).document


def _edit_invoice(_sandbox: Sandbox, book: Book, order: Json) -> Json:
    invoice = _named(book, "invoices", order)
    return save_document(book, INVOICES, order["document"], _PLACES, invoice["InvoiceID"]).document


def _void_invoice(_sandbox: Sandbox, book: Book, order: Json) -> Json:
    invoice = _named(book, "invoices", order)
    status = "VOIDED" if invoice["Status"] == "AUTHORISED" else "DELETED"
    return save_document(book, INVOICES, {"Status": status}, _PLACES, invoice["InvoiceID"]).document


def _rename_contact(_sandbox: Sandbox, book: Book, order: Json) -> Json:
    contact = _named(book, "contacts", order)
    return contacts.save_contact(book, {"Name": order["to"]}, contact["ContactID"]).document


def _merge_contact(_sandbox: Sandbox, book: Book, order: Json) -> Json:
    """`name` is merged into `to`."""
    into = single(book, LISTINGS["contacts"], order["to"])
    return contacts.merge_contact(book, _named(book, "contacts", order), into)


def _set_contact_status(status: str) -> Callable[[Sandbox, Book, Json], Json]:
    def deed(_sandbox: Sandbox, book: Book, order: Json) -> Json:
        contact = _named(book, "contacts", order)
        contact["ContactStatus"] = status
        book.touch(contact, book.contacts)
        return contact

    return deed


def _set_account_status(status: str) -> Callable[[Sandbox, Book, Json], Json]:
    def deed(_sandbox: Sandbox, book: Book, order: Json) -> Json:
        return book.settings.set_account_status(order["name"], status)

    return deed


def _set_tax_rate_status(status: str) -> Callable[[Sandbox, Book, Json], Json]:
    def deed(_sandbox: Sandbox, book: Book, order: Json) -> Json:
        return book.settings.set_tax_rate_status(order["name"], status)

    return deed


def _archive_tracking(_sandbox: Sandbox, book: Book, order: Json) -> Json:
    """The category `name`, or its `option` alone."""
    return book.settings.archive_tracking(order["name"], order.get("option"))


def _change_account(_sandbox: Sandbox, book: Book, order: Json) -> Json:
    """`document` has the fields to change, such as `EnablePaymentsToAccount`, or a `TaxType` of null."""
    return book.settings.change_account(order["name"], order["document"])


def _batch_payments(_sandbox: Sandbox, book: Book, order: Json) -> Json:
    """Put payments, `names`, into one batch payment: none of them can be deleted alone any more."""
    batch = {"BatchPaymentID": str(uuid.uuid4()), "Type": "RECBATCH"}
    for name in order["names"]:
        payment = single(book, LISTINGS["payments"], name)
        payment["BatchPayment"] = batch
        book.touch(payment, book.payments)
    return batch


def _lock(_sandbox: Sandbox, book: Book, order: Json) -> Json:
    """`to` is the last locked day, or nothing; `end_of_year` picks the lock that binds advisers too."""
    field = "EndOfYearLockDate" if order.get("end_of_year") else "PeriodLockDate"
    book.settings.organisation[field] = date.fromisoformat(order["to"]) if order["to"] else None
    return book.settings.organisation


def _delete_payment(_sandbox: Sandbox, book: Book, order: Json) -> Json:
    payment = _named(book, "payments", order)
    return payments.delete_payment(book, payment["PaymentID"], {"Status": "DELETED"}).document


def _take_off_credit(_sandbox: Sandbox, book: Book, order: Json) -> Json:
    """The credit note `name` is set against nothing any more."""
    credit_note = _named(book, "creditnotes", order)
    for allocation in credit_note["Allocations"]:
        allocations.delete_allocation(book, credit_note["CreditNoteID"], allocation["AllocationID"])
    return credit_note


def _set_credit(_sandbox: Sandbox, book: Book, order: Json) -> Json:
    """As much of the credit note `name` as is due on the invoice `to`."""
    credit_note, invoice = _named(book, "creditnotes", order), single(book, LISTINGS["invoices"], order["to"])
    amount = min(credit_note["RemainingCredit"], invoice["AmountDue"])
    element = {
        "Amount": amount,
        "Date": credit_note["Date"].isoformat(),
        "Invoice": {"InvoiceID": invoice["InvoiceID"]},
    }
    return allocations.allocate(book, credit_note["CreditNoteID"], element).document


def _delete_item(_sandbox: Sandbox, book: Book, order: Json) -> Json:
    item = _named(book, "items", order)
    items.delete_item(book, item["ItemID"])
    return item


def _revoke_consent(sandbox: Sandbox, _book: Book, order: Json) -> Json:
    clients = [order["client_id"]] if "client_id" in order else list(sandbox.identity.apps)
    for client_id in clients:
        sandbox.identity.withdraw(client_id)
    return {"revoked": clients}


def _grant_consent(sandbox: Sandbox, book: Book, order: Json) -> Json:
    client_id = order.get("client_id", "sandbox-custom")
    sandbox.identity.connect(client_id, [book.tenant_id], order.get("auth_event_id", book.tenant_id))
    return {"granted": client_id}


def _unsubscribe_currency(_sandbox: Sandbox, book: Book, order: Json) -> Json:
    book.settings.currencies.pop(order["name"], None)
    return {"currencies": list(book.settings.currencies)}


def _limit_plan(_sandbox: Sandbox, book: Book, order: Json) -> Json:
    """`to` is how many sales invoices a month the plan lets approve, or nothing."""
    book.most_approvals = order["to"]
    return {"most_approvals": book.most_approvals}


def _named(book: Book, kind: str, order: Json) -> Json:
    return single(book, LISTINGS[kind], order["name"])


_DEEDS: dict[str, Callable[[Sandbox, Book, Json], Json]] = {
    "create-contact": _create_contact,
    "rename-contact": _rename_contact,
    "merge-contact": _merge_contact,
    "archive-contact": _set_contact_status("ARCHIVED"),
    "restore-contact": _set_contact_status("ACTIVE"),
    "create-item": _create_item,
    "delete-item": _delete_item,
    "create-invoice": _create_invoice,
    "edit-invoice": _edit_invoice,
    "void-invoice": _void_invoice,
    "create-credit-note": _create_credit_note,
    "create-payment": _create_payment,
    "delete-payment": _delete_payment,
    "take-off-credit": _take_off_credit,
    "set-credit": _set_credit,
    "lock-date": _lock,
    "archive-account": _set_account_status("ARCHIVED"),
    "restore-account": _set_account_status("ACTIVE"),
    "change-account": _change_account,
    "archive-tax-rate": _set_tax_rate_status("ARCHIVED"),
    "restore-tax-rate": _set_tax_rate_status("ACTIVE"),
    "archive-tracking": _archive_tracking,
    "batch-payments": _batch_payments,
    "unsubscribe-currency": _unsubscribe_currency,
    "plan-limit": _limit_plan,
    "revoke-consent": _revoke_consent,
    "grant-consent": _grant_consent,
}
