# ruff: noqa: E501 - the messages stand as Xero writes them

from __future__ import annotations

import pytest

from worker.xero.messages import classify

TABLE = [
    ("The contact name X is already assigned to another contact. The contact name must be unique across all active contacts.", "contact_name_taken"),
    ("The specified contact details matched an archived contact. Archived contacts cannot currently be edited via the API.", "contact_archived"),
    ("The contact with the specified contact details has been archived. The contact must be un-archived before creating new invoices or credit notes", "contact_archived"),
    ("The Contact must contain at least 1 of the following elements to identify the contact: Name, ContactID, ContactNumber", "contact_missing"),
    ("A Contact must be specified for this type of transaction", "contact_missing"),
    ("Email address must be valid", "email_invalid"),
    ("The contact name must be unique.", "contact_name_taken"),
    ("Invoice # must be unique.", "number_taken"),
    ("The contact number shop:1 is already assigned to another contact. The contact number must be unique.", "number_taken"),
    ("Invoice not of valid status for modification", "document_frozen"),
    ("This document cannot be edited as it has a payment or credit note allocated to it.", "document_frozen"),
    ("The status AUTHORISED cannot be applied to the invoice because it has payments or credit notes allocated to it.", "document_frozen"),
    ("Account code '200' is not a valid code for this document.", "account_invalid"),
    ("Account code '476' has been removed as it does not match a recognised account.", "account_invalid"),
    ("Account code must be specified", "account_invalid"),
    ("The TaxType field is mandatory", "tax_type_mismatch"),
    ("Account must be valid.", "account_invalid"),
    ("Tax rate must be valid.", "tax_type_mismatch"),
    ("Item code 'X' is not valid", "item_unknown"),
    ("Price List Item with Code 'abc' already exists", "item_code_taken"),
    ("The TaxType code 'X' cannot be used with account code 'Y'.", "tax_type_mismatch"),
    ("The TaxType code GST on Income does not exist or cannot be used for this type of transaction.", "tax_type_mismatch"),
    ("Organisation is not subscribed to currency EUR", "currency_not_enabled"),
    ("The document date cannot be before the period lock date, currently set at 31 Jan 2026", "period_locked"),
    ("The document date cannot be before the end of year lock date, currently set at 31 Jan 2026", "period_locked"),
    ("You have reached the limit of invoices you can approve", "plan_limit"),
    ("Payments can only be made against Authorised documents", "document_not_payable"),
    ("Allocations can only be made between Authorised documents", "document_not_payable"),
    ("Payment amount exceeds the amount outstanding on this document", "payment_exceeds_due"),
    ("Credit Note cannot be allocated as amount is greater than amount outstanding", "payment_exceeds_due"),
    ("The invoice you are trying to allocate to has already been paid off", "payment_exceeds_due"),
    ("The contact of the credit note does not match the contact of the invoice", "contact_differs"),
    ("Account type is invalid for making a payment to/from", "payment_account_invalid"),
    ("Payments within a batch cannot be deleted.", "payment_in_batch"),
    ("The document total does not equal the sum of the lines", "arithmetic"),
    ("Tax amount cannot be greater than the line amount", "arithmetic"),
    ("The line total 5.00 does not match the expected line total 6.00", "arithmetic"),
    ("The discount rate '27.83' is invalid. Discount must not be greater than the line total.", "arithmetic"),
    ("An existing Credit Note with the specified CreditNoteID could not be found", "not_found"),
    ("An existing Invoice with the specified InvoiceID could not be found", "not_found"),
    ("An existing Item with the specified ItemID could not be found", "not_found"),
    ("A line item with the specified LineItemID could not be found", "refused"),
    ("The tracking option 'North' of the tracking category 'Region' could not be found", "tracking_invalid"),
    ("There is no ACTIVE tracking category with the name 'Region'", "tracking_invalid"),
    ("A branding theme with the specified BrandingThemeID could not be found", "theme_invalid"),
    ("The document with the supplied id was not found for this endpoint.", "not_found"),
    ("The total debits (100.00) must equal total credits (-10.00)", "arithmetic"),
    ("Idempotency Key: abc is used with a different request.", "idempotency_clash"),
    ("Something nobody has seen yet", "refused"),
]  # fmt: skip


@pytest.mark.parametrize(("message", "reason"), TABLE)
@pytest.mark.parametrize("case", [str, str.upper])
def test_each_message_has_its_meaning_in_any_case(message: str, reason: str, case: type[str]) -> None:
    meaning = classify([case(message)])

    assert meaning.reason == reason
    assert meaning.hint
    assert meaning.exists is (reason in {"contact_name_taken", "number_taken", "item_code_taken"})


@pytest.mark.parametrize(
    "reason",
    ["account_invalid", "plan_limit", "period_locked", "tax_type_mismatch", "tracking_invalid", "theme_invalid"],
)
def test_what_hits_every_document_pauses_its_kind(reason: str) -> None:
    message = next(text for text, r in TABLE if r == reason)

    assert classify([message]).pauses_kind


@pytest.mark.parametrize("reason", ["contact_archived", "email_invalid", "payment_exceeds_due", "refused"])
def test_what_is_wrong_with_one_document_does_not(reason: str) -> None:
    message = next(text for text, r in TABLE if r == reason)

    assert not classify([message]).pauses_kind


def test_already_there_outweighs_other_messages() -> None:
    meaning = classify(["Account code '200' is not a valid code for this document.", "Invoice # must be unique."])

    assert meaning.reason == "number_taken"


def test_no_message_at_all_is_a_refusal() -> None:
    assert classify([]).reason == "refused"
