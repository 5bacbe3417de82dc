"""What Xero must hold of a store's events, as the worker's own mapping has it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import Any

from schemas.entities import CreditMemo, Payment, Sale
from schemas.envelope import Event
from worker.documents.content import XeroId
from worker.documents.documents import Action, DocumentKey, Kind, Write
from worker.ledger.records import Document
from worker.mapping.keys import document_number
from worker.mapping.plan import Ignored, Unmappable, plan
from worker.mapping.predict import line_amount
from worker.reconcile.entries import ZERO, Allocation, Amount, Entry, summed, tracking_of
from worker.reconcile.theirs import payment_account
from worker.settings import OrganisationSettings
from worker.xero.paying import leaves_money

CANCELLED = "VOIDED"
"""The status that Xero has to show for what the store has cancelled."""

NOTHING: Mapping[Any, Any] = MappingProxyType({})
_BOOKED = (Kind.INVOICE, Kind.CREDIT_NOTE, Kind.PAYMENT)


@dataclass(frozen=True, slots=True)
class Unbookable:
    """An event that mapping refuses: the worker parks it, for `reason`; `hint` says what to do."""

    number: str
    day: date | None
    reason: str
    hint: str


class StoreBooks:
    """Grows event by event; an entity that is taken again counts once."""

    def __init__(self, org: OrganisationSettings) -> None:
        self.unbookable: dict[str, Unbookable] = {}
        self._org = org
        self._entries: dict[DocumentKey, tuple[Entry, DocumentKey | None]] = {}

    def take(self, event: Event) -> None:
        """Add what this event asks for."""
        name = name_of(event, self._org)
        try:
            planned = plan(event, self._org)
        except Unmappable as error:
            self.unbookable[name] = Unbookable(name, day_of(event), error.reason, error.hint)
            return
        if isinstance(planned, Ignored):
            return
        for write in planned.writes:
            if write.kind in _BOOKED:
                entry = replace(_entry(write, name, planned.writes), currency=_currency(event))
                self._entries[write.key] = (entry, _target(write, planned.writes))

    @property
    def keys(self) -> Collection[DocumentKey]:
        """The documents, and those that payments settle or credit is set against, as the ledger names them."""
        return self._entries.keys() | {target for _, target in self._entries.values() if target is not None}

    def entries(
        self, codes: Mapping[str, str] = NOTHING, known: Mapping[DocumentKey, Document] = NOTHING
    ) -> list[Entry]:
        """All of them. `codes` has the codes of accounts by their ids, `known` the ledger's rows of the documents."""
        named = {key: _named(entry, known.get(key)) for key, (entry, _) in self._entries.items()}
        found = []
        for key, (_, target) in self._entries.items():
            amounts = tuple(replace(one, account=codes.get(one.account, one.account)) for one in named[key].amounts)
            number = _number_of(target, named, known) if target else ""
            one = _on(number, replace(named[key], amounts=amounts))
            paid = known.get(target) if target and one.kind is Kind.PAYMENT and key not in known else None
            found.append(replace(one, is_theirs=True) if paid and leaves_money(paid, str(one.day)) else one)
        return found


def _named(entry: Entry, document: Document | None) -> Entry:
    """With the number that the ledger knows, where it is not ours: an earlier connector brought the document there.

    One that was left to it is wanted on the day on which it was found: that connector may have dated it otherwise.
    """
    if document is not None and entry.kind is Kind.PAYMENT:
        return replace(entry, xero_id=document.xero_id)
    if document is None or document.number == entry.number:
        return entry
    if not document.facts.get("linked"):
        return replace(entry, alias=document.number)
    there = document.facts.get("date")
    day = entry.day if entry.is_gone or there is None else date.fromisoformat(str(there))
    return replace(entry, alias=document.number, day=day, is_theirs=True)


