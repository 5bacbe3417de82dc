"""Contacts: which one is meant, what becomes of it [xero 4.1]."""

from __future__ import annotations

from deploy.sandbox.xero.batch import Naming, Saved
from deploy.sandbox.xero.contact_rules import (
    ARCHIVED_EDIT,
    NO_IDENTITY,
    PHONE_TYPES,
    contact_refusals,
    name_taken,
    number_taken,
)
from deploy.sandbox.xero.errors import Json, Refused
from deploy.sandbox.xero.identifiers import new_id
from deploy.sandbox.xero.store import Book
from deploy.sandbox.xero.wire import objects, text

NAMING = Naming("Contacts", "ContactID", "HasValidationErrors")
_TEXTS = (
    "ContactNumber",
    "AccountNumber",
    "Name",
    "FirstName",
    "LastName",
    "CompanyNumber",
    "EmailAddress",
    "TaxNumber",
    "BankAccountDetails",
    "AccountsReceivableTaxType",
    "AccountsPayableTaxType",
    "DefaultCurrency",
)
_STATUSES = frozenset({"ACTIVE", "ARCHIVED"})


def active_named(book: Book, name: str) -> Json | None:
    """The active contact of this name, in any case, or None."""
    return next((c for c in book.contacts.find("Name", name) if c["ContactStatus"] == "ACTIVE"), None)


def create_contact(book: Book, element: Json) -> Saved:
    """PUT: a new contact, refused when its number or name is there already. Raises Refused."""
    if text(element, "ContactID") is not None:
        raise Refused("A new contact cannot be given a ContactID")
    if (number := text(element, "ContactNumber")) is not None:
        for known in book.contacts.find("ContactNumber", number):
            raise Refused(ARCHIVED_EDIT if known["ContactStatus"] != "ACTIVE" else number_taken(number))
    return _insert(book, element)


def save_contact(book: Book, element: Json, contact_id: str | None = None) -> Saved:
    """POST: update the contact that id, number or name (in this order) name, else create one. Raises Refused."""
    known = _matched(book, element, contact_id)
    if known is None:
        return _insert(book, element)
    if known["ContactStatus"] != "ACTIVE":
        raise Refused(ARCHIVED_EDIT)
    return _update(book, known, element)


def merge_contact(book: Book, contact: Json, into: Json) -> Json:
    """A person merges `contact`, which is archived and names the other, the one that has its documents now."""
    if contact is into or {contact["ContactStatus"], into["ContactStatus"]} != {"ACTIVE"}:
        raise Refused("Only active contacts can be merged, and not into themselves")
    for table in (book.invoices, book.credit_notes):
        for document in list(table.find("Contact.ContactID", contact["ContactID"])):
            document["Contact"] = {**document["Contact"], "ContactID": into["ContactID"]}
            book.touch(document, table)
    contact |= {"ContactStatus": "ARCHIVED", "MergedToContactID": into["ContactID"]}
    book.touch(contact, book.contacts)
    return contact


def _matched(book: Book, element: Json, contact_id: str | None) -> Json | None:
    named = contact_id or text(element, "ContactID")
    if named is not None:
        known = book.contacts.get(named)
        if known is None:
            raise Refused("An existing Contact with the specified ContactID could not be found")
        return known
    if (number := text(element, "ContactNumber")) is not None and (
        found := book.contacts.find("ContactNumber", number)
    ):
        return found[0]
    name = text(element, "Name")
    return None if name is None else active_named(book, name)


def _insert(book: Book, element: Json) -> Saved:
    name = text(element, "Name")
    if name is None:
        raise Refused(NO_IDENTITY)
    _check(book, element, None)
    contact: Json = {
        "ContactID": new_id(),
        "ContactStatus": "ACTIVE",
        "Addresses": [{"AddressType": kind} for kind in ("STREET", "POBOX")],
        "Phones": [_empty_phone(kind) for kind in PHONE_TYPES],
        "ContactGroups": [],
        "ContactPersons": [],
        "IsSupplier": False,
        "IsCustomer": False,
        "HasAttachments": False,
    }
    return _write(book, contact, element)


def _update(book: Book, contact: Json, element: Json) -> Saved:
    _check(book, element, contact)
    return _write(book, contact, element)


def _check(book: Book, element: Json, own: Json | None) -> None:
    refusals = list(contact_refusals(element))
    name, number = text(element, "Name"), text(element, "ContactNumber")
    holder = None if name is None else active_named(book, name)
    if name is not None and holder is not None and holder is not own:
        refusals.append(name_taken(name))
    if number is not None and any(known is not own for known in book.contacts.find("ContactNumber", number)):
        refusals.append(number_taken(number))
    if (status := text(element, "ContactStatus")) is not None and status not in _STATUSES:
        refusals.append("The ContactStatus must be ACTIVE or ARCHIVED")
    currency = text(element, "DefaultCurrency")
    if currency is not None and currency not in book.settings.currencies:
        refusals.append(f"Organisation is not subscribed to currency {currency}")
    if refusals:
        raise Refused(*refusals)


def _write(book: Book, contact: Json, element: Json) -> Saved:
    given = (field for field in _TEXTS if field in element)
    contact |= {field: value for field in given if (value := text(element, field)) is not None}
    contact["ContactStatus"] = text(element, "ContactStatus") or contact["ContactStatus"]
    if (persons := objects(element, "ContactPersons")) is not None:
        contact["ContactPersons"] = persons
    for address in objects(element, "Addresses") or []:
        _replace(contact["Addresses"], "AddressType", address)
    for phone in objects(element, "Phones") or []:
        kind = "DEFAULT" if phone["PhoneType"] == "OFFICE" else phone["PhoneType"]
        _replace(contact["Phones"], "PhoneType", {**_empty_phone(kind), **phone, "PhoneType": kind})
    if isinstance(element.get("PaymentTerms"), dict):
        contact["PaymentTerms"] = element["PaymentTerms"]
    book.touch(contact, book.contacts)
    return Saved(contact)


def _empty_phone(kind: str) -> Json:
    return {"PhoneType": kind, "PhoneNumber": "", "PhoneAreaCode": "", "PhoneCountryCode": ""}


def _replace(slots: list[Json], key: str, value: Json) -> None:
    """Put an address or phone into the slot of its type; a reply has all slots, whatever was sent."""
    slots[:] = [value if slot[key] == value[key] else slot for slot in slots]
