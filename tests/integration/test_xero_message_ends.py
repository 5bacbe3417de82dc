"""Every validation message of Xero that our calls can meet, provoked in the sandbox, ends as docs/parked.md says.

Two that Xero has are missing: histories and journals have endpoints of their own, which xerelay does not call.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.support import xero_provocations as p
from tests.support.sandbox_fixture import SandboxControl, run_sandbox
from tests.support.xero_sandbox import SandboxXero
from worker.xero.messages import classify
from worker.xero.replies.verdicts import Exists, Refused, Verdict, Written, verdicts

PARKED = Path(__file__).parents[2] / "docs" / "parked.md"

# what Xero says, how it comes about, and the reason; "exists" leads to a look-up, "pauses" to a pause after five
TABLE: list[tuple[p.Provocation, str, str, str]] = [
    (p.name_taken, "already assigned to another contact", "contact_name_taken", "exists"),
    (p.archived_contact_edited, "matched an archived contact", "contact_archived", ""),
    (p.archived_contact_sold_to, "has been archived", "contact_archived", ""),
    (p.contact_without_identity, "elements to identify the contact", "contact_missing", ""),
    (p.no_contact, "A Contact must be specified", "contact_missing", ""),
    (p.bad_email, "Email address must be valid", "email_invalid", ""),
    (p.number_taken, "Invoice # must be unique.", "number_taken", "exists"),
    (p.edited_after_void, "Invoice not of valid status for modification", "document_frozen", ""),
    (p.edited_after_payment, "cannot be edited as it has a payment", "document_frozen", ""),
    (p.status_taken_back, "The status DRAFT cannot be applied", "document_frozen", ""),
    (p.unknown_account, "Account code '999' is not a valid code", "account_invalid", "pauses"),
    (p.unknown_account_in_a_draft, "Account code '476' has been removed", "account_invalid", "written"),
    (p.no_account, "Account code must be specified", "account_invalid", "pauses"),
    (p.no_tax_type, "The TaxType field is mandatory", "tax_type_mismatch", "pauses"),
    (p.unknown_payment_account, "Account must be valid.", "account_invalid", "pauses"),
    (p.archived_tax_rate, "Tax rate must be valid.", "tax_type_mismatch", "pauses"),
    (p.unknown_tracking, "tracking option 'Nowhere' of the tracking category 'Region'", "tracking_invalid", "pauses"),
    (p.unknown_theme, "A branding theme with the specified BrandingThemeID", "theme_invalid", "pauses"),
    (p.unknown_item, "Item code 'NOPE' is not valid", "item_unknown", ""),
    (p.item_taken, "Price List Item with Code 'abc' already exists", "item_code_taken", "exists"),
    (p.tax_of_another_class, "cannot be used with account code '200'", "tax_type_mismatch", "pauses"),
    (p.unknown_tax_type, "does not exist or cannot be used for this type", "tax_type_mismatch", "pauses"),
    (p.unknown_currency, "not subscribed to currency JPY", "currency_not_enabled", ""),
    (p.locked_period, "before the period lock date", "period_locked", "pauses"),
    (p.locked_year, "before the end of year lock date", "period_locked", "pauses"),
    (p.plan_spent, "limit of invoices you can approve", "plan_limit", "pauses"),
    (p.draft_paid, "only be made against Authorised documents", "document_not_payable", ""),
    (p.paid_twice, "exceeds the amount outstanding", "payment_exceeds_due", ""),
    (p.paid_too_much, "exceeds the amount outstanding", "payment_exceeds_due", ""),
    (p.credit_of_another_contact, "does not match the contact of the invoice", "contact_differs", ""),
    (p.account_without_payments, "Account type is invalid for making a payment", "payment_account_invalid", "pauses"),
    (p.payment_of_a_batch_deleted, "Payments within a batch cannot be deleted.", "payment_in_batch", ""),
    (p.another_total, "total does not equal the sum of the lines", "arithmetic", ""),
    (p.tax_above_the_line, "Tax amount cannot be greater than the line amount", "arithmetic", ""),
    (p.another_line_total, "does not match the expected line total", "arithmetic", ""),
    (p.discount_above_the_line, "Discount must not be greater than the line total", "arithmetic", ""),
    (p.unknown_invoice, "existing Invoice with the specified InvoiceID", "not_found", ""),
    (p.unknown_credit_note, "existing Credit Note with the specified CreditNoteID", "not_found", ""),
    (p.key_used_twice, "is used with a different request", "idempotency_clash", ""),
]


@pytest.fixture(scope="module")
def shared_sandbox() -> Iterator[SandboxControl]:
    yield from run_sandbox()


@pytest.fixture
async def world(shared_sandbox: SandboxControl) -> AsyncIterator[p.World]:
    shared_sandbox.reset()
    xero = SandboxXero(shared_sandbox)
    yield p.World(xero, shared_sandbox)
    await xero.aclose()


@pytest.mark.parametrize(("provoke", "words", "reason", "fate"), TABLE, ids=[row[0].__name__ for row in TABLE])
async def test_a_message_ends_in_its_outcome_reason_and_hint(
    world: p.World, provoke: p.Provocation, words: str, reason: str, fate: str
) -> None:
    call, reply = await provoke(world)

    [verdict] = verdicts(call, reply).values()
    messages = said(verdict)
    assert any(words in message for message in messages), messages
    meaning = classify(messages)
    assert (meaning.reason, bool(meaning.hint)) == (reason, True)
    assert ended(verdict) == fate
    assert reason in promised()


def said(verdict: Verdict) -> tuple[str, ...]:
    if isinstance(verdict, Written):
        return verdict.warnings
    assert isinstance(verdict, Exists | Refused), verdict
    return verdict.messages


def ended(verdict: Verdict) -> str:
    if isinstance(verdict, Written):
        return "written"
    if isinstance(verdict, Refused):
        return "pauses" if verdict.pauses_kind else ""
    return "exists"


def promised() -> set[str]:
    """The reasons of the tables in docs/parked.md."""
    rows = re.findall(r"^\| (`[^|]*`) \|", PARKED.read_text(), re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`([a-z_]+)`", row)}
