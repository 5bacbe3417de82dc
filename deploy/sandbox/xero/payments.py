"""Payments of invoices and refunds of credit notes [xero 4.4]."""

from __future__ import annotations

from decimal import Decimal

from deploy.sandbox.xero.batch import Naming, Saved
from deploy.sandbox.xero.credit_notes import CREDIT_NOTES
from deploy.sandbox.xero.errors import Json, Refused
from deploy.sandbox.xero.family import Family
from deploy.sandbox.xero.identifiers import new_id
from deploy.sandbox.xero.invoices import INVOICES
from deploy.sandbox.xero.money import RATE_PLACES, ZERO, cents, round_to
from deploy.sandbox.xero.settings_data import payable
from deploy.sandbox.xero.store import Book
from deploy.sandbox.xero.wire import amount, calendar_day, length, nested, text

NAMING = Naming("Payments", "PaymentID", "HasValidationErrors")
_TARGETS = ("Invoice", "CreditNote", "Prepayment", "Overpayment")
_TYPES = {
    "ACCREC": "ACCRECPAYMENT",
    "ACCPAY": "ACCPAYPAYMENT",
    "ACCRECCREDIT": "ARCREDITPAYMENT",
    "ACCPAYCREDIT": "APCREDITPAYMENT",
}
_LONGEST_REFERENCE = 255


def create_payment(book: Book, element: Json) -> Saved:
    """PUT, and POST of a single one: money moves. Nothing recognises a repeat. Raises Refused."""
    if text(element, "PaymentID") is not None:
        raise Refused("Payments cannot be edited, only created and deleted")
    family, target = _target(book, element)
    account = _account(book, element)
    paid = _amount(element, family, target)
    day = calendar_day(element, "Date") or book.clock.today(book.timezone)
    if (refusal := book.settings.lock_refusal(day)) is not None:
        raise Refused(refusal)
    payment = _payment(book, element, family, target, account, paid)
    payment["Date"] = day
    target["Payments"].append(_embedded(payment))
    _refresh(book, family, target)
    book.touch(payment, book.payments)
    return Saved(payment)


def delete_payment(book: Book, payment_id: str, element: Json) -> Saved:
    """POST to one payment: its only change is to be deleted. Raises Refused."""
    payment = book.payments.get(payment_id)
    if payment is None or text(element, "Status") != "DELETED":
        raise Refused("Payments cannot be edited, only created and deleted")
    if payment["Status"] == "DELETED":
        raise Refused("The payment has already been deleted")
    if "BatchPayment" in payment:
        raise Refused("Payments within a batch cannot be deleted.")
    if (refusal := book.settings.lock_refusal(payment["Date"])) is not None:
        raise Refused(refusal)
    name, family = ("CreditNote", CREDIT_NOTES) if "CreditNote" in payment else ("Invoice", INVOICES)
    target = family.table(book).get(payment[name][family.naming.id_field])
    payment["Status"] = "DELETED"
    if target is not None:
        target["Payments"] = [part for part in target["Payments"] if part["PaymentID"] != payment["PaymentID"]]
        _refresh(book, family, target)
    book.touch(payment, book.payments)
    return Saved(payment)


def _refresh(book: Book, family: Family, target: Json) -> None:
    family.settle(target)
    book.touch(target, family.table(book))


def _target(book: Book, element: Json) -> tuple[Family, Json]:
    given = [(name, target) for name in _TARGETS if (target := nested(element, name)) is not None]
    if len(given) != 1:
        raise Refused("Exactly one of Invoice, CreditNote, Prepayment or Overpayment must be specified")
    name, named = given[0]
    family = {"Invoice": INVOICES, "CreditNote": CREDIT_NOTES}.get(name)
    if family is None:
        raise Refused(f"An existing {name} with the specified {name}ID could not be found")
    target = _document(book, family, named)
    if target is None:
        raise Refused(family.unknown)
    if target["Status"] == "PAID":
        raise Refused(
            "Payments can only be made against Authorised documents",
            "Payment amount exceeds the amount outstanding on this document",
        )
    if target["Status"] != "AUTHORISED":
        raise Refused("Payments can only be made against Authorised documents")
    return family, target


def _document(book: Book, family: Family, named: Json) -> Json | None:
    document_id, number = text(named, family.naming.id_field), text(named, family.number_field)
    if document_id is not None:
        return family.table(book).get(document_id)
    if number is None:
        return None
    return next(iter(family.table(book).find(family.number_field, number)), None)


def _account(book: Book, element: Json) -> Json:
    given = nested(element, "Account") or {"Code": text(element, "Code")}
    account = book.settings.account(code=text(given, "Code"), account_id=text(given, "AccountID"))
    if account is None or account["Status"] != "ACTIVE":
        raise Refused("Account must be valid.")
    if not payable(account):
        raise Refused("Account type is invalid for making a payment to/from")
    return account


def _amount(element: Json, family: Family, target: Json) -> Decimal:
    paid = cents(amount(element, "Amount") or ZERO)
    if paid <= 0:
        raise Refused("The payment amount must be greater than zero")
    outstanding = target["AmountDue" if family is INVOICES else "RemainingCredit"]
    if paid > outstanding:
        raise Refused("Payment amount exceeds the amount outstanding on this document")
    reference = text(element, "Reference")
    if reference is not None and length(reference) > _LONGEST_REFERENCE:
        raise Refused(f"The Reference field exceeds the maximum length of {_LONGEST_REFERENCE}")
    return paid


def _payment(book: Book, element: Json, family: Family, target: Json, account: Json, paid: Decimal) -> Json:
    """A payment as kept. One of a credit note names it as `Invoice` too, as in Xero's own samples."""
    rate = round_to(amount(element, "CurrencyRate") or target["CurrencyRate"], RATE_PLACES)
    if rate <= 0:
        raise Refused("The CurrencyRate must be greater than zero")
    if target["CurrencyCode"] == book.settings.organisation["BaseCurrency"]:
        rate = Decimal(1)
    payment: Json = {
        "PaymentID": new_id(),
        "Amount": paid,
        "BankAmount": cents(amount(element, "BankAmount") or paid / rate),
        "CurrencyRate": rate,
        "PaymentType": _TYPES[target["Type"]],
        "Status": "AUTHORISED",
        "HasAccount": True,
        "IsReconciled": element.get("IsReconciled") is True,
        "Account": {"AccountID": account["AccountID"], "Code": account["Code"], "Name": account["Name"]},
    }
    if (reference := text(element, "Reference")) is not None:
        payment["Reference"] = reference
    named = (target[family.naming.id_field], target[family.number_field], target["Type"])
    payment["Invoice"] = dict(zip(("InvoiceID", "InvoiceNumber", "Type"), named, strict=True))
    if family is CREDIT_NOTES:
        payment["CreditNote"] = dict(zip(("CreditNoteID", "CreditNoteNumber", "Type"), named, strict=True))
    return payment


def _embedded(payment: Json) -> Json:
    """A payment inside its document. Whether Xero shows the reference there is unknown, so it is not shown."""
    return {field: payment[field] for field in ("PaymentID", "Date", "Amount", "CurrencyRate")}
