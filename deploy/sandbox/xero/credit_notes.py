"""Credit notes: their words, and what is left on them [xero 4.5]."""

from __future__ import annotations

from deploy.sandbox.xero.batch import Naming
from deploy.sandbox.xero.errors import Json
from deploy.sandbox.xero.family import Family
from deploy.sandbox.xero.invoices import settle_date
from deploy.sandbox.xero.money import ZERO

UNKNOWN_CREDIT_NOTE = "An existing Credit Note with the specified CreditNoteID could not be found"


def settle_credit_note(credit_note: Json) -> None:
    """Work out what is left; a credit note with nothing left is PAID, one with something is not."""
    credit_note.setdefault("Payments", [])
    credit_note.setdefault("Allocations", [])
    applied = sum((allocation["Amount"] for allocation in credit_note["Allocations"]), ZERO)
    refunded = sum((payment["Amount"] for payment in credit_note["Payments"]), ZERO)
    ended = credit_note["Status"] in {"VOIDED", "DELETED"}
    remaining = ZERO if ended else credit_note["Total"] - applied - refunded
    credit_note |= {"RemainingCredit": remaining, "AppliedAmount": applied}
    if credit_note["Status"] in {"AUTHORISED", "PAID"}:
        credit_note["Status"] = "AUTHORISED" if remaining else "PAID"
    settle_date(credit_note)


def _has_settlements(credit_note: Json) -> bool:
    return bool(credit_note["Payments"] or credit_note["Allocations"])


CREDIT_NOTES = Family(
    naming=Naming("CreditNotes", "CreditNoteID", "HasErrors"),
    number_field="CreditNoteNumber",
    number_prefix="CN-",
    number_taken="Credit Note # must be unique.",
    unknown=UNKNOWN_CREDIT_NOTE,
    sale="ACCRECCREDIT",
    bill="ACCPAYCREDIT",
    discounts=False,
    due_date=False,
    table=lambda book: book.credit_notes,
    settle=settle_credit_note,
    settled_by=_has_settlements,
)
