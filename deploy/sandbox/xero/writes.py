"""PUT, POST and DELETE: which endpoint takes what, and in how many documents [xero 4]."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from deploy.sandbox.xero import allocations, contacts, items, payments
from deploy.sandbox.xero.batch import Manner, Naming, Saved, validation_failed, write_all
from deploy.sandbox.xero.credit_notes import CREDIT_NOTES
from deploy.sandbox.xero.documents import create_document, save_document
from deploy.sandbox.xero.errors import Json, Refused, malformed, not_found, not_implemented
from deploy.sandbox.xero.family import Family
from deploy.sandbox.xero.invoices import INVOICES
from deploy.sandbox.xero.reading import places_of, show_document, show_item
from deploy.sandbox.xero.reads import LISTINGS
from deploy.sandbox.xero.store import Book
from deploy.sandbox.xero.wire import elements_of, envelope

Save = Callable[[Json], Saved]


@dataclass(frozen=True, slots=True)
class Target:
    """What a writing call is aimed at: `PUT` or `POST`, at the collection or at one document."""

    book: Book
    method: str
    document_id: str | None
    places: int


def write(
    book: Book, method: str, parts: tuple[str, ...], query: Mapping[str, str], body: Any, manner: Manner
) -> tuple[int, Json | None]:
    """Status and body of the answer to a writing call. Raises CallRefused."""
    name = parts[0].lower()
    if name not in LISTINGS:
        raise not_implemented()
    if method == "DELETE":
        return _delete(book, parts)
    if parts[2:]:
        return 200, _allocate(book, method, parts, body, manner)
    document_id = parts[1] if parts[1:] else None
    if document_id is not None:
        if method != "POST":
            raise not_implemented()
        if LISTINGS[name].table(book).get(document_id) is None:
            raise not_found()
        manner = replace(manner, summarize=True)
    naming, save = _WRITERS[name](Target(book, method, document_id, places_of(query)))
    elements = elements_of(body, naming.plural)
    if naming is items.NAMING:
        items.limit_items(elements)
    if len(elements) > 1 and (document_id is not None or (naming is payments.NAMING and method == "POST")):
        raise malformed(f"expected one of {naming.plural}, not {len(elements)}")
    return 200, envelope(naming.plural, write_all(naming, elements, save, manner), book.clock.utc())


def _contacts(target: Target) -> tuple[Naming, Save]:
    def save(element: Json) -> Saved:
        if target.method == "PUT":
            return contacts.create_contact(target.book, element)
        return contacts.save_contact(target.book, element, target.document_id)

    return contacts.NAMING, save


def _items(target: Target) -> tuple[Naming, Save]:
    def save(element: Json) -> Saved:
        if target.method == "PUT":
            saved = items.create_item(target.book, element, target.places)
        else:
            saved = items.save_item(target.book, element, target.places, target.document_id)
        return Saved(show_item(target.book, saved.document, target.places))

    return items.NAMING, save


def _documents(family: Family) -> Callable[[Target], tuple[Naming, Save]]:
    def writer(target: Target) -> tuple[Naming, Save]:
        def save(element: Json) -> Saved:
            if target.method == "PUT":
                saved = create_document(target.book, family, element, target.places)
            else:
                saved = save_document(target.book, family, element, target.places, target.document_id)
            return Saved(show_document(target.book, saved.document, target.places), saved.warnings)

        return family.naming, save

    return writer


def _payments(target: Target) -> tuple[Naming, Save]:
    def save(element: Json) -> Saved:
        if target.document_id is not None:
            return payments.delete_payment(target.book, target.document_id, element)
        return payments.create_payment(target.book, element)

    return payments.NAMING, save


_WRITERS: dict[str, Callable[[Target], tuple[Naming, Save]]] = {
    "contacts": _contacts,
    "items": _items,
    "invoices": _documents(INVOICES),
    "creditnotes": _documents(CREDIT_NOTES),
    "payments": _payments,
}


def _allocate(book: Book, method: str, parts: tuple[str, ...], body: Any, manner: Manner) -> Json:
    allocating = [part.lower() for part in (parts[0], *parts[2:])] == ["creditnotes", "allocations"]
    if not allocating or method != "PUT":
        raise not_implemented()
    if book.credit_notes.get(parts[1]) is None:
        raise not_found()

    def save(element: Json) -> Saved:
        return allocations.allocate(book, parts[1], element)

    naming = allocations.NAMING
    return envelope(naming.plural, write_all(naming, elements_of(body, naming.plural), save, manner), book.clock.utc())


_ALLOCATION_PARTS = 4
_ITEM_PARTS = 2


def _delete(book: Book, parts: tuple[str, ...]) -> tuple[int, Json | None]:
    if parts[0].lower() == "items" and len(parts) == _ITEM_PARTS:
        items.delete_item(book, parts[1])
        return 204, None
    if parts[0].lower() != "creditnotes" or len(parts) != _ALLOCATION_PARTS or parts[2].lower() != "allocations":
        raise not_implemented()
    try:
        gone = allocations.delete_allocation(book, parts[1], parts[3])
    except Refused as refusal:
        errors = [{"Message": message} for message in refusal.messages]
        raise validation_failed([{"AllocationID": parts[3], "ValidationErrors": errors}]) from refusal
    return 200, gone
