"""A payment that changed after Xero had it is a person's matter: Xero cannot edit payments."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from schemas.entities import Entity
from schemas.envelope import Event
from tests.support.mapping_cases import VERSION, credit_memo, event, invoice, line, payment, removed
from tests.support.serving_fakes import Served, served
from worker.documents.documents import Kind

HOUR = timedelta(hours=1)
LINE = line("10.00", "2.00", tax_rate="20")


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[Served]:
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db") as one:
        await one.acked(*one.receive(event(Entity.INVOICE, invoice(LINE))))
        yield one


def later(of: Event, hours: int = 1) -> Event:
    return of.model_copy(update={"version": VERSION + hours * HOUR})


def paying(**more: Any) -> Event:
    return event(Entity.PAYMENT, payment(**more))


def payments(one: Served) -> int:
    return sum(call.kind is Kind.PAYMENT for call in one.xero.calls)


async def test_a_changed_amount_is_parked_with_both_amounts(one: Served) -> None:
    await one.acked(*one.receive(paying()))

    await one.acked(*one.receive(later(paying(amount="9.00"))))

    [held] = await one.parked()
    assert (held.reason, held.version) == ("payment_changed", VERSION + HOUR)
    assert "12.00" in held.detail
    assert "9.00" in held.detail
    assert "removal" in held.hint
    assert payments(one) == 1


async def test_a_changed_amount_under_the_same_version_is_parked_too(one: Served) -> None:
    await one.acked(*one.receive(paying()))

    await one.acked(*one.receive(paying(amount="9.00")))

    assert [held.reason for held in await one.parked()] == ["payment_changed"]


async def test_a_changed_date_is_parked_with_both_dates(one: Served) -> None:
    await one.acked(*one.receive(paying()))

    await one.acked(*one.receive(later(paying(date="2026-03-04"))))

    [held] = await one.parked()
    assert "same amount, but date 2026-03-03, expected 2026-03-04" in held.detail


@pytest.mark.parametrize(
    "again",
    [
        pytest.param(later(paying()), id="newer-but-equal"),
        pytest.param(later(paying(amount="9.00"), -1), id="older"),
        pytest.param(paying(method="paypal"), id="same-version-on-another-account-of-ours"),
    ],
)
async def test_no_news_is_no_matter_for_a_person(one: Served, again: Event) -> None:
    await one.acked(*one.receive(paying()))

    await one.acked(*one.receive(again))

    assert await one.parked() == []
    assert payments(one) == 1


async def test_a_removal_clears_what_was_parked(one: Served) -> None:
    await one.acked(*one.receive(paying()))
    await one.acked(*one.receive(later(paying(amount="9.00"))))

    await one.acked(*one.receive(later(removed(Entity.PAYMENT, "51"), 2)))

    assert await one.parked() == []
    assert payments(one) == 2


async def test_payments_that_are_too_much_together_are_told_apart_before_they_are_sent(one: Served) -> None:
    await one.acked(*one.receive(paying(amount="7.00"), paying(id="52", amount="6.00")))

    [held] = await one.parked()
    assert (held.reason, held.owner and held.owner.entity_id) == ("overpaid", "52")
    [call] = [call for call in one.xero.calls if call.kind is Kind.PAYMENT]
    assert [member.element["Amount"] for member in call.members] == [Decimal("7.00")]


async def test_a_changed_allocation_is_parked(one: Served) -> None:
    memo = event(Entity.CREDIT_MEMO, credit_memo(LINE))
    await one.acked(*one.receive(memo))
    smaller = event(Entity.CREDIT_MEMO, credit_memo(line("5.00", "1.00", tax_rate="20")))

    await one.acked(*one.receive(later(smaller)))

    [held] = await one.parked()
    assert held.reason == "payment_changed"
    assert "set the credit against the invoice there by hand" in held.hint


async def test_a_payment_in_another_currency_than_its_sale_is_not_taken_for_so_much_of_the_sales(one: Served) -> None:
    await one.acked(*one.receive(paying(amount="11.00", currency="USD")))

    [held] = await one.parked()
    assert (held.reason, payments(one)) == ("payment_currency", 0)
    assert "USD" in held.detail
    assert "GBP" in held.detail


async def test_an_allocation_is_taken_back_once_all_of_the_refund_was_paid(one: Served) -> None:
    await one.acked(*one.receive(event(Entity.CREDIT_MEMO, credit_memo(LINE))))
    refunded = event(Entity.CREDIT_MEMO, credit_memo(LINE, tenders=[{"method": "stripe", "amount": "12.00"}]))

    await one.acked(*one.receive(later(refunded)))

    assert [call.method for call in one.xero.calls if call.kind is Kind.ALLOCATION] == ["PUT", "DELETE"]
    assert await one.parked() == []


async def test_a_payment_that_xero_does_not_delete_is_parked_after_one_try(one: Served) -> None:
    await one.acked(*one.receive(paying()))
    number = next(number for number, element in one.xero.written.items() if "PaymentID" in element)
    one.xero.written[number] = {**one.xero.written[number], "Status": "AUTHORISED"}
    one.xero.answers[Kind.PAYMENT] = [one.xero.refuse]

    await one.acked(*one.receive(later(removed(Entity.PAYMENT, "51"))))

    assert [held.reason for held in await one.parked()] == ["not_deleted"]
    assert one.xero.written[number]["Status"] == "AUTHORISED"
