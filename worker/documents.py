"""The documents of Xero, and what it takes to bring one there. Values only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple


class Kind(StrEnum):
    """What Xero has. Calls carry documents of one kind."""

    CONTACT = "contact"
    ITEM = "item"
    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    PAYMENT = "payment"
    ALLOCATION = "allocation"


class Action(StrEnum):
    """What is to happen to a document. `SAVE` creates it, or updates it by id when the ledger has one."""

    SAVE = "save"
    VOID = "void"


class EntityKey(NamedTuple):
    """One thing a store has."""

    org: str
    source: str
    entity: str
    entity_id: str


class DocumentKey(NamedTuple):
    """One document of an entity; `part` is `contact`, `item`, `invoice`, `credit_note`, `payment/1`, `allocation/1`."""

    org: str
    source: str
    entity: str
    entity_id: str
    part: str

    @property
    def owner(self) -> EntityKey:
        """The entity whose document this is."""
        return EntityKey(*self[:4])


@dataclass(frozen=True, slots=True)
class XeroId:
    """A place in a payload for the Xero id of another document; filled when the call is opened."""

    key: DocumentKey


@dataclass(frozen=True, slots=True)
class ItemCode:
    """A place for an item code: kept when the organisation has the item, else the field is left out."""

    code: str


@dataclass(frozen=True, slots=True)
class Write:
    """One document as it has to be in Xero after this event.

    `payload` is Xero's JSON for one element, amounts as `Decimal`, with `XeroId` and `ItemCode` for what only the
    ledger knows; `content_hash` covers it. `number` is the unique key that Xero keeps for us: ContactNumber, item
    Code, InvoiceNumber, CreditNoteNumber, or the payment's Reference. `parent` must be settled first.
    `needs` and `codes` are what its open places name. `only_if_absent` marks a contact taken from a sale's snapshot:
    written only where no document is.
    """

    key: DocumentKey
    kind: Kind
    version: datetime
    number: str
    content_hash: str
    payload: Mapping[str, Any]
    action: Action = Action.SAVE
    parent: DocumentKey | None = None
    only_if_absent: bool = False
    needs: frozenset[DocumentKey] = field(default_factory=frozenset)
    codes: frozenset[str] = field(default_factory=frozenset)

    @property
    def awaits(self) -> frozenset[DocumentKey]:
        """Every document that has to be there first: those the payload names, and the parent."""
        return self.needs if self.parent is None else self.needs | {self.parent}


def references(value: Any) -> Iterator[XeroId | ItemCode]:
    """Every open place of a payload."""
    kind = type(value)
    if kind is dict:
        for child in value.values():
            if type(child) not in _PLAIN:
                yield from references(child)
    elif kind is list or kind is tuple:
        for child in value:
            if type(child) not in _PLAIN:
                yield from references(child)
    elif kind is XeroId or kind is ItemCode:
        yield value


_PLAIN = frozenset({str, Decimal, int, bool, type(None)})
