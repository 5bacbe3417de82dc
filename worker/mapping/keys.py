"""How documents are named: the ledger's keys, and the numbers that Xero keeps for us."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256

from pydantic import TypeAdapter

from schemas.entities import Entity
from schemas.envelope import Event
from schemas.parts import Address, Buyer, SaleReference
from worker.documents.documents import DocumentKey
from worker.mapping.text import cut
from worker.settings import OrganisationSettings

MAX_CONTACT_NUMBER = 50
MAX_ITEM_CODE = 30
_SKU_KEPT = 19
_DIGEST = 10
_GUEST_DIGEST = 16
GUEST = "guest:"
"""How the id of whoever has no account begins."""
ALL_GUESTS = f"{GUEST}all"
_ADDRESSES = TypeAdapter(Address)


def own_key(event: Event, part: str) -> DocumentKey:
    """A document of the event's own entity."""
    return DocumentKey(event.organisation, event.source, str(event.entity), event.subject, part)


def contact_key(event: Event, customer_id: str) -> DocumentKey:
    """The contact of a customer, or of a guest under `guest_id`."""
    return DocumentKey(event.organisation, event.source, str(Entity.CUSTOMER), customer_id, "contact")


def credit_note_key(event: Event, credit_memo_id: str) -> DocumentKey:
    """The credit note of a credit memo."""
    return DocumentKey(event.organisation, event.source, str(Entity.CREDIT_MEMO), credit_memo_id, "credit_note")


def sale_key(event: Event, sale: SaleReference, org: OrganisationSettings) -> DocumentKey | None:
    """The invoice of a sale; `None` when invoices are booked and the store names none."""
    entity_id = sale.order_id if org.sales_document == "order" else sale.invoice_id
    if entity_id is None:
        return None
    return DocumentKey(event.organisation, event.source, org.sales_document, entity_id, "invoice")


def buyer_id(buyer: Buyer, org: OrganisationSettings) -> str:
    """The store's id of a customer. A guest is known by e-mail, else by name and address: one contact for each.

    With `guests = "one"` all guests of a store are one.
    """
    if buyer.id is not None:
        return buyer.id
    if org.guests == "one":
        return ALL_GUESTS
    address = _ADDRESSES.dump_json(buyer.address).decode() if buyer.address else ""
    known_by = buyer.email.strip().lower() or f"{buyer.name}\n{buyer.company}\n{address}".lower()
    return f"{GUEST}{_digest(known_by, _GUEST_DIGEST)}"


def contact_number(source: str, customer_id: str) -> str:
    """`{source}:{id}`; hashed where Xero's 50 characters are too few."""
    number = f"{source}:{customer_id}"
    return number if len(number) <= MAX_CONTACT_NUMBER else f"{source[:9]}:{_digest(number, 40)}"


@lru_cache(4096)  # what sells well is on many documents
def item_code(sku: str) -> str:
    """The SKU; where Xero could not keep it as it is, its beginning and a digest, the same every time."""
    plain = " ".join(sku.split())
    if sku == plain == cut(sku, MAX_ITEM_CODE):
        return sku
    return f"{cut(plain, _SKU_KEPT)}~{_digest(sku, _DIGEST)}"


def document_number(org: OrganisationSettings, letter: str, event: Event, number: str) -> str:
    """`{prefix}{letter}-{store}-{number}`: unique in the organisation, and readable to people."""
    return " ".join(f"{org.number_prefix}{letter}-{event.source}-{number}".split())


def _digest(text: str, length: int) -> str:
    return sha256(text.encode()).hexdigest()[:length]