def _number_of(target: DocumentKey, named: Mapping[DocumentKey, Entry], known: Mapping[DocumentKey, Document]) -> str:
    """The number of what is settled; the ledger has it too where that is of other days. Empty where neither has."""
    if (entry := named.get(target)) is not None:
        return entry.alias or entry.number
    document = known.get(target)
    return document.number if document else ""


def _on(number: str, entry: Entry) -> Entry:
    if entry.kind is Kind.PAYMENT:
        return replace(entry, settles=number)
    return replace(entry, allocations=tuple(replace(one, number=number) for one in entry.allocations))


def name_of(event: Event, org: OrganisationSettings) -> str:
    """The number of an event's document in Xero; of a payment, our key, which begins its reference."""
    data = event.data
    if isinstance(data, Payment):
        return document_number(org, "P", event, data.id)
    if not isinstance(data, Sale):
        return event.subject
    return document_number(org, "C" if isinstance(data, CreditMemo) else "I", event, data.number)


def day_of(event: Event) -> date | None:
    """The accounting date, where the entity has one."""
    data = event.data
    return data.date if isinstance(data, Sale | Payment) else None


def _currency(event: Event) -> str:
    return event.data.currency if isinstance(event.data, Sale | Payment) else ""


def _entry(write: Write, name: str, writes: Sequence[Write]) -> Entry:
    if write.action is Action.VOID:
        return Entry(write.kind, name, None, CANCELLED)
    return _payment(write, name) if write.kind is Kind.PAYMENT else _sale(write, name, writes)


def _sale(write: Write, name: str, writes: Sequence[Write]) -> Entry:
    payload = write.payload
    amounts = summed(_amounts(payload))
    allocations = (Allocation("", one.payload["Amount"]) for one in _allocations(write, writes))
    return Entry(
        kind=write.kind,
        number=name,
        day=date.fromisoformat(payload["Date"]),
        status=payload["Status"],
        net=sum((one.net for one in amounts), ZERO),
        tax=sum((one.tax for one in amounts), ZERO),
        amounts=amounts,
        sign=1 if write.kind is Kind.INVOICE else -1,
        allocations=tuple(allocations),
        rate=payload.get("CurrencyRate"),
        tracking=tracking_of(line for line in payload["LineItems"] if line.get("Tracking")),
    )


def _amounts(payload: Mapping[str, Any]) -> Iterator[Amount]:
    """Each line with the net that Xero will compute of it, and its tax, which mapping always says."""
    for line in payload["LineItems"]:
        net = line_amount(line["Quantity"], line["UnitAmount"])
        yield Amount(line["AccountCode"], line["TaxType"], net, line["TaxAmount"])


def _payment(write: Write, name: str) -> Entry:
    payload = write.payload
    amount = payload["Amount"]
    return Entry(
        kind=Kind.PAYMENT,
        number=name,
        day=date.fromisoformat(payload["Date"]),
        status="AUTHORISED",
        net=amount,
        amounts=summed([Amount(payment_account(payload["Account"]), "", amount)]),
        sign=-1 if "CreditNote" in payload else 1,
        rate=payload.get("CurrencyRate"),
    )


def _allocations(write: Write, writes: Sequence[Write]) -> Iterator[Write]:
    """Those of a credit note."""
    if write.kind is Kind.CREDIT_NOTE:
        yield from (one for one in writes if one.kind is Kind.ALLOCATION and one.action is not Action.VOID)


def _target(write: Write, writes: Sequence[Write]) -> DocumentKey | None:
    """The document that a payment settles, or that a credit note is set against."""
    if write.action is Action.VOID:
        return None
    if (allocation := next(_allocations(write, writes), None)) is not None:
        return _place(allocation, "Invoice")
    return _place(write, "CreditNote") or _place(write, "Invoice") if write.kind is Kind.PAYMENT else None


def _place(write: Write, name: str) -> DocumentKey | None:
    place = write.payload.get(name, {}).get(f"{name}ID")
    return place.key if isinstance(place, XeroId) else None
