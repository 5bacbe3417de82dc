"""Xero's documents that are not matched yet, by their numbers. Kept as JSON: objects would take more memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from worker.documents.documents import Kind
from worker.documents.literals import decode, encode
from worker.mapping.locks import booked_on
from worker.xero.changes.reissue import parts
from worker.xero.endpoints import ENDPOINTS, GONE, number_of
from worker.xero.facts import facts_of, money

Element = Mapping[str, Any]
_OF_SALES = "Type Total TotalTax CurrencyCode Date DateString Contact Status UpdatedDateUTC"
_OF_PEOPLE = "Name FirstName LastName EmailAddress TaxNumber Phones Addresses"
_KEPT = {
    Kind.CONTACT: f"ContactID ContactNumber ContactStatus {_OF_PEOPLE}",
    Kind.ITEM: "ItemID Code Name Description IsSold SalesDetails",
    Kind.INVOICE: f"InvoiceID InvoiceNumber AmountDue {_OF_SALES}",
    Kind.CREDIT_NOTE: f"CreditNoteID CreditNoteNumber RemainingCredit {_OF_SALES} Allocations",
    Kind.PAYMENT: "PaymentID Reference Amount Date DateString Account Invoice CreditNote Status",
}
"""What is compared; of lines, whose mark is among the facts, the note alone that the date is another."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A document as far as it is compared, and the facts that the ledger keeps of it."""

    element: Element
    facts: Mapping[str, Any]

    @property
    def is_standing(self) -> bool:
        """Whether it is neither voided nor deleted."""
        return self.element.get("Status") not in GONE


@dataclass(frozen=True, slots=True)
class Begun:
    """A re-issue that is not done: the old invoice, its credit note, and the new invoice if it was made."""

    old: Candidate
    credit_note: Candidate
    new: Candidate | None = None


class Index:
    """Documents whose number begins with one of `prefixes`; contacts and items all of them."""

    def __init__(self, prefixes: Collection[str]) -> None:
        self._prefixes = tuple(prefixes)
        self._elements: defaultdict[tuple[Kind, str], dict[str, bytes]] = defaultdict(dict)

    def add(self, kind: Kind, elements: Iterable[Element]) -> None:
        """Take a page. A document that comes twice counts once."""
        for element in elements:
            number = _spelt(kind, number_of(kind, element))
            if number and (kind in (Kind.CONTACT, Kind.ITEM) or number.startswith(self._prefixes)):
                kept = {name: element[name] for name in _KEPT[kind].split() if name in element}
                if notes := [line for line in element.get("LineItems") or () if booked_on(line)]:
                    kept["LineItems"] = notes
                text = encode([kept, facts_of(kind, element)])
                self._elements[kind, _word(number)][str(element.get(ENDPOINTS[kind].id))] = text

    def candidates(self, kind: Kind, name: str) -> list[Candidate]:
        """The documents of that number; payments whose reference begins with it, the gateway's id behind.

        Of sales issued anew the last comes first.
        """
        name = _spelt(kind, name.strip())
        found = [Candidate(*decode(text)) for text in self._elements.get((kind, _word(name)), {}).values()]
        called = [one for one in found if _is_called(kind, _spelt(kind, number_of(kind, one.element)), name)]
        return sorted(called, key=lambda one: -parts(number_of(kind, one.element))[1])

    def unfinished(self, name: str) -> Begun | None:
        """What there is of a re-issue that has credit left, and no new invoice yet or one that is in need of it.

        Whoever issues a sale anew sets all the credit that the new invoice takes: this one was stopped in the middle.
        """
        invoices = {_place(one): one for one in self.candidates(Kind.INVOICE, name)}
        last = max(invoices, default=0)
        if last in invoices and invoices[last].is_standing and (credit := self._credit_left(f"{name}~{last + 1}")):
            return Begun(invoices[last], credit)
        if last - 2 not in invoices or not money(invoices[last].element.get("AmountDue")):
            return None
        credit = self._credit_left(f"{name}~{last - 1}")
        return Begun(invoices[last - 2], credit, invoices[last]) if credit else None

    def _credit_left(self, number: str) -> Candidate | None:
        notes = (one for one in self.candidates(Kind.CREDIT_NOTE, number) if one.is_standing)
        return next((one for one in notes if money(one.element.get("RemainingCredit"))), None)

    def forget(self, kind: Kind, element_id: str, name: str) -> None:
        """Let a document go that is in the ledger now."""
        self._elements.get((kind, _word(_spelt(kind, name.strip()))), {}).pop(element_id, None)


def _spelt(kind: Kind, number: str) -> str:
    """As it is compared: some stores tell ids apart by case; of items Xero's own comparison counts."""
    return number.lower() if kind is Kind.ITEM else number


def _word(number: str) -> str:
    return parts(number.partition(" ")[0])[0]


def _place(invoice: Candidate) -> int:
    return parts(number_of(Kind.INVOICE, invoice.element))[1]


def _is_called(kind: Kind, number: str, name: str) -> bool:
    if kind is Kind.PAYMENT:
        return number == name or number.startswith(f"{name} ")
    return number == name or (kind is Kind.INVOICE and parts(number)[0] == name)
