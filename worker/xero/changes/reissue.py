"""A paid sale whose amounts changed: credited whole and issued anew, for Xero keeps the amounts of what is paid. Pure.

The old invoice stays, with its payments. A credit note takes back all of it; that credit goes to what is still due on
the old invoice, and the rest to the new one. Numbers and keys follow from the document that is replaced, and amounts
from what Xero shows without this credit note, so whoever begins again after a crash makes the same documents.
https://developer.xero.com/documentation/api/accounting/creditnotes
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from worker.documents.content import ItemCode, XeroId
from worker.documents.documents import DocumentKey, Kind, Write
from worker.ledger.records import DOCUMENT_PAID, Document, Stop
from worker.mapping.locks import on_an_open_day
from worker.mapping.writing import save
from worker.xero.changes.chosen import chosen, is_rate_new, reference_of
from worker.xero.changes.moved import is_locked
from worker.xero.endpoints import inner
from worker.xero.facts import date_of, money, rate_of
from worker.xero.sameness import totals_of

Element = Mapping[str, Any]

REASON = DOCUMENT_PAID
BEGUN = "reissue"
"""Stands for the content of an invoice that is being replaced: no version of its sale is what Xero has then."""

_TIMES = 5
"""One sale is issued anew no more often: its later numbers are asked for one by one."""

_TIMES_HINT = "publish the difference as a credit memo or another sale, or book it by hand in xero; discard this event"

_MARKED = re.compile(r"(.*)~(\d+)")
_ZERO = Decimal(0)
_OF_SALE = ("Reference", "CurrencyCode", "CurrencyRate", "LineAmountTypes", "BrandingThemeID")
_OF_LINE = (
    "Description",
    "Quantity",
    "UnitAmount",
    "AccountCode",
    "TaxType",
    "TaxAmount",
    "LineAmount",
)
_SAID = ("rate", "reference", "tracking")
_DISCOUNTS = ("DiscountRate", "DiscountAmount")


@dataclass(frozen=True, slots=True)
class Reissue:
    """What has to be in Xero, one after the other, before `invoice`, instead of `document`, is what `write` wants."""

    write: Write
    document: Document
    credit_note: Write
    invoice: Write
    allocations: tuple[Write, ...]


def reissue(write: Write, document: Document, theirs: Element, made: Document | None = None) -> Reissue | None:
    """Bring `write` to a sale whose `document` Xero shows as `theirs`.

    None where its lines do not make its total, or where the currency is another: credit passes in one currency only.
    Also where a person chose its day, which the new documents would not have: they may have kept it out of a month.
    And where it was issued anew too often.
    `made` is the new invoice, where it is there already: it may be of an earlier version than `write`.
    """
    is_one_currency = write.payload["CurrencyCode"] == theirs.get("CurrencyCode")
    if not is_one_currency or _is_last(write, document) or _is_on_a_chosen_day(write, document, theirs):
        return None
    base, count = parts(document.number)
    number = f"{base}~{count + 1}"
    key = _key(write, f"credit_note~{count + 1}")
    payload = _credit(number, write, theirs)
    if totals_of(payload)[0] != money(theirs.get("Total")):
        return None  # to the cent, or not at all
    credit_note = save(key, Kind.CREDIT_NOTE, version=write.version, number=number, payload=payload)
    number = f"{base}~{count + 2}"
    kept = {"Contact": {"ContactID": _customer(theirs)}, **_chosen(write, document, theirs)}
    content = write.content.with_payload({**write.payload, "InvoiceNumber": number, **kept})
    anew = successor_of(write, document)
    invoice = Write(anew, Kind.INVOICE, write.version, number, content, moved_from=write.moved_from)
    total = totals_of(write.payload)[0] if made is None else money(made.facts.get("total"))
    allocations = tuple(_allocations(write, credit_note, invoice, theirs, total or _ZERO))
    return Reissue(write, document, credit_note, invoice, allocations)


def not_anew(stop: Stop, document: Document) -> Stop:
    """What to tell of a sale that is not issued anew."""
    if not _is_last(stop.write, document):
        return stop
    detail = f"{stop.write.number} was issued anew {_TIMES} times, which is the most; {stop.detail}"
    return replace(stop, detail=detail, hint=_TIMES_HINT)


def moved_out_of(lock_date: date | None, plan: Reissue) -> Reissue | None:
    """`plan` dated after `lock_date`, as if mapping had known of it; None where it is so."""
    if lock_date is None:
        return None
    write = on_an_open_day(plan.write, lock_date)
    if write is plan.write:
        return None
    day = str(write.payload["Date"])
    allocations = tuple(_dated(one, day) for one in plan.allocations)
    credit_note, invoice = _dated(plan.credit_note, day), on_an_open_day(plan.invoice, lock_date)
    return replace(plan, write=write, credit_note=credit_note, invoice=invoice, allocations=allocations)


def said(plan: Reissue, made: Document) -> dict[str, Any]:
    """What the store says of a new invoice, or said as it was `made`: what it has of the old one may be a person's."""
    # that it shows no reference is known as well: a person may have emptied the old one's
    ours, facts = plan.write.payload, {"reference": "", **made.facts}
    if made.content_hash == plan.write.content_hash:
        known = {"rate": rate_of(ours), "reference": reference_of(ours)}
    else:
        there, left = plan.credit_note.payload, plan.document.facts
        shown = {"rate": rate_of(there), "reference": reference_of(there)}
        known = {name: left[name] for name, one in shown.items() if name in left and facts.get(name) == one}
    return {name: fact for name, fact in {**facts, **known}.items() if name in facts and name in _SAID}


