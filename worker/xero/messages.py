"""What Xero's validation messages mean for us. Pure.

Messages are not versioned: they are matched by fragments, in any case of letters; an unknown one is permanent.
https://developer.xero.com/documentation/api/accounting/responsecodes
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from worker.ledger.records import EXCEEDS_DUE

PERIOD_LOCKED = "period_locked"
CONTACT_ARCHIVED = "contact_archived"
ARITHMETIC = "arithmetic"
ITEM_UNKNOWN = "item_unknown"
NOT_FOUND = "not_found"
NUMBER_TAKEN = "number_taken"
DOCUMENT_FROZEN = "document_frozen"

STANDS_LOCKED_HINT = (
    "it stands in a period that is locked: make the change by hand on an open day, if it is needed, and discard this "
    "event; or move the lock date in xero, start the worker again and retry"
)
"""Of a change to what is in Xero, for which no other day helps."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """`reason` is a stable word for lists, metrics and the runbook.

    `exists`: our number, name or code is taken, so look it up. `pauses_kind`: it will hit every document alike.
    """

    reason: str
    hint: str
    exists: bool = False
    pauses_kind: bool = False


_CONTACT_NAME_TAKEN = Meaning("contact_name_taken", "another contact has this name", exists=True)
_NUMBER_TAKEN = Meaning(NUMBER_TAKEN, "compare the document of this number in xero", exists=True)
_ITEM_CODE_TAKEN = Meaning("item_code_taken", "the item is in xero already", exists=True)
_CONTACT_ARCHIVED = Meaning(
    CONTACT_ARCHIVED,
    "restore the contact in xero, or set organisations.NAME.archived_contact to new and restart, then retry",
)
_CONTACT_MISSING = Meaning("contact_missing", "give the customer a name in the store, then resync it")
_EMAIL_INVALID = Meaning("email_invalid", "mend the customer's email address in the store, then resync it")
_DOCUMENT_FROZEN = Meaning(DOCUMENT_FROZEN, "remove its payments and credit notes in xero, or discard this change")
_ACCOUNT_INVALID = Meaning(
    "account_invalid",
    "restore the account in xero, or correct [organisations.NAME.accounts] or .payments and restart, then retry",
    pauses_kind=True,
)
_TAX_TYPE_MISMATCH = Meaning(
    "tax_type_mismatch",
    "correct the account's tax type in xero, or [organisations.NAME.tax] and restart, then retry",
    pauses_kind=True,
)
_TRACKING = Meaning(
    "tracking_invalid",
    "add or restore category and option in xero, or correct [organisations.NAME.tracking] and restart, then retry",
    pauses_kind=True,
)
_THEME = Meaning(
    "theme_invalid",
    "correct organisations.NAME.branding_theme or .branding_themes and restart, then retry; xerelay check says which",
    pauses_kind=True,
)
_CURRENCY = Meaning("currency_not_enabled", "add the currency to the organisation in xero, then retry")
_PERIOD_LOCKED = Meaning(
    PERIOD_LOCKED,
    "move the lock date in xero and retry, or discard; organisations.NAME.locked_period = next_day takes what is new "
    "to the next open day",
    pauses_kind=True,
)
_PLAN_LIMIT = Meaning("plan_limit", "upgrade the organisation's plan, or wait for the next month", pauses_kind=True)
_NOT_PAYABLE = Meaning(
    "document_not_payable",
    "approve the document in xero and retry; if it is void, book the money by hand and discard; of credit that is paid "
    "out nothing is left to allocate: discard",
)
_EXCEEDS_DUE = Meaning(
    EXCEEDS_DUE,
    "first see to what is parked of its sale, such as an edit that makes it dearer, and retry; else look for a payment "
    "entered by hand in xero: remove it and retry, or discard",
)
_PAYMENT_ACCOUNT = Meaning(
    "payment_account_invalid",
    "enable payments to the account in xero, or correct [organisations.NAME.payments] and restart, then retry",
    pauses_kind=True,
)
_IN_BATCH = Meaning("payment_in_batch", "delete the batch payment in xero, then retry")
_CONTACT_DIFFERS = Meaning(
    "contact_differs", "give the credit note in xero the contact that the sale's invoice has there, then retry"
)
_ITEM_UNKNOWN = Meaning(ITEM_UNKNOWN, "give an item in xero the code that xero names, then retry")
_ARITHMETIC = Meaning(ARITHMETIC, "report this with the event: the totals should have been refused before")
_NOT_FOUND = Meaning(NOT_FOUND, "the document is no longer in xero; resync the entity")
_KEY_CLASH = Meaning("idempotency_clash", "retry; report this if it happens again")
_REFUSED = Meaning("refused", "read xero's message; mend the data in the store or in xero, then retry")

_TABLE: tuple[tuple[tuple[str, ...], Meaning], ...] = (
    # before the name, which may be taken as well: another name is of no use then
    (("contact number", "already assigned to another contact"), _NUMBER_TAKEN),
    (("already assigned to another contact",), _CONTACT_NAME_TAKEN),
    (("must be unique across all active contacts",), _CONTACT_NAME_TAKEN),
    (("contact name", "must be unique"), _CONTACT_NAME_TAKEN),
    (("price list item with code", "already exists"), _ITEM_CODE_TAKEN),
    (("must be unique",), _NUMBER_TAKEN),
    (("limit of invoices you can approve",), _PLAN_LIMIT),
    (("lock date",), _PERIOD_LOCKED),
    (("matched an archived contact",), _CONTACT_ARCHIVED),
    (("contact", "has been archived"), _CONTACT_ARCHIVED),
    (("not subscribed to currency",), _CURRENCY),
    (("cannot be used with account code",), _TAX_TYPE_MISMATCH),
    (("taxtype code", "does not exist or cannot be used"), _TAX_TYPE_MISMATCH),
    (("taxtype field is mandatory",), _TAX_TYPE_MISMATCH),
    (("tax rate must be valid",), _TAX_TYPE_MISMATCH),
    (("account type is invalid for making a payment",), _PAYMENT_ACCOUNT),
    (("account code", "is not a valid code for this document"), _ACCOUNT_INVALID),
    (("account code", "does not match a recognised account"), _ACCOUNT_INVALID),
    (("account code must be specified",), _ACCOUNT_INVALID),
    (("account must be valid",), _ACCOUNT_INVALID),
    (("item code", "is not valid"), _ITEM_UNKNOWN),
    (("elements to identify the contact",), _CONTACT_MISSING),
    (("contact must be specified",), _CONTACT_MISSING),
    (("email address must be valid",), _EMAIL_INVALID),
    (("not of valid status for modification",), _DOCUMENT_FROZEN),
    (("cannot be edited as it has a payment or credit note",), _DOCUMENT_FROZEN),
    (("cannot be applied", "has payments or credit notes allocated"), _DOCUMENT_FROZEN),
    # a paid document gets both messages
    (("exceeds the amount outstanding",), _EXCEEDS_DUE),
    # of allocations: https://github.com/waynerobinson/xeroizer/issues/320
    (("cannot be allocated", "greater than amount outstanding"), _EXCEEDS_DUE),
    (("already been paid off",), _EXCEEDS_DUE),
    (("only be made against authorised documents",), _NOT_PAYABLE),
    # of allocations, where the credit is paid out or void: their exact words are not known
    (("allocation", "only be made", "authorised documents"), _NOT_PAYABLE),
    (("within a batch cannot be deleted",), _IN_BATCH),
    (("total does not equal the sum of the lines",), _ARITHMETIC),
    (("tax amount cannot be greater than the line amount",), _ARITHMETIC),
    (("does not match the expected line total",), _ARITHMETIC),
    (("discount must not be greater than the line total",), _ARITHMETIC),
    (("total debits", "must equal total credits"), _ARITHMETIC),
    # of allocations: its words are not known, only the rule
    (("contact", "credit note", "invoice"), _CONTACT_DIFFERS),
    (("tracking",), _TRACKING),
    (("branding", "theme"), _THEME),
    (("an existing", "could not be found"), _NOT_FOUND),
    (("was not found for this endpoint",), _NOT_FOUND),
    (("is used with a different request",), _KEY_CLASH),
)

_GRAVE_WARNINGS = (("account code", "has been removed"), ("currencyrate",), ("currency rate",))
"""Of a draft's account, which Xero takes out, and of a rate that it calls implausible and books with all the same."""

REASONS = frozenset(meaning.reason for _, meaning in _TABLE) | {_REFUSED.reason}
"""Every reason that a refusal of Xero can have."""


def classify(messages: Iterable[str]) -> Meaning:
    """The meaning of one document's messages: "already there" outweighs the rest, for a look-up settles it."""
    texts = [message.lower() for message in messages]
    for fragments, meaning in _TABLE:
        if any(all(fragment in text for fragment in fragments) for text in texts):
            return meaning
    return _REFUSED


def grave(warnings: Iterable[str]) -> tuple[str, ...]:
    """Those of Xero's warnings without which the books are wrong."""
    return tuple(
        one for one in warnings if any(all(part in one.lower() for part in parts) for parts in _GRAVE_WARNINGS)
    )
