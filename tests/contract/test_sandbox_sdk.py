"""Xero's own Python SDK against the sandbox: what it writes is taken, what it reads back is what was written.

https://github.com/XeroAPI/xero-python
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from xero_python.accounting import (
    Account,
    AccountingApi,
    Allocation,
    Allocations,
    Contact,
    Contacts,
    CreditNote,
    CreditNotes,
    Invoice,
    Invoices,
    Item,
    Items,
    LineAmountTypes,
    LineItem,
    Payment,
    PaymentDelete,
    Payments,
    Purchase,
)
from xero_python.api_client import ApiClient
from xero_python.api_client.configuration import Configuration
from xero_python.api_client.oauth2 import OAuth2Token, TokenApi
from xero_python.exceptions import AccountingBadRequestException
from xero_python.identity import IdentityApi

from tests.support.sandbox_fixture import SandboxControl

Api = Any

_DAY = date(2026, 2, 10)


@pytest.fixture
def client(sandbox: SandboxControl, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The SDK's client with a token it fetched itself, and without urllib3's own retries."""
    monkeypatch.setattr(TokenApi, "client_credentials_token_url", f"{sandbox.url}/connect/token")
    held: dict[str, Any] = {}
    token = OAuth2Token(client_id="sandbox-custom", client_secret="sandbox-secret")
    api_client = ApiClient(
        Configuration(oauth2_token=token),
        oauth2_token_saver=held.update,
        oauth2_token_getter=lambda: held,
    )
    pool = api_client.rest_client.pool_manager
    pool.connection_pool_kw["retries"] = False
    api_client.get_client_credentials_token()
    yield api_client
    pool.clear()


@pytest.fixture
def api(client: Any, sandbox: SandboxControl) -> Api:
    return AccountingApi(client, base_url=f"{sandbox.url}/api.xro/2.0")


@pytest.fixture
def tenant(sandbox: SandboxControl) -> str:
    return sandbox.tenant_id()


def _contact(api: Api, tenant: str) -> Any:
    return api.create_contacts(tenant, Contacts(contacts=[Contact(name="Ada", contact_number="shop:1")])).contacts[0]


def _line(**more: Any) -> Any:
    return LineItem(**{"description": "a mug", "quantity": 2.0, "unit_amount": 10.5, "account_code": "200", **more})


def _invoice(contact: Any, number: str, *lines: Any) -> Any:
    return Invoice(
        type="ACCREC",
        contact=Contact(contact_id=contact.contact_id),
        invoice_number=number,
        date=_DAY,
        due_date=_DAY,
        status="AUTHORISED",
        line_amount_types=LineAmountTypes.EXCLUSIVE,
        line_items=list(lines) or [_line()],
    )


def _credit_note(contact: Any, number: str) -> Any:
    return CreditNote(
        type="ACCRECCREDIT",
        contact=Contact(contact_id=contact.contact_id),
        credit_note_number=number,
        date=_DAY,
        status="AUTHORISED",
        line_items=[_line()],
    )


def test_the_sdk_lists_its_connection(client: Any, sandbox: SandboxControl, tenant: str) -> None:
    connections = IdentityApi(client, base_url=sandbox.url).get_connections()

    assert [one.tenant_id for one in connections] == [tenant]
    assert connections[0].tenant_type == "ORGANISATION"


def test_the_sdk_reads_the_set_up(api: Api, tenant: str) -> None:
    organisation = api.get_organisations(tenant).organisations[0]
    accounts = {one.code: one for one in api.get_accounts(tenant).accounts}
    rates = {one.tax_type: one.effective_rate for one in api.get_tax_rates(tenant).tax_rates}

    assert str(organisation.base_currency) == "CurrencyCode.GBP"
    assert accounts["860"].system_account == "ROUNDING"
    assert rates["RROUTPUT"] == 5
    assert len(api.get_currencies(tenant).currencies) == 3
    assert len(api.get_tracking_categories(tenant).tracking_categories) == 2
    assert len(api.get_branding_themes(tenant).branding_themes) == 2
    assert api.get_organisation_actions(tenant).actions


def test_the_sdk_creates_updates_and_finds_contacts(api: Api, tenant: str) -> None:
    contact = _contact(api, tenant)
    api.update_contact(tenant, contact.contact_id, Contacts(contacts=[Contact(email_address="ada@example.com")]))

    found = api.get_contacts(tenant, where='Name=="ada"').contacts

    assert [(one.contact_id, one.email_address) for one in found] == [(contact.contact_id, "ada@example.com")]