def successor_of(write: Write, document: Document) -> DocumentKey:
    """The key of the invoice that takes the place of `document`."""
    return _key(write, f"invoice~{parts(document.number)[1] + 2}")


def parts(number: str) -> tuple[str, int]:
    """The number that the sale began with, and how many documents have followed the first."""
    marked = _MARKED.fullmatch(number)
    return (marked[1], int(marked[2])) if marked else (number, 0)


def later_numbers(kind: Kind, number: str) -> list[str]:
    """What an invoice of this number may be called in the ledger: of a sale that was issued anew it has the last."""
    base, place = parts(number)
    return [f"{base}~{place + 2 * times}" for times in range(1, _TIMES + 1)] if kind is Kind.INVOICE else []


def is_copy(key: DocumentKey) -> bool:
    """Whether a re-issue makes the document, of the old one: with the tracking and the theme that this has."""
    return "~" in key.part


def neighbours(credit_note: str) -> tuple[str, str] | None:
    """The numbers of the invoice that it credits and of the one issued anew; None where it is no such credit note."""
    base, count = parts(credit_note)
    return (f"{base}~{count - 1}" if count > 1 else base, f"{base}~{count + 1}") if count else None


def _is_on_a_chosen_day(write: Write, document: Document, theirs: Element) -> bool:
    """Unless that day is locked by now, or the re-issue was begun before a person chose it."""
    own_day = write.moved_from or date_of(write.payload)
    is_chosen = "Date" in chosen(write.payload, document, theirs, own_day=own_day)
    return is_chosen and document.content_hash != BEGUN and not is_locked(write.payload, theirs, write.moved_from)


def _is_last(write: Write, document: Document) -> bool:
    """Whether no invoice may take the place of `document`. The store's own number may look like a later one."""
    followed = parts(document.number)[1] - parts(write.number)[1]
    return followed >= 2 * _TIMES and document.content_hash != BEGUN


def _chosen(write: Write, document: Document, theirs: Element) -> dict[str, Any]:
    """The reference that a person typed, and the rate that one corrected; neither where the store has another since."""
    fields = chosen(write.payload, document, theirs, own_day=None)
    if is_rate_new(write.payload, document, theirs):
        fields -= {"CurrencyRate"}
    return {name: theirs.get(name) or "" for name in ("Reference", "CurrencyRate") if name in fields}


def _customer(theirs: Element) -> str:
    """Credit passes between documents of one contact only, so the new ones keep the old one's."""
    return str(inner(theirs, "Contact").get("ContactID"))


def _key(write: Write, part: str) -> DocumentKey:
    return DocumentKey(*write.key.owner, part=part)


def _dated(write: Write, day: str) -> Write:
    return write._replace(content=write.content.with_payload({**write.payload, "Date": day}))


def _credit(number: str, write: Write, theirs: Element) -> dict[str, Any]:
    """All of `theirs`, taken back on the new document's date, which mapping has kept out of locked periods."""
    return {
        "Type": "ACCRECCREDIT",
        "CreditNoteNumber": number,
        **{name: theirs[name] for name in _OF_SALE if theirs.get(name)},
        "Contact": {"ContactID": _customer(theirs)},
        "Date": write.payload["Date"],
        "Status": "AUTHORISED",
        "LineItems": [_line(line) for line in theirs.get("LineItems") or ()],
    }


def _line(line: Element) -> dict[str, Any]:
    made = {name: line[name] for name in _OF_LINE if line.get(name) is not None}
    if any(money(line.get(name)) for name in _DISCOUNTS):
        # Xero takes no discounts on credit notes: once what is left after it
        made |= {"Quantity": 1, "UnitAmount": line["LineAmount"]}
    if line.get("ItemCode"):
        # an open place: the item may have been deleted since
        made["ItemCode"] = ItemCode(str(line["ItemCode"]))
    tracking = [{"Name": one["Name"], "Option": one["Option"]} for one in line.get("Tracking") or ()]
    return made | ({"Tracking": tracking} if tracking else {})


def _allocations(write: Write, credit_note: Write, invoice: Write, theirs: Element, total: Decimal) -> Iterator[Write]:
    due = (money(theirs.get("AmountDue")) or _ZERO) + _applied(theirs, credit_note.number)
    paid = (money(theirs.get("Total")) or _ZERO) - due
    for place, (target, amount) in enumerate(((write.key, due), (invoice.key, min(paid, total))), start=1):
        if amount > 0:
            payload = {
                "Amount": amount,
                "Date": write.payload["Date"],
                "Invoice": {"InvoiceID": XeroId(target)},
                "CreditNote": {"CreditNoteID": XeroId(credit_note.key)},
            }
            key = _key(write, f"allocation~{parts(credit_note.number)[1]}/{place}")
            yield save(key, Kind.ALLOCATION, version=write.version, number="", payload=payload)


def _applied(theirs: Element, number: str) -> Decimal:
    """What of the credit note with that `number` is on the invoice already."""
    mine = (one for one in theirs.get("CreditNotes") or () if one.get("CreditNoteNumber") == number)
    return sum((money(one.get("AppliedAmount")) or _ZERO for one in mine), _ZERO)
