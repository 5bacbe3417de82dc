"""Questions to Xero, by our numbers and its ids: what of a call is there? Pure; the answers go to `match`.

What the ledger has already is asked for in `looks`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from worker.documents.documents import Action, Kind
from worker.ledger.records import Member
from worker.xero.elements import suffixed
from worker.xero.endpoints import ENDPOINTS, inner
from worker.xero.match import Found, match
from worker.xero.queries import MAX_QUERY_CHARS, PAGE, UNITS, any_of, chars_of, chunks, note_of, quoted

__all__ = ["Found", "LookupRequest", "by_path", "lookups", "match", "one_by_one", "suffixed"]


@dataclass(frozen=True, slots=True)
class LookupRequest:
    """One GET, and the members it asks for."""

    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    members: tuple[Member, ...] = ()


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
    params = UNITS if kind is Kind.ITEM else {}
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
    return [LookupRequest("/Invoices", {name: ",".join(map(text, few)), **PAGE}, few) for few in chunks(members, text)]


def _by_terms(kind: Kind, members: Sequence[Member]) -> list[LookupRequest]:
    # items have no pages; their prices come rounded to the cent unless asked otherwise
    page = UNITS if kind is Kind.ITEM else PAGE
    extra = {"includeArchived": "true"} if kind is Kind.CONTACT else {}
    terms = {Kind.CONTACT: _contact_terms, Kind.CREDIT_NOTE: _note_term}.get(kind, _number_term)
    return [
        LookupRequest(f"/{ENDPOINTS[kind].plural}", {"where": any_of(few, terms), **page, **extra}, few)
        for few in chunks(members, terms)
    ]


def _payments(members: Sequence[Member]) -> list[LookupRequest]:
    made = [member for member in members if member.action is not Action.VOID]
    deleted = [member for member in members if member.action is Action.VOID]
    return [
        *(
            LookupRequest("/Payments", {"where": any_of(few, _target_term), **PAGE}, few)
            for few in chunks(made, _target_term)
        ),
        *(LookupRequest(f"/Payments/{member.xero_id}", {}, (member,)) for member in deleted),
    ]


def _by_credit_note(members: Sequence[Member]) -> list[LookupRequest]:
    groups: dict[str, list[Member]] = {}
    for member in members:
        groups.setdefault(str(inner(member.element, "CreditNote").get("CreditNoteID")), []).append(member)
    return [LookupRequest(f"/CreditNotes/{note}", {}, tuple(group)) for note, group in groups.items()]


def _number_term(member: Member) -> str:
    return f"{ENDPOINTS[member.kind].number}=={quoted(member.number)}"


def _note_term(member: Member) -> str:
    """By its id, once it has one, as invoices."""
    return note_of(member.xero_id) if member.xero_id else _number_term(member)


def _contact_terms(member: Member) -> str:
    """By number, and by name: a name that is taken shows whose it is in the same call.

    Without one that would take too long to ask for: what is refused, and not there by number, is another's by name.
    """
    number, name = _number_term(member), member.element.get("Name")
    both = f"{number} OR Name=={quoted(str(name))}" if name else number
    return both if chars_of(both) <= MAX_QUERY_CHARS else number


def _target_term(member: Member) -> str:
    """By its invoice, or by its reference: of more than 100,000 payments Xero finds none by their credit notes."""
    invoice = inner(member.element, "Invoice").get("InvoiceID")
    return f'Invoice.InvoiceId==guid("{invoice}")' if invoice else f"Reference=={quoted(member.number)}"
