"""Customers and the buyers of sales become contacts.

https://developer.xero.com/documentation/api/accounting/contacts
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Any

from schemas.entities import Customer
from schemas.envelope import Event
from schemas.parts import Address, Buyer
from worker.documents.documents import Kind, Write
from worker.mapping.keys import ALL_GUESTS, buyer_id, contact_key, contact_number, own_key
from worker.mapping.result import Ignored, Plan, Writes
from worker.mapping.text import email, one_line
from worker.mapping.writing import save, save_if_absent
from worker.settings import OrganisationSettings

_LONG = 255
_SHORT = 50
BEFORE_ALL_VERSIONS = datetime(1970, 1, 1, tzinfo=UTC)
"""The version of a contact made from a sale: whatever the customer's own events say is newer."""

KEPT = "kept: refunds of earlier sales still need the contact"


def customer_plan(event: Event, org: OrganisationSettings) -> Plan:
    """The contact of a customer. Of a removed one the books keep it."""
    if not isinstance(event.data, Customer):
        return Ignored(KEPT)
    number = contact_number(event.source, event.subject)
    payload = _customer(event.data, number)
    write = save(own_key(event, "contact"), Kind.CONTACT, version=event.version, number=number, payload=payload)
    return Writes((write._replace(keeps_edits=org.contact_edits == "keep"),))


def buyer_write(event: Event, buyer: Buyer, org: OrganisationSettings) -> Write:
    """The contact of a sale, from the sale's own snapshot: written only where there is none."""
    customer_id = buyer_id(buyer, org)
    number = contact_number(event.source, customer_id)
    return save_if_absent(
        contact_key(event, customer_id),
        Kind.CONTACT,
        version=BEFORE_ALL_VERSIONS,
        number=number,
        make=partial(_all_guests if customer_id == ALL_GUESTS else _buyer, buyer, number),
    )


def _customer(customer: Customer, number: str) -> dict[str, Any]:
    person = f"{customer.first_name} {customer.last_name}"
    payload = _contact(customer, number, _name(customer.company, person, customer.email, f"Customer {number}"))
    names = {"FirstName": customer.first_name, "LastName": customer.last_name}
    return payload | {field: kept for field, value in names.items() if (kept := one_line(value, _LONG))}


def _buyer(buyer: Buyer, number: str) -> dict[str, Any]:
    return _contact(buyer, number, _name(buyer.company, buyer.name, buyer.email, f"Customer {number}"))


def _all_guests(_buyer: Buyer, number: str) -> dict[str, Any]:
    """One contact for all: nothing of any one person is on it."""
    return {"ContactNumber": number, "Name": f"Guest ({number.partition(':')[0]})"}


def _name(*candidates: str) -> str:
    """The first that is left after Xero's rules: no angle brackets, no spaces too many, at most 255 characters."""
    cleaned = (one_line(name.replace("<", " ").replace(">", " "), _LONG) for name in candidates)
    return next(name for name in cleaned if name)


def _contact(who: Customer | Buyer, number: str, name: str) -> dict[str, Any]:
    payload: dict[str, Any] = {"ContactNumber": number, "Name": name}
    if address := email(who.email):
        payload["EmailAddress"] = address
    # part of a tax number would be a wrong one
    if len(tax_number := one_line(who.tax_number, _LONG)) <= _SHORT and tax_number:
        payload["TaxNumber"] = tax_number
    if phone := one_line(who.phone, _SHORT):
        payload["Phones"] = [{"PhoneType": "DEFAULT", "PhoneNumber": phone}]
    if who.address is not None and (fields := _address(who.address)):
        payload["Addresses"] = [{"AddressType": "POBOX", **fields}]
    return payload


def _address(address: Address) -> dict[str, str]:
    """POBOX is the address that Xero prints on invoices."""
    fields = {f"AddressLine{place}": one_line(line, _LONG) for place, line in enumerate(address.lines, start=1)}
    fields |= {"City": one_line(address.city, _LONG), "Region": one_line(address.region, _LONG)}
    fields |= {"PostalCode": one_line(address.postal_code, _SHORT), "Country": address.country}
    return {field: value for field, value in fields.items() if value}
