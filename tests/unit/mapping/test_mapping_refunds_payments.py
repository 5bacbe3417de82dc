"""Credit memos become credit notes and allocations; money that moved becomes payments."""

from decimal import Decimal
from typing import Any

import pytest

from schemas.entities import Entity
from tests.support.mapping_cases import (
    BUYER,
    SALE,
    credit_memo,
    event,
    invoice,
    key,
    line,
    organisation,
    payment,
    removed,
    writes,
)
from worker.documents.content import XeroId
from worker.documents.documents import Action, Kind, Write
from worker.mapping.plan import Ignored, Unmappable, Writes, plan

INVOICE = key("invoice", "31", "invoice")
CREDIT_NOTE = key("credit_memo", "41", "credit_note")
TAXED = line("10.00", "2.00", tax_rate="20")
ORG = organisation()
OLD_SALE = SALE | {"date": "2025-12-31"}
NAMELESS = {name: value for name, value in SALE.items() if name != "invoice_id"}
FIRST_SALE = SALE | {"date": "2026-01-01"}


def memo(*lines: dict[str, Any], **more: Any) -> tuple[Write, ...]:
    return writes(event(Entity.CREDIT_MEMO, credit_memo(*lines, **more)))


def paid(**more: Any) -> Write:
    (write,) = writes(event(Entity.PAYMENT, payment(**more)))
    return write


def test_a_refund_paid_back_is_a_credit_note_after_its_invoice() -> None:
    contact, allocation, note = memo(TAXED, tenders=[{"method": "stripe", "amount": "12.00"}])

    assert (allocation.kind, allocation.action) == (Kind.ALLOCATION, Action.VOID)

    assert (note.key, note.kind, note.number) == (CREDIT_NOTE, Kind.CREDIT_NOTE, "SHOP-C-webshop-300000001")
    assert (note.parent, note.needs) == (INVOICE, frozenset({contact.key}))
    assert (note.payload["Type"], note.payload["Reference"]) == ("ACCRECCREDIT", "200000034")
    assert note.payload["CreditNoteNumber"] == note.number
    assert "DueDate" not in note.payload
    (item,) = note.payload["LineItems"]
    assert (item["UnitAmount"], item["TaxAmount"]) == (Decimal("10.00"), Decimal("2.00"))


def test_what_was_not_paid_back_is_set_against_the_invoice() -> None:
    _, note, allocation = memo(TAXED, tenders=[{"method": "stripe", "amount": "5.00"}])

    assert (allocation.kind, allocation.key) == (Kind.ALLOCATION, key("credit_memo", "41", "allocation/1"))
    assert allocation.payload == {
        "Amount": Decimal("7.00"),
        "Date": "2026-03-09",
        "Invoice": {"InvoiceID": XeroId(INVOICE)},
        "CreditNote": {"CreditNoteID": XeroId(note.key)},
    }
    assert (allocation.parent, allocation.needs) == (note.key, frozenset({INVOICE, note.key}))


def test_where_orders_are_booked_the_order_is_credited() -> None:
    planned = writes(event(Entity.CREDIT_MEMO, credit_memo(TAXED)), organisation(sales_document="order"))

    assert planned[1].parent == key("order", "21", "invoice")


@pytest.mark.parametrize("sale", [SALE, NAMELESS])
@pytest.mark.parametrize("booked", ["invoice", "order"])
def test_what_stays_open_is_set_against_nothing_any_more(booked: str, sale: dict[str, Any]) -> None:
    data = credit_memo(TAXED, stays_open=True, sale=sale)

    _, allocation, note = writes(event(Entity.CREDIT_MEMO, data), organisation(sales_document=booked))

    assert (allocation.kind, allocation.action) == (Kind.ALLOCATION, Action.VOID)
    assert note.kind is Kind.CREDIT_NOTE


def test_a_credit_note_whose_sale_is_older_than_the_books_stands_alone() -> None:
    _, note = memo(TAXED, sale=OLD_SALE)

    assert (note.kind, note.parent) == (Kind.CREDIT_NOTE, None)


def test_a_credit_note_of_which_the_store_names_no_invoice_is_set_against_none_any_more() -> None:
    _, allocation, note = memo(TAXED, sale=NAMELESS)

    assert (allocation.kind, allocation.action) == (Kind.ALLOCATION, Action.VOID)
    assert (note.kind, note.parent) == (Kind.CREDIT_NOTE, None)


def test_a_credit_memo_from_before_start_date_is_left_alone() -> None:
    data = credit_memo(TAXED, sale=OLD_SALE, date="2025-12-31")

    assert plan(event(Entity.CREDIT_MEMO, data), organisation()) == Ignored("before start_date")


def test_a_refund_of_a_sale_of_the_first_day_comes_after_its_invoice() -> None:
    _, note, _ = memo(TAXED, sale=FIRST_SALE, date="2026-01-01")

    assert note.parent == INVOICE


@pytest.mark.parametrize("amount", ["3.00", "-3.00"])
def test_an_adjustment_has_its_line_and_account(amount: str) -> None:
    _, note, _ = memo(TAXED, adjustments=[{"name": "Return fee", "amount": amount}])

    item = note.payload["LineItems"][1]
    assert (item["Description"], item["UnitAmount"], item["AccountCode"]) == ("Return fee", Decimal(amount), "408")
    assert (item["TaxType"], item["TaxAmount"]) == ("NONE", 0)


def test_an_adjustment_whose_name_is_blank_has_a_description() -> None:
    _, note, _ = memo(TAXED, adjustments=[{"name": "  ", "amount": "3.00"}])

    assert note.payload["LineItems"][-1]["Description"] == "Adjustment"


