"""The header of an invoice or credit note: number, contact, dates, currency [xero 4.3, 5.3]."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import lru_cache

from deploy.sandbox.xero.contact_rules import NO_IDENTITY
from deploy.sandbox.xero.contacts import active_named, save_contact
from deploy.sandbox.xero.errors import Json, Refused
from deploy.sandbox.xero.family import Family
from deploy.sandbox.xero.money import RATE_PLACES, round_to
from deploy.sandbox.xero.settings_data import default_rate, is_implausible
from deploy.sandbox.xero.store import Book
from deploy.sandbox.xero.wire import amount, calendar_day, length, text

ARCHIVED_CONTACT = (
    "The contact with the specified contact details has been archived. "
    "The contact must be un-archived before creating new invoices or credit notes"
)
_APPROVED = frozenset({"AUTHORISED", "PAID"})
_LONGEST = 255
_REMEMBERED_DAYS = 1024
_TEXTS = ("Reference", "BrandingThemeID", "Url")
_DAYS = ("DueDate", "ExpectedPaymentDate", "PlannedPaymentDate")


def build_header(book: Book, family: Family, known: Json | None, element: Json) -> Json:
    """The header as it will be, without contact, lines and sums. Raises CallRefused."""
    before = known or {}
    day = calendar_day(element, "Date") or before.get("Date") or book.clock.today(book.timezone)
    header: Json = {
        "Type": text(element, "Type") or before.get("Type"),
        "LineAmountTypes": text(element, "LineAmountTypes") or before.get("LineAmountTypes", "Exclusive"),
        family.number_field: text(element, family.number_field) or before.get(family.number_field),
        "Status": text(element, "Status") or before.get("Status", "DRAFT"),
        "CurrencyCode": text(element, "CurrencyCode") or before.get("CurrencyCode"),
    }
    for field in _TEXTS:
        if field in element and (value := text(element, field)) is not None:
            header[field] = value
    header |= dated("Date", day)
    for field in _DAYS:
        if field in element and (given := calendar_day(element, field)) is not None:
            header |= dated(field, given)
    if header["Status"] in _APPROVED and isinstance(element.get("SentToContact"), bool):
        header["SentToContact"] = element["SentToContact"]
    return header


def dated(field: str, day: date) -> Json:
    """A date under its name, and as text beside it, as replies have it."""
    return {field: day, f"{field}String": _as_text(day)}


@lru_cache(_REMEMBERED_DAYS)
def _as_text(day: date) -> str:
    return f"{day.isoformat()}T00:00:00"


def with_currency(book: Book, header: Json, element: Json, contact: Json | None) -> None:
    """Fill in the document's currency and rate: given, else the contact's, else the organisation's. Raises Refused.

    In the organisation's own currency the rate is 1, whatever is given.
    """
    base = book.settings.organisation["BaseCurrency"]
    header["CurrencyCode"] = header["CurrencyCode"] or (contact or {}).get("DefaultCurrency") or base
    rate = amount(element, "CurrencyRate") or default_rate(header["CurrencyCode"])
    header["CurrencyRate"] = round_to(rate, RATE_PLACES)
    if header["CurrencyRate"] <= 0:
        raise Refused("The CurrencyRate must be greater than zero")
    if header["CurrencyCode"] == base:
        header["CurrencyRate"] = Decimal(1)


def header_warnings(header: Json, element: Json) -> Iterator[str]:
    """What was left out of the header, as only an approved document is marked as sent, or looks wrong [xero 4.3]."""
    if element.get("SentToContact") is True and header["Status"] not in _APPROVED:
        yield "Only AUTHORISED and PAID documents may have SentToContact updated."
    if "CurrencyRate" in element and is_implausible(header["CurrencyRate"], header["CurrencyCode"]):
        yield "The CurrencyRate looks implausible."


def header_refusals(book: Book, family: Family, known: Json | None, header: Json) -> Iterator[str]:
    """A message for every rule the header breaks."""
    yield from _type_refusals(family, known, header)
    yield from number_refusals(book, family, known, header)
    if "Reference" in header and header["Type"] == family.bill:
        yield f"The Reference field cannot be set on {family.bill} documents"
    if length(header.get("Reference", "")) > _LONGEST:
        yield f"The Reference field exceeds the maximum length of {_LONGEST}"
    if (
        family.due_date
        and header["Status"] == "AUTHORISED"
        and not (header.get("DueDate") or (known or {}).get("DueDate"))
    ):
        yield "The DueDate field is mandatory"
    if (currency := header["CurrencyCode"]) is not None and currency not in book.settings.currencies:
        yield f"Organisation is not subscribed to currency {currency}"
    theme = header.get("BrandingThemeID")
    if theme is not None and all(known_theme["BrandingThemeID"] != theme for known_theme in book.settings.branding):
        yield "A branding theme with the specified BrandingThemeID could not be found"
    if "xero" in header.get("Url", "").lower():
        yield "The Url must not contain the word xero"


def _type_refusals(family: Family, known: Json | None, header: Json) -> Iterator[str]:
    if header["Type"] not in {family.sale, family.bill}:
        yield f"The Type must be {family.sale} or {family.bill}"
    elif known is not None and header["Type"] != known["Type"]:
        yield "The Type of an existing document cannot be changed"


def number_refusals(book: Book, family: Family, known: Json | None, header: Json) -> Iterator[str]:
    """A message for every rule that its number breaks."""
    number = header[family.number_field]
    if number is None:
        return
    if len(number) > _LONGEST:
        yield f"The {family.number_field} field exceeds the maximum length of {_LONGEST}"
    if not (number.isascii() and number.isprintable()):
        yield f"The {family.number_field} field may only contain printable ASCII characters"
    same = family.table(book).find(family.number_field, number)
    if header["Type"] == family.sale and any(other is not known and other["Type"] == family.sale for other in same):
        yield family.number_taken


def find_contact(book: Book, given: Json) -> Json | None:
    """The contact a document names; None where only a new name is given. Raises Refused."""
    contact_id, number = text(given, "ContactID"), text(given, "ContactNumber")
    name = text(given, "Name")
    contact: Json | None = None
    if contact_id is not None:
        contact = book.contacts.get(contact_id)
        if contact is None:
            raise Refused("An existing Contact with the specified ContactID could not be found")
    if contact is None and number is not None:
        contact = next(iter(book.contacts.find("ContactNumber", number)), None)
    if contact is None and name is not None:
        contact = active_named(book, name)
    if contact is None and name is None:
        raise Refused(NO_IDENTITY)
    if contact is not None and contact["ContactStatus"] != "ACTIVE":
        raise Refused(ARCHIVED_CONTACT)
    return contact


def settle_contact(book: Book, given: Json, contact: Json | None) -> str:
    """The id of the document's contact: a new one by name, or the known one, changed by what came along.

    Whoever sends more than the id changes the contact and drops the contact persons that are not listed.
    """
    if contact is None:
        return str(save_contact(book, given).document["ContactID"])
    told = given.keys() - {"ContactID"}
    if told and (told - {"ContactNumber", "Name"} or _renames(given, contact)):
        save_contact(book, {"ContactPersons": [], **given}, contact["ContactID"])
    return str(contact["ContactID"])


def _renames(given: Json, contact: Json) -> bool:
    return any(text(given, field) not in (None, contact.get(field)) for field in ("Name", "ContactNumber"))
