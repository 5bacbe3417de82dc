"""The documents of Xero, and what it takes to bring one there. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from worker.documents.content import Content
from worker.documents.keys import DocumentKey, EntityKey
from worker.documents.value import Value

__all__ = [
    "ALLOCATION",
    "CONTACT",
    "CREDIT_NOTE",
    "DOCUMENTS_PER_CALL",
    "INVOICE",
    "MONEY",
    "ONE_EACH",
    "PAYMENT",
    "SAVE",
    "VOID",
    "Action",
    "DocumentKey",
    "EntityKey",
    "Kind",
    "Write",
]

DOCUMENTS_PER_CALL = 50
"""Xero asks for about as many a call, so as not to pass 3.5 MB. https://developer.xero.com/documentation/guides/oauth2/limits/"""

_NONE: frozenset[DocumentKey] = frozenset()


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


SAVE, VOID = Action.SAVE, Action.VOID
CONTACT, INVOICE, CREDIT_NOTE = Kind.CONTACT, Kind.INVOICE, Kind.CREDIT_NOTE
PAYMENT, ALLOCATION = Kind.PAYMENT, Kind.ALLOCATION
"""Asked for several times a document: Python 3.11 takes as long for a look-up in an enum as for a call."""

MONEY = frozenset({PAYMENT, ALLOCATION})
"""What moves money on a sale or refund, or credit from one to the other."""

ONE_EACH = frozenset({INVOICE, CREDIT_NOTE})
"""A document of these is one sale's or refund's; a contact or an item may be that of several."""


class Write(Value, frozen=True):
    """One document as it has to be in Xero after this event.

    `number` is the unique key that Xero keeps for us: ContactNumber, item Code, InvoiceNumber, CreditNoteNumber, or the
    payment's Reference. `parent` must be settled first. `only_if_absent` marks a contact taken from a sale's snapshot:
    written only where no document is. `keeps_edits`: an update sends only what changed since the last one of ours, so
    that what a person changed in Xero stays. `currency` is what a payment's amount is in, which Xero is not told: it
    takes the amount in the currency of what is paid. `moved_from` is the store's own date (`YYYY-MM-DD`) of what is
    booked on another, for its period is locked. `sums` are the total and the tax that Xero has to come to, where
    mapping has predicted them.
    """

    key: DocumentKey
    kind: Kind
    version: datetime
    number: str
    content: Content
    action: Action = Action.SAVE
    parent: DocumentKey | None = None
    only_if_absent: bool = False
    keeps_edits: bool = False
    currency: str = ""
    moved_from: str = ""
    sums: tuple[Decimal, Decimal] | None = None

    @property
    def payload(self) -> Mapping[str, Any]:
        """Xero's JSON for one element, with places left open for what only the ledger knows."""
        return self.content.payload

    @property
    def content_hash(self) -> str:
        """Equal for equal content."""
        return self.content.hash

    @property
    def needs(self) -> frozenset[DocumentKey]:
        """The documents that the payload names. What is written only where it is absent names none."""
        return _NONE if self.only_if_absent else self.content.needs

    @property
    def awaits(self) -> frozenset[DocumentKey]:
        """Every document that has to be there first: those the payload names, and the parent."""
        return self.needs if self.parent is None else self.needs | {self.parent}
