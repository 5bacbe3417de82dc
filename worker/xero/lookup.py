"""Questions to Xero, by our numbers and its ids: what of a call is there? Pure; the answers go to `match`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import quote

from worker.documents.documents import Action, DocumentKey, Kind, Write
from worker.ledger.records import Document, Member
from worker.xero.elements import suffixed
from worker.xero.endpoints import ENDPOINTS, inner
from worker.xero.lists import PAGE_SIZE
from worker.xero.match import Found, match

__all__ = ["Found", "LookupRequest", "by_path", "lookups", "match", "one_by_one", "suffixed"]

MAX_MEMBERS = 25
MAX_QUERY_CHARS = 1_800
"""What is asked for, percent-encoded: keeps the query below the 2,048 characters that common web servers take."""

T = TypeVar("T")

_UNITS = {"unitdp": "4"}
_PAGE = {"page": "1", "pageSize": str(PAGE_SIZE)}
"""So few numbers per request never fill a page, and invoices carry their lines only on pages."""


@dataclass(frozen=True, slots=True)
class LookupRequest:
    """One GET, and the members it asks for."""

    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    members: tuple[Member, ...] = ()


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


def lookups(kind: Kind, members: Sequence[Member]) -> list[LookupRequest]:
    """The requests that find `members`, all of `kind`: few, and each with its answer on one page."""
    if kind is Kind.ALLOCATION:
        return _by_credit_note(members)
    if kind is Kind.PAYMENT:
        return _payments(members)
    return _invoices(members) if kind is Kind.INVOICE else _by_terms(kind, members)


def one_by_one(request: LookupRequest) -> list[LookupRequest]:
    """What to ask where Xero refuses `request`; nothing, where nothing else may be asked.

    Of more than 100,000 contacts or credit notes it lists none by number, and of the latter none by id, but still shows
    the one whose id or number is in the path. https://developer.xero.com/documentation/api/accounting/contacts
    """
    for kind in (Kind.CONTACT, Kind.CREDIT_NOTE):
        if request.path == f"/{ENDPOINTS[kind].plural}":
            return by_path(kind, request.members)
    return []


def by_path(kind: Kind, members: Sequence[Member]) -> list[LookupRequest]:
    """A request for each, with its id or number in the path."""
    params = _UNITS if kind is Kind.ITEM else {}
    return [LookupRequest(f"/{ENDPOINTS[kind].plural}/{_in_path(one)}", params, (one,)) for one in members]


def _in_path(member: Member) -> str:
    return member.xero_id or quote(member.number, safe="")


def _invoices(members: Sequence[Member]) -> list[LookupRequest]:
    """By their ids, once they have one: an earlier connector, a person or a re-issue may have given another number.

    New ones by the list of their numbers, in which a comma ends each.
    """
    new = [member for member in members if not member.xero_id]
    return [
        *_listed("IDs", [member for member in members if member.xero_id], lambda member: str(member.xero_id)),
        *_listed("InvoiceNumbers", [member for member in new if "," not in member.number], lambda one: one.number),
        *_by_terms(Kind.INVOICE, [member for member in new if "," in member.number]),
    ]


def _listed(name: str, members: Sequence[Member], text: Callable[[Member], str]) -> list[LookupRequest]:
    return [
        LookupRequest("/Invoices", {name: ",".join(map(text, few)), **_PAGE}, few) for few in _chunks(members, text)
    ]


def _by_terms(kind: Kind, members: Sequence[Member]) -> list[LookupRequest]:
    # items have no pages; their prices come rounded to the cent unless asked otherwise
    page = _UNITS if kind is Kind.ITEM else _PAGE
    extra = {"includeArchived": "true"} if kind is Kind.CONTACT else {}
    terms = {Kind.CONTACT: _contact_terms, Kind.CREDIT_NOTE: _note_term}.get(kind, _number_term)
    return [
        LookupRequest(f"/{ENDPOINTS[kind].plural}", {"where": _any_of(few, terms), **page, **extra}, few)
        for few in _chunks(members, terms)
    ]


def readings_of(kind: Kind, writes: Sequence[Write], documents: Mapping[DocumentKey, Document]) -> list[Reading]:
    """The requests that show documents of ours as they are now, with their lines."""

    def term(write: Write) -> str:
        return _id_term(kind, documents[write.key])

    return [
        Reading(f"/{ENDPOINTS[kind].plural}", {**_asked(kind, [term(write) for write in few]), **_PAGE, **_UNITS}, few)
        for few in _chunks(writes, term)
    ]


def apart(kind: Kind, reading: Reading, documents: Mapping[DocumentKey, Document]) -> list[Reading]:
    """A request for each of ours where Xero refuses `reading`, as `one_by_one`; nothing, where it may not be asked."""
    if kind is not Kind.CREDIT_NOTE or reading.path != f"/{ENDPOINTS[kind].plural}":
        return []
    ours = [write for write in reading.writes if write.key in documents]
    return [Reading(f"{reading.path}/{documents[write.key].xero_id}", _UNITS, (write,)) for write in ours]


def earlier_sales(kind: Kind, writes: Sequence[Write]) -> list[Reading]:
    """The requests that show which of these sales are in Xero under any number: by their reference."""

    def term(write: Write) -> str:
        return f"Reference=={_quoted(str(write.payload.get('Reference') or write.number))}"

    return [
        Reading(f"/{ENDPOINTS[kind].plural}", {"where": _any_of(few, term), **_PAGE, **_UNITS}, few)
        for few in _chunks(writes, term)
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
    return [("/Contacts", {"IDs": ",".join(few), "includeArchived": "true", **_PAGE}) for few in _chunks(ids, str)]


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
        States(f"/{ENDPOINTS[kind].plural}", {**_asked(kind, [term(one) for one in few]), **_PAGE}, few)
        for few in _chunks(documents, term)
    ]


def states_apart(kind: Kind, states: States) -> list[States]:
    """A request for each where Xero refuses `states`, as `one_by_one`; nothing, where it may not be asked."""
    if kind is not Kind.CREDIT_NOTE or states.path != f"/{ENDPOINTS[kind].plural}":
        return []
    return [States(f"{states.path}/{one.xero_id}", {}, (one,)) for one in states.documents]


def _id_term(kind: Kind, document: Document) -> str:
    """By id: a person may renumber it. A payment keeps its reference, by which Xero finds it among any number."""
    if kind is Kind.PAYMENT:
        return f"Reference=={_quoted(document.number)}"
    return document.xero_id if kind is Kind.INVOICE else _note_of(document.xero_id)


def _asked(kind: Kind, terms: Sequence[str]) -> dict[str, str]:
    return {"IDs": ",".join(terms)} if kind is Kind.INVOICE else {"where": " OR ".join(terms)}


def _payments(members: Sequence[Member]) -> list[LookupRequest]:
    made = [member for member in members if member.action is not Action.VOID]
    deleted = [member for member in members if member.action is Action.VOID]
    return [
        *(
            LookupRequest("/Payments", {"where": _any_of(few, _target_term), **_PAGE}, few)
            for few in _chunks(made, _target_term)
        ),
        *(LookupRequest(f"/Payments/{member.xero_id}", {}, (member,)) for member in deleted),
    ]


def _by_credit_note(members: Sequence[Member]) -> list[LookupRequest]:
    groups: dict[str, list[Member]] = {}
    for member in members:
        groups.setdefault(str(inner(member.element, "CreditNote").get("CreditNoteID")), []).append(member)
    return [LookupRequest(f"/CreditNotes/{note}", {}, tuple(group)) for note, group in groups.items()]


def _chunks(members: Sequence[T], text: Callable[[T], str]) -> Iterator[tuple[T, ...]]:
    chunk: list[T] = []
    size = 0
    for member in members:
        chars = _chars(text(member))
        if chunk and (len(chunk) >= MAX_MEMBERS or size + chars > MAX_QUERY_CHARS):
            yield tuple(chunk)
            chunk, size = [], 0
        chunk.append(member)
        size += chars
    if chunk:
        yield tuple(chunk)


def _chars(term: str) -> int:
    return len(quote(f"{term} OR ", safe=""))


def _any_of(members: Sequence[T], term: Callable[[T], str]) -> str:
    return " OR ".join(dict.fromkeys(term(member) for member in members))


def _number_term(member: Member) -> str:
    return f"{ENDPOINTS[member.kind].number}=={_quoted(member.number)}"


def _note_term(member: Member) -> str:
    """By its id, once it has one, as invoices."""
    return _note_of(member.xero_id) if member.xero_id else _number_term(member)


def _note_of(xero_id: str) -> str:
    """Xero has no list of credit notes by their ids: the same by a filter."""
    return f'CreditNoteID==guid("{xero_id}")'


def _contact_terms(member: Member) -> str:
    """By number, and by name: a name that is taken shows whose it is in the same call.

    Without one that would take too long to ask for: what is refused, and not there by number, is another's by name.
    """
    number, name = _number_term(member), member.element.get("Name")
    both = f"{number} OR Name=={_quoted(str(name))}" if name else number
    return both if _chars(both) <= MAX_QUERY_CHARS else number


def _target_term(member: Member) -> str:
    """By its invoice, or by its reference: of more than 100,000 payments Xero finds none by their credit notes."""
    invoice = inner(member.element, "Invoice").get("InvoiceID")
    return f'Invoice.InvoiceId==guid("{invoice}")' if invoice else f"Reference=={_quoted(member.number)}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
