"""What the ledger keeps of an element that came back from Xero: small, JSON, amounts as text. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zlib import crc32

from worker.documents.documents import Kind
from worker.documents.literals import decimal
from worker.xero.endpoints import inner

UNAPPROVED = frozenset({"DRAFT", "SUBMITTED"})
"""Documents that a person has still to approve: nothing is booked, and Xero takes no payment for them."""

_MARKED = ("Description", "AccountCode", "TaxType", "LineAmount")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICKS = re.compile(r"/Date\((-?\d+)")


class Unreadable(ValueError):
    """What should be an amount is none."""


def facts_of(kind: Kind, element: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of one element; what Xero did not say is left out."""
    facts = _facts(kind, element)
    if None in facts.values():
        return {name: value for name, value in facts.items() if value is not None}
    return facts


def money(value: Any) -> Decimal | None:
    """An amount as Xero, or the ledger, gives it; `None` where there is none. Raises `Unreadable`."""
    if isinstance(value, Decimal):
        return value
    if value is None or value == "":
        return None
    try:
        amount: Decimal | None = decimal(str(value))
    except ArithmeticError:
        amount = None
    if amount is None or not amount.is_finite():
        raise Unreadable(f"{str(value)[:20]!r} is no amount")
    return amount


def rate_of(element: Mapping[str, Any]) -> str | None:
    """The exchange rate with Xero's six decimals; `None` in the organisation's own currency, of which Xero says 1."""
    rate = money(element.get("CurrencyRate"))
    return None if rate is None or rate == 1 else f"{rate:.6f}"


def date_of(element: Mapping[str, Any], name: str = "Date") -> str | None:
    """The date `YYYY-MM-DD` of an element, in whichever of its forms Xero wrote it."""
    text = element.get(f"{name}String") or element.get(name)
    return _day(str(text)) if text else None


def changed_at(element: Mapping[str, Any]) -> datetime | None:
    """When anything of an element was last changed in Xero, be it a payment on it; `None` where Xero does not say."""
    ticks = _TICKS.match(str(element.get("UpdatedDateUTC") or ""))
    return _moment(ticks) if ticks else None


def target_of(element: Mapping[str, Any]) -> str | None:
    """The Xero id of the sale or the refund that a payment is on."""
    return inner(element, "Invoice").get("InvoiceID") or inner(element, "CreditNote").get("CreditNoteID")


def is_unpaid(kind: Kind, element: Mapping[str, Any]) -> bool:
    """Whether Xero shows a sale or a refund to be approved, with nothing paid or set off."""
    due = money(element.get("AmountDue" if kind is Kind.INVOICE else "RemainingCredit"))
    return due is not None and element.get("Status") == "AUTHORISED" and due == money(element.get("Total"))


def _facts(kind: Kind, element: Mapping[str, Any]) -> dict[str, Any]:
    if kind is Kind.INVOICE:
        return _of_sale(element)
    if kind is Kind.CREDIT_NOTE:
        return {**_of_sale(element), "remaining": _text(element.get("RemainingCredit"))}
    if kind is Kind.CONTACT:
        return {"name": element.get("Name"), "status": element.get("ContactStatus")}
    if kind is Kind.ITEM:
        return {"name": element.get("Name")}
    if kind is Kind.PAYMENT:
        facts = {"amount": _text(element.get("Amount")), "status": element.get("Status")}
        return facts | {"target_id": target_of(element)}
    return {"amount": _text(element.get("Amount"))}


def _of_sale(element: Mapping[str, Any]) -> dict[str, Any]:
    facts = {
        "total": _text(element.get("Total")),
        "currency": element.get("CurrencyCode"),
        "contact_id": inner(element, "Contact").get("ContactID"),
        "status": element.get("Status"),
        "date": date_of(element),
        "lines": _mark(element.get("LineItems")),
    }
    due = date_of(element, "DueDate")
    if due is not None and due != facts["date"]:  # most sales are due at once
        facts["due"] = due
    return facts


def _mark(lines: Any) -> str | None:
    """Eight hex digits that change with any line's words, account, tax type or amount, not with their order."""
    if not lines:
        return None
    total = 0
    for line in lines:
        description, account, tax_type, amount = map(line.get, _MARKED)
        exact = amount if type(amount) is Decimal else money(amount) or 0
        total += crc32(f"{description}\n{account}\n{tax_type}\n{_to_cents(exact)}".encode())
    return f"{total & 0xFFFFFFFF:08x}"


def _text(value: Any) -> str | None:
    amount = money(value)
    return None if amount is None else _to_cents(amount)


@lru_cache(1024)  # the documents of a call are of few days
def _day(text: str) -> str:
    ticks = _TICKS.match(text)
    at = _moment(ticks) if ticks else None
    return text[:10] if at is None else at.date().isoformat()


def _moment(ticks: re.Match[str]) -> datetime | None:
    try:
        return _EPOCH + timedelta(milliseconds=int(ticks[1]))
    except OverflowError:
        return None  # a day beyond all calendars is no date of ours


@lru_cache(4096)  # a shop's prices come again and again
def _to_cents(amount: Decimal | int) -> str:
    return f"{amount:.2f}"
