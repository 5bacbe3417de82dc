"""From the store's own sums to what must be in Xero: each thing that is not booked is left out by a rule. Pure."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from deploy.demo.bookkeeping import NEVER_SOLD, NO_TAX, OFFLINE, PAYMENTS, TAX

Json = Mapping[str, Any]
_PART = {"gift_card": "giftcard", "store_credit": "storecredit"}

ORDER = "orders: the store's invoices are booked, not its orders"
CANCELLED = "cancelled documents: never written, or voided"
TOO_OLD = "before start_date: booked where the shop kept its books then"
UNPROVEN = "payments that no gateway proves, of methods that are not offline_methods"
NO_ITEM = "products that are never sold themselves"


class Sale(NamedTuple):
    """An invoice or credit note. `by_type`: net and tax by Xero's tax type."""

    date: str
    currency: str
    net: Decimal
    tax: Decimal
    by_type: Mapping[str, tuple[Decimal, Decimal]]

    @property
    def gross(self) -> Decimal:
        """What it amounts to."""
        return self.net + self.tax


class Money(NamedTuple):
    """A payment; `document` is the number in Xero of what it pays."""

    document: str
    direction: str
    account: str
    currency: str
    date: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Expected:
    """What must be in Xero, by the numbers there.

    `guests` are e-mail addresses; those of `perhaps` may have a contact, made before their document was cancelled.
    `unpaid` is what was not paid back of each credit note, `orders` whose order an invoice or credit note is of,
    `traits` the store's words for it. `alone` are the credit notes of sales before `start_date`.
    """

    invoices: Mapping[str, Sale]
    credit_notes: Mapping[str, Sale]
    payments: Mapping[str, Money]
    customers: int
    items: int
    guests: frozenset[str]
    perhaps: frozenset[str]
    unpaid: Mapping[str, Decimal]
    orders: Mapping[str, int]
    traits: Mapping[str, Sequence[str]]
    alone: frozenset[str]
    left_out: Mapping[str, int]

    @property
    def documents(self) -> int:
        """How many there are; allocations, whose number the store does not know, are not among them."""
        made = (self.invoices, self.credit_notes, self.payments, self.guests)
        return sum(map(len, made)) + self.customers + self.items


def expected_of(truth: Json, *, store: str, start_date: dt.date) -> Expected:
    """What the books must hold when they are complete."""
    left_out: Counter[str] = Counter()
    booked: list[Json] = []
    for document in truth["documents"]:
        if reason := why_not_booked(document, start_date):
            left_out[reason] += 1
        else:
            booked.append(document)
    payments = dict(_payments(truth, store, start_date, left_out))
    notes = {number_of(one, store): _sale(one) for one in booked if one["kind"] == "credit_memo"}
    types = truth["counts"]["product_types"]
    left_out[NO_ITEM] = sum(types.get(name, 0) for name in NEVER_SOLD)
    guests = _guests(truth, booked)
    cancelled = [one for one in truth["documents"] if why_not_booked(one, start_date) == CANCELLED]
    return Expected(
        invoices={number_of(one, store): _sale(one) for one in booked if one["kind"] == "invoice"},
        credit_notes=notes,
        payments=payments,
        customers=truth["counts"]["customers"],
        items=truth["counts"]["products"] - left_out[NO_ITEM],
        guests=guests,
        perhaps=_guests(truth, cancelled) - guests,
        unpaid=_unpaid(notes, payments.values()),
        orders={number_of(one, store): one["order_id"] for one in booked},
        traits={number_of(one, store): one["traits"] for one in booked},
        alone=_alone(booked, store),
        left_out=left_out,
    )


def why_not_booked(document: Json, start_date: dt.date) -> str | None:
    """The rule by which a document is in the store and not in the books; None where it must be there."""
    if document["kind"] == "order":
        return ORDER
    if document["date"] < start_date.isoformat():
        return TOO_OLD
    return CANCELLED if document["cancelled"] else None


def _alone(booked: Sequence[Json], store: str) -> frozenset[str]:
    """The credit notes of orders of which no invoice is booked."""
    sold = {one["order_id"] for one in booked if one["kind"] == "invoice"}
    return frozenset(number_of(one, store) for one in booked if one["order_id"] not in sold)


def number_of(document: Json, store: str) -> str:
    """Its number in Xero."""
    return f"{'I' if document['kind'] == 'invoice' else 'C'}-{store}-{document['number']}"


def _sale(document: Json) -> Sale:
    by_type: dict[str, tuple[Decimal, Decimal]] = {}
    for part in document["rates"]:
        tax_type = TAX[part["code"]] if part["code"] else NO_TAX
        net, tax = by_type.get(tax_type, (Decimal(0), Decimal(0)))
        by_type[tax_type] = (net + Decimal(part["net"]), tax + Decimal(part["tax"]))
    return Sale(document["date"], document["currency"], Decimal(document["net"]), Decimal(document["tax"]), by_type)


def _payments(truth: Json, store: str, start_date: dt.date, left_out: Counter[str]) -> Iterable[tuple[str, Money]]:
    documents = {(one["kind"], one["id"]): one for one in truth["documents"]}
    for one in truth["payments"]:
        of = documents["invoice" if one["direction"] == "in" else "credit_memo", one["document_id"]]
        if of["date"] < start_date.isoformat():  # money is booked with its sale or credit memo
            left_out[TOO_OLD] += 1
        elif not one["online"] and one["method"] not in OFFLINE:
            left_out[UNPROVEN] += 1
        else:
            yield f"P-{store}-{_id_of(one)}", _money(one, number_of(of, store))


def _money(one: Json, document: str) -> Money:
    account = PAYMENTS[one["method"]]
    return Money(document, one["direction"], account, one["currency"], one["date"], Decimal(one["amount"]))


def _id_of(one: Json) -> str:
    """How the Magento agent names a payment."""
    part = _PART.get(one["method"])
    if one["direction"] == "in":
        return f"{part or 'invoice'}-{one['document_id']}"
    return f"memo-{part}-{one['document_id']}" if part else f"memo-{one['document_id']}"


def _guests(truth: Json, documents: Iterable[Json]) -> frozenset[str]:
    buyers = {one["id"]: one for one in truth["documents"] if one["kind"] == "order"}
    orders = (buyers[one["order_id"]] for one in documents)
    return frozenset(one["email"].lower() for one in orders if one["customer_id"] is None)


def _unpaid(notes: Mapping[str, Sale], payments: Iterable[Money]) -> dict[str, Decimal]:
    paid: defaultdict[str, Decimal] = defaultdict(Decimal)
    for one in payments:
        paid[one.document] += one.amount
    return {number: note.gross - paid[number] for number, note in notes.items()}
