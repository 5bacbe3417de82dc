"""Questions to Xero: how does what is there stand now, before it is changed, paid or taken as approved? Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from worker.documents.documents import DocumentKey, Kind, Write
from worker.ledger.records import Document
from worker.xero.endpoints import ENDPOINTS
from worker.xero.lists import PAGE_SIZE
from worker.xero.queries import PAGE, UNITS, any_of, chunks, note_of, quoted


@dataclass(frozen=True, slots=True)
class Reading:
    """One GET, and the writes it is made for."""

    path: str
    params: Mapping[str, str]
    writes: tuple[Write, ...]


@dataclass(frozen=True, slots=True)
class States:
    """One GET, and the documents that it shows as they are now."""

    path: str
    params: Mapping[str, str]
    documents: tuple[Document, ...]


def readings_of(kind: Kind, writes: Sequence[Write], documents: Mapping[DocumentKey, Document]) -> list[Reading]:
    """The requests that show documents of ours as they are now, with their lines."""

    def term(write: Write) -> str:
        return _id_term(kind, documents[write.key])

    return [
        Reading(f"/{ENDPOINTS[kind].plural}", {**_asked(kind, [term(write) for write in few]), **PAGE, **UNITS}, few)
        for few in chunks(writes, term)
    ]


def apart(kind: Kind, reading: Reading, documents: Mapping[DocumentKey, Document]) -> list[Reading]:
    """A request for each of ours where Xero refuses `reading`, as `lookup.one_by_one`; none where that may not be."""
    if kind is not Kind.CREDIT_NOTE or reading.path != f"/{ENDPOINTS[kind].plural}":
        return []
    ours = [write for write in reading.writes if write.key in documents]
    return [Reading(f"{reading.path}/{documents[write.key].xero_id}", UNITS, (write,)) for write in ours]


def earlier_sales(kind: Kind, writes: Sequence[Write]) -> list[Reading]:
    """The requests that show which of these sales are in Xero under any number: by their reference."""

    def term(write: Write) -> str:
        return f"Reference=={quoted(str(write.payload.get('Reference') or write.number))}"

    return [
        Reading(f"/{ENDPOINTS[kind].plural}", {"where": any_of(few, term), **PAGE, **UNITS}, few)
        for few in chunks(writes, term)
    ]


def places_of(kind: Kind, writes: Sequence[Write], documents: Mapping[DocumentKey, Document]) -> list[Reading]:
    """The requests that show which invoices payments or allocations are on: of the latter one for each credit note.

    These are rare, and beyond 100,000 credit notes Xero shows none otherwise.
    """
    if kind is Kind.PAYMENT:
        return readings_of(kind, writes, documents)
    notes = [documents[write.key].facts.get("credit_note_id") for write in writes]
    return [Reading(f"/CreditNotes/{note}", {}, (write,)) for note, write in zip(notes, writes, strict=True)]


def contacts_by_id(ids: Sequence[str]) -> list[tuple[str, Mapping[str, str]]]:
    """The requests that show these, archived ones too; on pages, where Xero says which one another was merged into."""
    return [("/Contacts", {"IDs": ",".join(few), "includeArchived": "true", **PAGE}) for few in chunks(ids, str)]


def drafts(kind: Kind, page: int) -> tuple[str, Mapping[str, str]]:
    """One page of what nobody has approved yet, ours or not."""
    params = {"page": str(page), "pageSize": str(PAGE_SIZE)}
    if kind is Kind.INVOICE:
        return "/Invoices", {"Statuses": "DRAFT,SUBMITTED", "summaryOnly": "true", **params}
    return "/CreditNotes", {"where": 'Status=="DRAFT" OR Status=="SUBMITTED"', **params}


def states_of(kind: Kind, documents: Sequence[Document]) -> list[States]:
    """The requests that show what has become of documents; who is not shown is not there."""

    def term(document: Document) -> str:
        return _id_term(kind, document)

    return [
        States(f"/{ENDPOINTS[kind].plural}", {**_asked(kind, [term(one) for one in few]), **PAGE}, few)
        for few in chunks(documents, term)
    ]


def states_apart(kind: Kind, states: States) -> list[States]:
    """A request for each where Xero refuses `states`, as `lookup.one_by_one`; none where that may not be."""
    if kind is not Kind.CREDIT_NOTE or states.path != f"/{ENDPOINTS[kind].plural}":
        return []
    return [States(f"{states.path}/{one.xero_id}", {}, (one,)) for one in states.documents]


def _id_term(kind: Kind, document: Document) -> str:
    """By id: a person may renumber it. A payment keeps its reference, by which Xero finds it among any number."""
    if kind is Kind.PAYMENT:
        return f"Reference=={quoted(document.number)}"
    return document.xero_id if kind is Kind.INVOICE else note_of(document.xero_id)


def _asked(kind: Kind, terms: Sequence[str]) -> dict[str, str]:
    return {"IDs": ",".join(terms)} if kind is Kind.INVOICE else {"where": " OR ".join(terms)}