def test_an_adjustment_without_its_account_is_for_a_person() -> None:
    accounts = organisation().accounts.model_dump() | {"refund_adjustment": None}
    data = credit_memo(TAXED, adjustments=[{"name": "Return fee", "amount": "3.00"}])

    with pytest.raises(Unmappable, match=r"account_missing.*refund_adjustment"):
        plan(event(Entity.CREDIT_MEMO, data), organisation(accounts=accounts))


def test_a_credit_memo_taken_back_frees_the_invoice_first() -> None:
    for one in (event(Entity.CREDIT_MEMO, credit_memo(TAXED, cancelled=True)), removed(Entity.CREDIT_MEMO, "41")):
        allocation, note = writes(one)

        assert (allocation.action, note.action) == (Action.VOID, Action.VOID)
        assert (allocation.key.part, note.key) == ("allocation/1", CREDIT_NOTE)


def test_a_credit_note_has_the_contact_of_its_sales_buyer() -> None:
    guest = BUYER | {"id": None}

    (sold_to, _), (credited_to, *_) = (
        writes(event(Entity.INVOICE, invoice(TAXED, customer=guest))),
        memo(TAXED, customer=guest),
    )

    assert sold_to.key == credited_to.key


def test_money_in_pays_the_invoice() -> None:
    write = paid()

    assert (write.kind, write.key, write.parent) == (Kind.PAYMENT, key("payment", "51", "payment/1"), INVOICE)
    assert write.payload == {
        "Invoice": {"InvoiceID": XeroId(INVOICE)},
        "Account": {"Code": "090"},
        "Date": "2026-03-03",
        "Amount": Decimal("12.00"),
        "Reference": "SHOP-P-webshop-51 ch_1",
    }
    assert (write.number, write.needs) == ("SHOP-P-webshop-51 ch_1", frozenset({INVOICE}))


def test_money_out_refunds_the_credit_note() -> None:
    write = paid(direction="out", credit_memo_id="41")

    assert write.payload["CreditNote"] == {"CreditNoteID": XeroId(CREDIT_NOTE)}
    assert "Invoice" not in write.payload
    assert (write.parent, write.needs) == (CREDIT_NOTE, frozenset({CREDIT_NOTE}))


@pytest.mark.parametrize(
    ("method", "account"),
    [
        ("stripe", {"Code": "090"}),
        ("paypal", {"AccountID": "6f0c3f2e-7d4e-4a53-9a59-2f3f1f1a7a10"}),
        ("gift_card", {"Code": "841"}),
        ("store_credit", {"Code": "842"}),
        ("reward_points", {"Code": "844"}),
        ("klarna", {"Code": "091"}),
    ],
)
def test_the_method_decides_the_account(method: str, account: dict[str, str]) -> None:
    payments = organisation().payments | {"default": "091"}

    (write,) = writes(event(Entity.PAYMENT, payment(method=method)), organisation(payments=payments))

    assert write.payload["Account"] == account


def test_a_method_without_an_account_is_for_a_person() -> None:
    with pytest.raises(Unmappable) as raised:
        paid(method="klarna")

    assert raised.value.reason == "payment_method_unmapped"
    assert '[organisations.main.payments]: "klarna" = "<account code>"' in raised.value.hint
    assert raised.value.hint.endswith("restart the workers, then retry")


def test_a_method_that_is_not_booked_is_ignored() -> None:
    planned = plan(event(Entity.PAYMENT, payment(method="checkmo")), organisation())

    assert planned == Ignored("the payment method is not booked")


def test_a_payment_that_names_no_invoice_is_for_a_person() -> None:
    with pytest.raises(Unmappable, match="sale_without_invoice"):
        paid(sale={k: v for k, v in SALE.items() if k != "invoice_id"})


def test_of_an_old_sale_the_refund_is_booked_and_the_payment_is_not() -> None:
    money_in = plan(event(Entity.PAYMENT, payment(sale=OLD_SALE)), organisation())
    old_refund = payment(sale=OLD_SALE, direction="out", credit_memo_id="41", date="2025-12-31")

    refund = paid(sale=OLD_SALE, direction="out", credit_memo_id="41")

    assert money_in == Ignored("before start_date")
    assert plan(event(Entity.PAYMENT, old_refund), organisation()) == Ignored("before start_date")
    assert refund.parent == CREDIT_NOTE


def test_money_of_the_first_day_is_booked() -> None:
    refund = paid(sale=OLD_SALE, direction="out", credit_memo_id="41", date="2026-01-01")

    assert paid(sale=FIRST_SALE).parent == INVOICE
    assert refund.parent == CREDIT_NOTE


def test_a_removed_payment_is_deleted() -> None:
    (write,) = writes(removed(Entity.PAYMENT, "51"))

    assert (write.action, write.key) == (Action.VOID, key("payment", "51", "payment/1"))


def test_a_long_transaction_id_is_cut_behind_our_own_key() -> None:
    write = paid(transaction_id="x" * 255, rate="1.100000")

    assert len(write.number) == 255
    assert write.number.startswith("SHOP-P-webshop-51 xxx")
    assert write.payload["CurrencyRate"] == Decimal("1.1")


def test_an_allocation_that_an_earlier_version_may_have_left_is_none_that_the_memo_is_about() -> None:
    back = plan(event(Entity.CREDIT_MEMO, credit_memo(TAXED, tenders=[{"method": "stripe", "amount": "12.00"}])), ORG)
    gone = plan(event(Entity.CREDIT_MEMO, credit_memo(TAXED, cancelled=True)), ORG)

    assert isinstance(back, Writes)
    assert isinstance(gone, Writes)
    assert [write.kind for write in back.made] == [Kind.CONTACT, Kind.CREDIT_NOTE]
    assert gone.made == gone.writes