def test_the_sdk_creates_items_and_sells_them(api: Api, tenant: str) -> None:
    api.create_items(
        tenant, Items(items=[Item(code="MUG", name="Mug", sales_details=Purchase(unit_price=12.3456))]), unitdp=4
    )
    sold = _line(item_code="MUG", unit_amount=12.3456)

    created = api.create_invoices(tenant, Invoices(invoices=[_invoice(_contact(api, tenant), "I-1", sold)]), unitdp=4)

    line = created.invoices[0].line_items[0]
    assert (line.item.code, line.line_amount) == ("MUG", Decimal("24.69"))
    assert api.get_items(tenant, unitdp=4).items[0].sales_details.unit_price == Decimal("12.3456")


def test_the_sdk_bills_is_paid_and_takes_the_payment_back(api: Api, tenant: str) -> None:
    created = api.create_invoices(tenant, Invoices(invoices=[_invoice(_contact(api, tenant), "I-1")])).invoices[0]
    target, bank = Invoice(invoice_id=created.invoice_id), Account(code="090")
    payment = Payment(invoice=target, account=bank, date=_DAY, amount=25.2, reference="P-1")

    made = api.create_payments(tenant, Payments(payments=[payment])).payments[0]
    paid = api.get_invoice(tenant, created.invoice_id).invoices[0]
    api.delete_payment(tenant, made.payment_id, PaymentDelete(status="DELETED"))
    opened = api.get_invoice(tenant, created.invoice_id).invoices[0]

    assert (created.total, created.date) == (Decimal("25.2"), _DAY)
    assert (paid.status, paid.amount_due, len(paid.payments)) == ("PAID", 0, 1)
    assert (opened.status, opened.amount_due) == ("AUTHORISED", Decimal("25.2"))


def test_the_sdk_credits_allocates_and_refunds(api: Api, tenant: str) -> None:
    contact = _contact(api, tenant)
    invoice = api.create_invoices(tenant, Invoices(invoices=[_invoice(contact, "I-1")])).invoices[0]
    note = api.create_credit_notes(tenant, CreditNotes(credit_notes=[_credit_note(contact, "C-1")])).credit_notes[0]
    part = Allocation(amount=10.0, date=_DAY, invoice=Invoice(invoice_id=invoice.invoice_id))

    allocations = api.create_credit_note_allocation(tenant, note.credit_note_id, Allocations(allocations=[part]))
    refund = Payment(
        credit_note=CreditNote(credit_note_id=note.credit_note_id), account=Account(code="090"), date=_DAY, amount=15.2
    )
    api.create_payment(tenant, refund)
    after = api.get_credit_note(tenant, note.credit_note_id).credit_notes[0]
    allocation_id = allocations.allocations[0].allocation_id
    gone = api.delete_credit_note_allocations(tenant, note.credit_note_id, allocation_id)

    assert (after.status, after.remaining_credit) == ("PAID", 0)
    assert (after.allocations[0].amount, after.payments[0].amount) == (10, Decimal("15.2"))
    assert gone.is_deleted is True
    assert api.get_credit_note(tenant, note.credit_note_id).credit_notes[0].remaining_credit == 10


def test_the_sdk_pages_and_filters(api: Api, tenant: str) -> None:
    contact = _contact(api, tenant)
    api.create_invoices(tenant, Invoices(invoices=[_invoice(contact, f"I-{number}") for number in range(5)]))

    page = api.get_invoices(tenant, page=2, page_size=2)
    named = api.get_invoices(tenant, invoice_numbers=["I-1", "I-4"])

    assert (len(page.invoices), page.pagination.page_count, page.pagination.item_count) == (2, 3, 5)
    assert sorted(one.invoice_number for one in named.invoices) == ["I-1", "I-4"]


def test_the_sdk_reads_verdicts(api: Api, tenant: str) -> None:
    contact = _contact(api, tenant)
    invoices = Invoices(invoices=[_invoice(contact, "I-1"), _invoice(contact, "I-2", _line(account_code="999"))])

    created = api.create_invoices(tenant, invoices, summarize_errors=False).invoices

    verdicts = {one.invoice_number: (one.status_attribute_string, one.has_errors) for one in created}
    assert verdicts == {"I-1": ("OK", False), "I-2": ("ERROR", True)}


def test_the_sdk_raises_what_xero_refuses(api: Api, tenant: str) -> None:
    _contact(api, tenant)

    with pytest.raises(AccountingBadRequestException) as raised:
        api.create_contacts(tenant, Contacts(contacts=[Contact(name="ADA")]))

    assert "already assigned to another contact" in str(raised.value.reason)
