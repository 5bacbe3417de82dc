"""What a contact may hold [xero 4.1]."""

from __future__ import annotations

import re
from collections.abc import Iterator

from deploy.sandbox.xero.errors import Json
from deploy.sandbox.xero.wire import length, objects, text

NO_IDENTITY = (
    "The Contact must contain at least 1 of the following elements to identify the contact: "
    "Name, ContactID, ContactNumber"
)
ARCHIVED_EDIT = (
    "The specified contact details matched an archived contact. "
    "Archived contacts cannot currently be edited via the API."
)
_LENGTHS = {
    "Name": 255,
    "ContactNumber": 50,
    "AccountNumber": 50,
    "FirstName": 255,
    "LastName": 255,
    "EmailAddress": 255,
    "TaxNumber": 50,
    "CompanyNumber": 50,
}
_LINES = {f"AddressLine{number}": 500 for number in range(1, 5)}
_PLACES = {"City": 255, "Region": 255, "AttentionTo": 255, "PostalCode": 50, "Country": 50}
_ADDRESS_LENGTHS = {**_LINES, **_PLACES}
_PHONE_LENGTHS = {"PhoneNumber": 50, "PhoneAreaCode": 10, "PhoneCountryCode": 20}
_ADDRESS_TYPES = frozenset({"POBOX", "STREET"})
PHONE_TYPES = ("DDI", "DEFAULT", "FAX", "MOBILE")
# no dot at an end of the name or beside another, no hyphen at an end of a part of the domain
_EMAIL = re.compile(r"[!-\-/-?A-~]+(\.[!-\-/-?A-~]+)*@(?!-)[A-Za-z0-9-]+(?<!-)(\.(?!-)[A-Za-z0-9-]+(?<!-))+")
_MOST_PERSONS = 5


def name_taken(name: str) -> str:
    """What Xero says when an active contact has the name."""
    return (
        f"The contact name {name} is already assigned to another contact. "
        "The contact name must be unique across all active contacts."
    )


def number_taken(number: str) -> str:
    """What the sandbox says when a contact has the number; Xero's own words are not known."""
    return f"The contact number {number} is already assigned to another contact. The contact number must be unique."


def too_long(element: Json, lengths: dict[str, int]) -> Iterator[str]:
    """A message for every field that is longer than it may be."""
    for field, longest in lengths.items():
        if field not in element:
            continue
        value = text(element, field)
        if value is not None and length(value) > longest:
            yield f"The {field} field exceeds the maximum length of {longest}"


def contact_refusals(element: Json) -> Iterator[str]:
    """A message for every rule that the fields of an incoming contact break."""
    yield from too_long(element, _LENGTHS)
    yield from _name_refusals(text(element, "Name"))
    if (email := text(element, "EmailAddress")) is not None and not _EMAIL.fullmatch(email):
        yield "Email address must be valid"
    persons = objects(element, "ContactPersons") or []
    if len(persons) > _MOST_PERSONS:
        yield f"A contact can have at most {_MOST_PERSONS} contact persons"
    for person in persons:
        if (email := text(person, "EmailAddress")) is not None and not _EMAIL.fullmatch(email):
            yield "Email address must be valid"
    yield from _address_refusals(objects(element, "Addresses") or [])
    yield from _phone_refusals(objects(element, "Phones") or [])


def _name_refusals(name: str | None) -> Iterator[str]:
    if name is None:
        return
    if "<" in name or ">" in name:
        yield "The contact name cannot contain angle brackets"
    if name != " ".join(name.split()):
        yield "The contact name cannot contain leading, trailing or repeated spaces"


def _address_refusals(addresses: list[Json]) -> Iterator[str]:
    for address in addresses:
        if text(address, "AddressType") not in _ADDRESS_TYPES:
            yield "The AddressType must be POBOX or STREET"
        yield from too_long(address, _ADDRESS_LENGTHS)
        country = text(address, "Country") or ""
        if not all(character.isalpha() or character == " " for character in country):
            yield "The Country field may only contain letters"


def _phone_refusals(phones: list[Json]) -> Iterator[str]:
    for phone in phones:
        if text(phone, "PhoneType") not in {*PHONE_TYPES, "OFFICE"}:
            yield "The PhoneType must be DEFAULT, DDI, MOBILE, FAX or OFFICE"
        yield from too_long(phone, _PHONE_LENGTHS)
