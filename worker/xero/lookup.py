"""Questions to Xero by our own numbers: which documents of a call are there? Pure; the answers go to `match`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from worker.documents import Action, Kind
from worker.ledger.records import Member
from worker.xero.elements import suffixed
from worker.xero.endpoints import ENDPOINTS, inner
from worker.xero.match import Found, match

__all__ = ["Found", "LookupRequest", "lookups", "match", "suffixed"]

MAX_MEMBERS = 25
MAX_QUERY_CHARS = 1_800
"""What is asked for, percent-encoded: keeps the query below the 2,048 characters that common web servers take."""

_PAGE = {"page": "1", "pageSize": "1000"}
"""So few numbers per request never fill a page, and invoices carry their lines only on pages."""


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
    if kind is Kind.INVOICE:
        return [
            LookupRequest("/Invoices", {"InvoiceNumbers": ",".join(m.number for m in few), **_PAGE}, few)
            for few in _chunks(members, lambda member: member.number)
        ]
    # items have no pages; their prices come rounded to the cent unless asked otherwise
    page = {"unitdp": "4"} if kind is Kind.ITEM else _PAGE
    extra = {"includeArchived": "true"} if kind is Kind.CONTACT else {}
    terms = _contact_terms if kind is Kind.CONTACT else _number_term
    return [
        LookupRequest(f"/{ENDPOINTS[kind].plural}", {"where": _any_of(few, terms), **page, **extra}, few)
        for few in _chunks(members, terms)
    ]


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


def _chunks(members: Sequence[Member], text: Callable[[Member], str]) -> Iterator[tuple[Member, ...]]:
    chunk: list[Member] = []
    size = 0
    for member in members:
        chars = len(quote(f"{text(member)} OR "))
        if chunk and (len(chunk) >= MAX_MEMBERS or size + chars > MAX_QUERY_CHARS):
            yield tuple(chunk)
            chunk, size = [], 0
        chunk.append(member)
        size += chars
    if chunk:
        yield tuple(chunk)


def _any_of(members: Sequence[Member], term: Callable[[Member], str]) -> str:
    return " OR ".join(dict.fromkeys(term(member) for member in members))


def _number_term(member: Member) -> str:
    return f"{ENDPOINTS[member.kind].number}=={_quoted(member.number)}"


def _contact_terms(member: Member) -> str:
    """By number, and by name: a name that is taken shows whose it is in the same call."""
    name = member.element.get("Name")
    return f"{_number_term(member)} OR Name=={_quoted(str(name))}" if name else _number_term(member)


def _target_term(member: Member) -> str:
    for name in ("Invoice", "CreditNote"):
        target = inner(member.element, name).get(f"{name}ID")
        if target:
            return f'{name}.{name}Id==guid("{target}")'
    return f"Reference=={_quoted(member.number)}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
