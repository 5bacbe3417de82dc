"""A payment whose account is another in the configuration by now stands as it is booked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from schemas.entities import Entity
from schemas.envelope import Event
from tests.support.mapping_cases import VERSION, credit_memo, event, invoice, line, organisation, payment
from tests.support.serving_fakes import Served, served
from worker.documents.documents import Kind
from worker.ledger.records import Call

NUMBER = "SHOP-I-webshop-100000012"
PAID = "SHOP-P-webshop-51 ch_1"
REFUNDED = "SHOP-P-webshop-52 re_1"
LINE = line("10.00", "2.00", tax_rate="20")


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[Served]:
    """A sale, its payment and a refund of it; then the account of their method is changed."""
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db") as one:
        memo = credit_memo(LINE, tenders=[{"method": "stripe", "amount": "12.00"}])
        await one.acked(*one.receive(event(Entity.INVOICE, invoice(LINE)), event(Entity.CREDIT_MEMO, memo)))
        await one.acked(*one.receive(paying(), refunding()))
        configure(one)
        yield one


def configure(one: Served, **changes: Any) -> None:
    one.session.org = organisation(linger=timedelta(0), payments={"stripe": "091"}, **changes)


def paying(hours: int = 0, **more: Any) -> Event:
    return event(Entity.PAYMENT, payment(**more)).model_copy(update={"version": VERSION + timedelta(hours=hours)})


def refunding(hours: int = 0, **more: Any) -> Event:
    refund = {"id": "52", "direction": "out", "credit_memo_id": "41", "transaction_id": "re_1", **more}
    return paying(hours, **refund)


def of_payments(one: Served) -> list[Call]:
    return [call for call in one.xero.calls if call.kind is Kind.PAYMENT]


def there(one: Served, reference: str, **changes: Any) -> None:
    """What became of a payment in Xero, or how it shows it."""
    one.xero.written[reference] = {**one.xero.written[reference], **changes}


async def test_payments_that_are_published_again_stand_after_one_look_at_all_of_them(one: Served) -> None:
    with capture_logs() as logs:
        await one.acked(*one.receive(paying(1), refunding(1)))
        await one.acked(*one.receive(paying(2), refunding(2)))

    made, look = of_payments(one)
    assert (made.method, look.method) == ("PUT", "GET")
    assert sorted(look.params["where"].split(" OR ")) == [f'Reference=="{PAID}"', f'Reference=="{REFUNDED}"']
    assert await one.parked() == []
    assert {one.xero.written[name]["Account"]["Code"] for name in (PAID, REFUNDED)} == {"090"}
    assert [(log["event"], log["payments"]) for log in logs if log["event"] == "payments.stand"] == [
        ("payments.stand", 2)
    ]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"amount": "9.00"}, "is of 12.00, the store now says 9.00"),
        ({"date": "2026-03-04"}, "date 2026-03-03, expected 2026-03-04"),
        ({"transaction_id": "ch_2"}, "expected SHOP-P-webshop-51 ch_2"),
    ],
    ids=["amount", "date", "reference"],
)
async def test_what_else_the_store_changed_is_not_hidden_by_the_account(
    one: Served, change: Mapping[str, Any], says: str
) -> None:
    await one.acked(*one.receive(paying(1, **change)))

    [held] = await one.parked()
    assert (held.reason, held.version) == ("payment_changed", VERSION + timedelta(hours=1))
    assert says in held.detail


async def test_a_payment_that_is_of_another_sale_now_is_parked(one: Served) -> None:
    other = invoice(LINE, id="32", number="100000013", order_id="22", order_number="200000035")
    await one.acked(*one.receive(event(Entity.INVOICE, other)))
    sale = {"order_id": "22", "order_number": "200000035", "invoice_id": "32", "date": "2026-03-02"}

    await one.acked(*one.receive(paying(1, sale=sale)))

    [held] = await one.parked()
    assert "pays another Invoice" in held.detail


async def test_a_refund_of_which_the_date_changed_is_parked(one: Served) -> None:
    await one.acked(*one.receive(refunding(1, date="2026-03-10")))

    [held] = await one.parked()
    assert (held.reason, held.owner and held.owner.entity_id) == ("payment_changed", "52")


@pytest.mark.parametrize(
    ("theirs", "says"),
    [({"Status": "DELETED"}, "deleted"), ({"PaymentID": "another-one"}, "it is there no more")],
    ids=["deleted", "made anew by a person"],
)
async def test_a_payment_that_a_person_took_out_of_xero_does_not_stand(
    one: Served, theirs: Mapping[str, Any], says: str
) -> None:
    there(one, PAID, **theirs)

    await one.acked(*one.receive(paying(1)))

    [held] = await one.parked()
    assert says in held.detail


async def test_a_payment_of_a_sale_that_was_issued_anew_stands_on_the_invoice_before(one: Served) -> None:
    there(one, PAID, Invoice={"InvoiceID": "before", "InvoiceNumber": f"{NUMBER}~0"})

    await one.acked(*one.receive(paying(1)))

    assert await one.parked() == []


@pytest.mark.parametrize("note", ["", " (of 2026-03-03: locked)"], ids=["before the lock", "moved out of it"])
async def test_a_payment_whose_period_is_locked_by_now_stands_on_the_day_it_was_booked_on(
    one: Served, note: str
) -> None:
    configure(one, locked_period="next_day")
    one.session.lock_date = date(2026, 3, 31)
    there(one, PAID, Date="2026-03-06" if note else "2026-03-03", Reference=f"{PAID}{note}")

    await one.acked(*one.receive(paying(1)))

    assert await one.parked() == []


async def test_a_rate_of_the_organisations_own_currency_is_no_difference(one: Served) -> None:
    configure(one)
    there(one, PAID, CurrencyRate=1)

    await one.acked(*one.receive(paying(1, rate="0.8")))

    assert await one.parked() == []
