"""GET: which lists there are and how a single document is found [xero 7]."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from deploy.sandbox.xero import chart
from deploy.sandbox.xero.errors import Json, not_found
from deploy.sandbox.xero.query import parse_where
from deploy.sandbox.xero.reading import Listing, flag, list_documents, places_of, show_as_is, show_document, show_item
from deploy.sandbox.xero.store import Book
from deploy.sandbox.xero.wire import envelope

_HEAVY_INVOICE = ("LineItems", "Payments", "CreditNotes", "Prepayments", "Overpayments")
_HEAVY_CONTACT = ("ContactPersons", "Addresses", "Phones", "ContactGroups", "PaymentTerms")
_OF_CONTACT = ("Contact.ContactID", "Contact.Name", "Contact.ContactNumber")
_OPTIMISED_FIELDS = ("Status", "Type", "Date", "Reference", *_OF_CONTACT)
_INVOICE_FIELDS = frozenset({*_OPTIMISED_FIELDS, "DueDate", "InvoiceNumber", "InvoiceID", "AmountDue", "AmountPaid"})
_ITEM_FIELDS = frozenset({"Code", "ItemID"})

LISTINGS = {
    "contacts": Listing(
        plural="Contacts",
        table=lambda book: book.contacts,
        fields=frozenset({"Name", "EmailAddress", "AccountNumber", "ContactID", "ContactNumber"}),
        number_field="ContactNumber",
        show=show_as_is,
        optimised=frozenset({"Name", "EmailAddress", "AccountNumber"}),
        sorts=frozenset({"ContactID", "UpdatedDateUTC", "Name"}),
        filters={"IDs": "ContactID"},
        search=("Name", "FirstName", "LastName", "EmailAddress", "ContactNumber", "CompanyNumber"),
        summary_drops=_HEAVY_CONTACT,
        hides_archived=True,
        only_on_pages=frozenset({"MergedToContactID"}),
    ),
    "items": Listing(
        plural="Items",
        table=lambda book: book.items,
        fields=_ITEM_FIELDS,
        number_field="Code",
        show=show_item,
        optimised=_ITEM_FIELDS,  # Xero names none: only the whole list may be too long
        sorts=frozenset({*_ITEM_FIELDS, "Name", "UpdatedDateUTC"}),
        paged=False,
    ),
    "invoices": Listing(
        plural="Invoices",
        table=lambda book: book.invoices,
        fields=_INVOICE_FIELDS,
        number_field="InvoiceNumber",
        show=show_document,
        optimised=_INVOICE_FIELDS,
        sorts=frozenset({"InvoiceID", "UpdatedDateUTC", "Date"}),
        filters={
            "IDs": "InvoiceID",
            "InvoiceNumbers": "InvoiceNumber",
            "ContactIDs": "Contact.ContactID",
            "Statuses": "Status",
        },
        search=("InvoiceNumber", "Reference"),
        summary_drops=_HEAVY_INVOICE,
        lines_only_when_paged=True,
    ),
    "creditnotes": Listing(
        plural="CreditNotes",
        table=lambda book: book.credit_notes,
        fields=frozenset({*_OPTIMISED_FIELDS, "CreditNoteNumber", "CreditNoteID"}),
        number_field="CreditNoteNumber",
        show=show_document,
        optimised=frozenset(_OPTIMISED_FIELDS),
        sorts=frozenset({"CreditNoteID", "UpdatedDateUTC", "Date"}),
        lines_only_when_paged=True,
    ),
    "payments": Listing(
        plural="Payments",
        table=lambda book: book.payments,
        fields=frozenset(
            {
                "PaymentType",
                "Status",
                "Date",
                "Invoice.InvoiceID",
                "CreditNote.CreditNoteID",
                "Reference",
                "PaymentID",
            }
        ),
        number_field="",
        show=show_as_is,
        optimised=frozenset({"PaymentType", "Status", "Date", "Invoice.InvoiceID", "Reference"}),
        sorts=frozenset({"PaymentID", "UpdatedDateUTC", "Date"}),
    ),
}


def read(book: Book, parts: tuple[str, ...], query: Mapping[str, str], since: str | None) -> Json:
    """The envelope a GET is answered with. Raises CallRefused."""
    now = book.clock.utc()
    name = parts[0].lower()
    if name not in LISTINGS:
        plural, elements = _settings(book, parts, query)
        return envelope(plural, elements, now)
    listing = LISTINGS[name]
    if len(parts) == 1:
        elements, page = list_documents(book, listing, query, since)
        return envelope(listing.plural, elements, now, page)
    document = single(book, listing, parts[1])
    if parts[2:]:
        if name == "creditnotes" and parts[2].lower() == "allocations":
            return envelope("Allocations", document["Allocations"], now)
        raise not_found()
    return envelope(listing.plural, [listing.show(book, document, places_of(query))], now)


def single(book: Book, listing: Listing, named: str) -> Json:
    """One document by its id or its number. Raises CallRefused."""
    table = listing.table(book)
    document = table.get(named)
    if document is None and listing.number_field:
        document = next(iter(table.find(listing.number_field, named)), None)
    if document is None:
        raise not_found()
    return document


_SETTINGS: dict[str, tuple[str, str, frozenset[str], Callable[[Book], Iterable[Json]]]] = {
    "accounts": (
        "Accounts",
        "AccountID",
        frozenset({"Code", "Name", "Status", "Type", "Class", "SystemAccount", "AccountID", "EnablePaymentsToAccount"}),
        lambda book: book.settings.accounts.values(),
    ),
    "taxrates": (
        "TaxRates",
        "TaxType",
        frozenset({"TaxType", "Name", "Status"}),
        lambda book: book.settings.tax_rates.values(),
    ),
    "currencies": (
        "Currencies",
        "Code",
        frozenset({"Code"}),
        lambda book: [{"Code": code, "Description": name} for code, name in book.settings.currencies.items()],
    ),
    "trackingcategories": (
        "TrackingCategories",
        "TrackingCategoryID",
        frozenset({"Name", "Status"}),
        lambda book: book.settings.tracking,
    ),
    "brandingthemes": (
        "BrandingThemes",
        "BrandingThemeID",
        frozenset({"Name"}),
        lambda book: book.settings.branding,
    ),
    "organisation": (
        "Organisations",
        "OrganisationID",
        frozenset({"Name"}),
        lambda book: [{key: value for key, value in book.settings.organisation.items() if value is not None}],
    ),
}

ENDPOINTS = frozenset({*LISTINGS, *_SETTINGS})
"""Those there are, in lower case; others are not found, whatever the method [xero 6]."""


def _settings(book: Book, parts: tuple[str, ...], query: Mapping[str, str]) -> tuple[str, list[Json]]:
    if tuple(part.lower() for part in parts) == ("organisation", "actions"):
        return "Actions", [{"Name": name, "Status": "ALLOWED"} for name in chart.ACTIONS]
    plural, id_field, fields, rows = _SETTINGS[parts[0].lower()]
    elements: list[Any] = list(rows(book))
    if len(parts) > 1:
        elements = [row for row in elements if parts[1] in (row.get(id_field), row.get("Code"))]
        if not elements or parts[2:]:
            raise not_found()
    elif plural == "TrackingCategories" and not flag(query, "includeArchived", default=False):
        elements = [{**row, "Options": _active(row["Options"])} for row in _active(elements)]
    if where := query.get("where"):
        condition = parse_where(where, fields)
        elements = [row for row in elements if condition.matches(row)]
    return plural, elements


def _active(rows: Iterable[Json]) -> list[Json]:
    return [row for row in rows if row["Status"] == "ACTIVE"]
