"""Customers, and the buyers that sales remember. Pure."""

from __future__ import annotations

import re
from typing import Any

from producers.magento.translate.places import Places
from producers.magento.translate.values import Raw, identity, inner, number, rows, text, version
from producers.store import Found
from schemas.entities import Customer, Entity
from schemas.part import unchecked
from schemas.parts import Address, Buyer
from schemas.text import one_line

_COUNTRY = re.compile(r"[A-Z]{2}")
_MOST_LINES = 4
_HIGHEST_ID = 2**63


def customer(raw: Raw, places: Places) -> tuple[Found, ...]:
    """A customer account with its billing address. Phone, company and VAT number stand at the address in Magento."""
    billing = _billing(raw)
    place = places.of_website(raw.get("website_id"))
    data = Customer(
        id=str(identity(raw, "id")),
        email=text(raw, "email"),
        first_name=text(raw, "firstname"),
        last_name=text(raw, "lastname"),
        company=text(billing, "company"),
        tax_number=text(raw, "taxvat") or text(billing, "vat_id"),
        phone=text(billing, "telephone"),
        address=address(billing),
        website=place.website,
    )
    return (Found(Entity.CUSTOMER, version(raw), places.within(place), data),)


def buyer(order: Raw) -> Buyer:
    """Who bought. A guest has no id, and neither has a customer whose account is deleted."""
    billing = inner(order, "billing_address")
    guest = number(order.get("customer_is_guest")) == 1
    customer_id = None if guest else number(order.get("customer_id"))
    email = text(order, "customer_email") or text(billing, "email")
    person = _person(order, "customer_firstname", "customer_lastname") or _person(billing, "firstname", "lastname")
    company = text(billing, "company")
    fields: dict[str, Any] = {
        "id": str(customer_id) if customer_id else None,
        "email": email,
        "name": person or company or email or "Guest",
        "company": company,
        "tax_number": text(billing, "vat_id") or text(order, "customer_taxvat"),
        "phone": text(billing, "telephone"),
        "address": address(billing),
    }
    # what `text` reads is valid; ids of any length can come as text
    return unchecked(Buyer, fields) if abs(customer_id or 0) < _HIGHEST_ID else Buyer(**fields)


def address(raw: Raw) -> Address | None:
    """A postal address; `None` where there is none. Lines beyond the fourth are joined to it."""
    street = raw.get("street")
    lines = [text({"line": line}, "line") for line in street] if isinstance(street, list) else [text(raw, "street")]
    lines = [line for line in lines if line]
    lines[_MOST_LINES - 1 :] = [one_line(", ".join(lines[_MOST_LINES - 1 :]))] if len(lines) >= _MOST_LINES else []
    region = raw.get("region")
    country = text(raw, "country_id").upper()
    fields = {
        "lines": tuple(lines),
        "city": text(raw, "city"),
        "region": text(region, "region") if isinstance(region, dict) else text(raw, "region"),
        "postal_code": text(raw, "postcode"),
        "country": country if _COUNTRY.fullmatch(country) else "",
    }
    # valid as it is: `text` reads nothing else
    return unchecked(Address, fields) if any(fields.values()) else None


def _person(raw: Raw, first: str, last: str) -> str:
    return one_line(f"{text(raw, first)} {text(raw, last)}")


def _billing(raw: Raw) -> Raw:
    addresses = rows(raw, "addresses")
    chosen = number(raw.get("default_billing"))
    named = (one for one in addresses if chosen is not None and number(one.get("id")) == chosen)
    flagged = (one for one in addresses if one.get("default_billing") is True)
    return next(named, None) or next(flagged, None) or next(iter(addresses), {})
