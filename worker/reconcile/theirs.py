"""What Xero's lists show, as entries. Pure.

https://developer.xero.com/documentation/api/accounting/invoices and .../payments
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from worker.documents.documents import Kind
from worker.reconcile.entries import ZERO, Allocation, Amount, Entry, summed, tracking_of
from worker.xero.endpoints import inner, number_of
from worker.xero.facts import date_of, money

Element = Mapping[str, Any]


def entry_of(kind: Kind, element: Element) -> Entry:
    """An invoice, a credit note or a payment as a list shows it, lines included."""
    return _payment(element) if kind is Kind.PAYMENT else _sale(kind, element)


def payment_account(account: Element) -> str:
    """The code of a payment's account; its id where it has none."""
    return str(account.get("Code") or account.get("AccountID") or "").lower()


def line_amounts(element: Element) -> Iterator[Amount]:
    """The lines of an element, ours or Xero's, each with its net."""
    inclusive = element.get("LineAmountTypes") == "Inclusive"
    for line in element.get("LineItems") or ():
        tax = money(line.get("TaxAmount")) or ZERO
        net = (money(line.get("LineAmount")) or ZERO) - (tax if inclusive else ZERO)
        yield Amount(str(line.get("AccountCode") or ""), str(line.get("TaxType") or ""), net, tax)


def _sale(kind: Kind, element: Element) -> Entry:
    tax = money(element.get("TotalTax")) or ZERO
    return Entry(
        kind=kind,
        number=number_of(kind, element),
        day=_day(element),
        status=str(element.get("Status") or ""),
        currency=str(element.get("CurrencyCode") or ""),
        net=(money(element.get("Total")) or ZERO) - tax,
        tax=tax,
        amounts=summed(line_amounts(element)),
        sign=1 if kind is Kind.INVOICE else -1,
        allocations=tuple(_allocations(element)),
        open=money(element.get("AmountDue" if kind is Kind.INVOICE else "RemainingCredit")) or ZERO,
        rate=money(element.get("CurrencyRate")),
        tracking=tracking_of(element.get("LineItems") or ()),
    )


def _payment(element: Element) -> Entry:
    refund = inner(element, "CreditNote")
    invoice = inner(element, "Invoice")
    amount = money(element.get("Amount")) or ZERO
    return Entry(
        kind=Kind.PAYMENT,
        number=number_of(Kind.PAYMENT, element),
        day=_day(element),
        status=str(element.get("Status") or ""),
        currency=str(invoice.get("CurrencyCode") or ""),
        net=amount,
        amounts=summed([Amount(payment_account(inner(element, "Account")), "", amount)]),
        sign=-1 if refund else 1,
        xero_id=str(element.get("PaymentID") or ""),
        settles=str(refund.get("CreditNoteNumber") or invoice.get("InvoiceNumber") or ""),
        rate=money(element.get("CurrencyRate")),
    )


def _allocations(element: Element) -> Iterator[Allocation]:
    for one in element.get("Allocations") or ():
        if not one.get("IsDeleted"):
            number = str(inner(one, "Invoice").get("InvoiceNumber") or "")
            yield Allocation(number, money(one.get("Amount")) or ZERO)


def _day(element: Element) -> date | None:
    text = date_of(element)
    return date.fromisoformat(text) if text else None
