"""What Xero finds of what it is asked. A question it does not know ends the run: to find nothing would be an answer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from worker.documents.documents import Kind
from worker.ledger.records import Call
from worker.xero.endpoints import ENDPOINTS, inner

Element = dict[str, Any]

_KINDS = {endpoint.plural: kind for kind, endpoint in ENDPOINTS.items() if kind is not Kind.ALLOCATION}
_CHART = frozenset({"/Accounts", "/TaxRates", "/Organisation"})
"""Of these the simulated Xero lists none: what is configured is believed."""

_AS_USUAL = {"page": "1", "pageSize": "1000", "unitdp": "4", "includeArchived": "true"}.items()
_LISTED = {
    ("/Contacts", "IDs"): "ContactID",
    ("/Invoices", "IDs"): "InvoiceID",
    ("/Invoices", "InvoiceNumbers"): "InvoiceNumber",
}
_COMPARED = {
    Kind.CONTACT: {"ContactNumber", "Name"},
    Kind.ITEM: {"Code"},
    Kind.INVOICE: {"InvoiceNumber", "Reference"},
    Kind.CREDIT_NOTE: {"CreditNoteNumber", "CreditNoteID", "Reference"},
    Kind.PAYMENT: {"Reference", "Invoice.InvoiceID"},
}
_TERM = re.compile(r'([\w.]+)==(?:"([^"\\]*)"|guid\("([^"\\]*)"\))')


class UnknownQuestion(SystemExit):
    """Ends the run. The worker would survive an exception of any other kind."""

    def __init__(self, call: Call) -> None:
        super().__init__(f"expected a question that the simulated Xero knows, got GET {call.path} {dict(call.params)}")


def found(call: Call, elements: Mapping[str, Element]) -> list[Element]:
    """Of all that is there, by Xero's ids. Raises `UnknownQuestion`."""
    _, plural, *ids = call.path.split("/")
    asked = dict(call.params.items() - _AS_USUAL)
    if call.path in _CHART and not asked:
        return []
    kind = _KINDS.get(plural)
    if kind is None or len(ids) + len(asked) != 1:
        raise UnknownQuestion(call)
    if ids:
        return [_shown(call, kind, ids[0], elements)]
    terms = set(_terms(call, kind, *asked.popitem()))
    return [one for one in _all(kind, elements) if any(_value(one, field) == text for field, text in terms)]


def _terms(call: Call, kind: Kind, asked: str, text: str) -> Iterator[tuple[str, str]]:
    """The fields and what they are to be: one of them is enough."""
    listed = _LISTED.get((call.path, asked))
    if listed:
        yield from ((listed, one) for one in text.split(","))
        return
    for term in text.split(" OR "):
        matched = _TERM.fullmatch(term)
        field = matched[1].replace("InvoiceId", "InvoiceID") if matched else ""
        if asked != "where" or matched is None or field not in _COMPARED[kind]:
            raise UnknownQuestion(call)
        yield field, matched[2] or matched[3]


def _value(element: Element, field: str) -> Any:
    outer, _, within = field.rpartition(".")
    return (inner(element, outer) if outer else element).get(within)


def _shown(call: Call, kind: Kind, xero_id: str, elements: Mapping[str, Element]) -> Element:
    """The one whose id is in the path; a credit note with its allocations."""
    one = elements.get(xero_id, {})
    if ENDPOINTS[kind].id not in one:
        raise UnknownQuestion(call)
    if kind is not Kind.CREDIT_NOTE:
        return one
    made = [each for each in _all(Kind.ALLOCATION, elements) if _value(each, "CreditNote.CreditNoteID") == xero_id]
    return {**one, "Allocations": made}


def _all(kind: Kind, elements: Mapping[str, Element]) -> Iterator[Element]:
    return (one for one in elements.values() if ENDPOINTS[kind].id in one)
