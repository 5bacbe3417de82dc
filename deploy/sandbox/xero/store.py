"""The books of the sandbox's organisations, in memory."""

from __future__ import annotations

import itertools
import uuid
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from functools import lru_cache

from deploy.sandbox.xero.chart import TIMEZONE
from deploy.sandbox.xero.clock import SandboxClock
from deploy.sandbox.xero.errors import Json
from deploy.sandbox.xero.settings_data import Settings
from deploy.sandbox.xero.table import Table, folded

_REMEMBERED_MOMENTS = 16
TENANT_SPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://xerelay.invalid/sandbox")


def exact(value: str) -> str:
    """Compared as it is."""
    return value


def as_code(value: str) -> str:
    """An item's code for comparison: without case and the spaces around it [xero 4.2]."""
    return value.strip().lower()


@lru_cache(_REMEMBERED_MOMENTS)
def _as_text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def tenant_id(name: str) -> str:
    """The id an organisation of this name has in every sandbox."""
    return str(uuid.uuid5(TENANT_SPACE, name))


class Book:
    """One organisation: what it is set up with, and its documents as Xero shows them."""

    def __init__(self, name: str, clock: SandboxClock) -> None:
        self.name = name
        self.tenant_id = tenant_id(name)
        self.clock = clock
        self.settings = Settings(f"Sandbox {name}", self.tenant_id, clock.utc())
        number = {"ContactNumber": exact, "Name": folded, "EmailAddress": folded, "AccountNumber": folded}
        self.contacts = Table("ContactID", number)
        self.items = Table("ItemID", {"Code": as_code})
        invoice = {"InvoiceNumber": exact, "Contact.ContactID": str.lower, "Reference": exact}
        self.invoices = Table("InvoiceID", invoice)
        credit_note = {"CreditNoteNumber": exact, "Contact.ContactID": str.lower, "Reference": exact}
        self.credit_notes = Table("CreditNoteID", credit_note)
        payment = {"Invoice.InvoiceID": str.lower, "CreditNote.CreditNoteID": str.lower, "Reference": exact}
        self.payments = Table("PaymentID", payment)
        self.approvals: Counter[tuple[int, int]] = Counter()
        self.most_approvals: int | None = None
        self._counters: dict[str, Iterator[int]] = {}

    @property
    def timezone(self) -> str:
        """The time zone in which a date that is not given is today."""
        return TIMEZONE

    def next_number(self, prefix: str, table: Table, field: str) -> str:
        """The number Xero gives a document that came without one."""
        counter = self._counters.setdefault(prefix, itertools.count(1))
        return next(n for n in (f"{prefix}{i:04}" for i in counter) if not table.find(field, n))

    def may_approve(self, day: date) -> bool:
        """Whether the plan allows one more sales invoice, in the month of its date."""
        return self.most_approvals is None or self.approvals[day.year, day.month] < self.most_approvals

    def count_approval(self, day: date) -> None:
        """Count a sales invoice in as approved, by the month of its date."""
        self.approvals[day.year, day.month] += 1

    def touch(self, document: Json, table: Table) -> None:
        """Stamp a changed document and bring its indexes up to date."""
        now = self.clock.utc()
        document["UpdatedDateUTC"] = now
        if table is not self.contacts and table is not self.items:
            document["UpdatedDateUTCString"] = _as_text(now)
        table.put(document)
