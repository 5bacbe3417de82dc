"""What becomes of documents after they were written: approvals, cancellations, payments, a cut-over."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from schemas.entities import Entity
from schemas.envelope import Event
from tests.support.mapping_cases import VERSION, event, invoice, line, payment, removed
from tests.support.serving_fakes import MemoryXero, Served, served
from tests.support.waiting import until
from worker.calls.approvals import Approvals
from worker.documents.documents import Kind
from worker.ledger.records import Call, HoldState, Purpose
from worker.xero.replies.reply import Reply, ReplyKind

NUMBER = "SHOP-I-webshop-100000012"
FROZEN = "Invoice not of valid status for modification"
EARLIER = {
    "InvoiceID": "old-1",
    "InvoiceNumber": "OLD-1",
    "Type": "ACCREC",
    "Reference": "200000034",
    "Status": "PAID",
    "Total": "12.00",
    "AmountDue": "0.00",
}


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[Served]:
    async with serving(tmp_path) as one:
        yield one


@asynccontextmanager
async def serving(tmp_path: Path, xero: MemoryXero | None = None, **changes: Any) -> AsyncIterator[Served]:
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db", xero=xero, **changes) as one:
        yield one


def sale(**more: Any) -> Event:
    made = event(Entity.INVOICE, invoice(line("10.00", "2.00", tax_rate="20"), **more))
    return made.model_copy(update={"version": VERSION + timedelta(hours=1)}) if more else made


def paying(**more: Any) -> Event:
    return event(Entity.PAYMENT, payment(**more))


def there(one: Served, **changes: Any) -> None:
    one.xero.written[NUMBER] = {**one.xero.written[NUMBER], **changes}


def refusal(*messages: str) -> Any:
    def answer(call: Call) -> Reply:
        errors = {"StatusAttributeString": "ERROR", "ValidationErrors": [{"Message": text} for text in messages]}
        elements: tuple[Mapping[str, Any], ...] = tuple({**member.element, **errors} for member in call.members)
        return Reply(ReplyKind.ANSWERED, 200, elements)

    return answer


def count(one: Served, kind: Kind) -> int:
    return sum(call.kind is kind for call in one.xero.calls)


async def test_a_payment_above_the_sale_is_parked_before_it_is_sent(one: Served) -> None:
    await one.acked(*one.receive(sale()))

    await one.acked(*one.receive(paying(amount="13.00")))

    [held] = await one.parked()
    assert (held.reason, "13.00" in held.detail, "12.00" in held.detail) == ("overpaid", True, True)
    assert count(one, Kind.PAYMENT) == 0


async def test_a_payment_of_a_sale_that_is_growing_waits_for_it(one: Served) -> None:
    await one.acked(*one.receive(sale()))
    grown = event(Entity.INVOICE, invoice(line("20.00", "4.00", tax_rate="20")))
    one.xero.gate.clear()
    change = one.receive(grown.model_copy(update={"version": VERSION + timedelta(hours=1)}))
    await until(lambda: one.xero.calls[-1].purpose is Purpose.LOOKUP, what="the look before the change")
    money = one.receive(paying(amount="24.00"))
    one.xero.gate.set()

    await one.acked(*change, *money)

    assert await one.parked() == []
    assert count(one, Kind.PAYMENT) == 1


async def test_a_payment_of_a_cancelled_sale_is_parked_before_it_is_sent(one: Served) -> None:
    await one.acked(*one.receive(sale()))
    await one.acked(*one.receive(sale(cancelled=True)))

    await one.acked(*one.receive(paying()))

    assert [held.reason for held in await one.parked()] == ["document_void"]
    assert count(one, Kind.PAYMENT) == 0


async def test_a_cancelled_sale_that_a_person_voided_is_done(one: Served) -> None:
    await one.acked(*one.receive(sale()))
    there(one, Status="VOIDED")
    one.xero.answers[Kind.INVOICE] = [refusal(FROZEN)]

    await one.acked(*one.receive(sale(cancelled=True)))

    assert await one.parked() == []


async def test_a_cancelled_sale_of_nothing_is_done_though_xero_keeps_it_as_paid(one: Served) -> None:
    free = event(Entity.INVOICE, invoice(line("0.00", name="Sample")))
    await one.acked(*one.receive(free))
    there(one, Status="PAID")
    one.xero.answers[Kind.INVOICE] = [refusal(FROZEN)]
    cancelled = event(Entity.INVOICE, invoice(line("0.00", name="Sample"), cancelled=True))

    await one.acked(*one.receive(cancelled))
    calls = len(one.xero.calls)
    await one.acked(*one.receive(cancelled))

    assert await one.parked() == []
    assert len(one.xero.calls) == calls


async def test_a_cancelled_sale_that_is_paid_is_parked_with_what_to_do(one: Served) -> None:
    await one.acked(*one.receive(sale()))
    there(one, Status="PAID")
    one.xero.answers[Kind.INVOICE] = [refusal(FROZEN)]

    await one.acked(*one.receive(sale(cancelled=True)))

    [held] = await one.parked()
    assert (held.reason, "PAID" in held.detail) == ("cancelled_paid", True)
    assert "credit memo" in held.hint


async def test_a_removed_payment_that_xero_does_not_have_any_more_is_done(one: Served) -> None:
    await one.acked(*one.receive(sale()))
    await one.acked(*one.receive(paying()))
    not_found = Reply(ReplyKind.NOT_FOUND, 404)
    one.xero.answers[Kind.PAYMENT] = [lambda _: not_found, lambda _: not_found]

    await one.acked(*one.receive(removed(Entity.PAYMENT, "51")))

    assert await one.parked() == []
    assert await one.waiting(HoldState.TIME) == 0


async def test_payments_of_a_draft_wait_for_its_approval_and_then_go_by_themselves(tmp_path: Path) -> None:
    async with serving(tmp_path, document_status="draft") as one:
        await one.acked(*one.receive(sale()))
        await one.acked(*one.receive(paying()))
        assert (await one.waiting(HoldState.TIME), count(one, Kind.PAYMENT)) == (1, 0)
        approvals = Approvals(session=one.session)
        assert await approvals.look() == 0
        there(one, Status="AUTHORISED")

        assert await approvals.look() == 1

        await one.written(Kind.PAYMENT, 1)
        assert await one.parked() == []


async def test_a_cancelled_draft_that_a_person_approved_meanwhile_is_voided(tmp_path: Path) -> None:
    async with serving(tmp_path, document_status="draft") as one:
        await one.acked(*one.receive(sale()))
        there(one, Status="AUTHORISED")
        one.xero.answers[Kind.INVOICE] = [refusal(FROZEN)]

        await one.acked(*one.receive(sale(cancelled=True)))

        assert (one.xero.written[NUMBER]["Status"], await one.parked()) == ("VOIDED", [])


async def test_a_contact_of_ours_that_the_ledger_forgot_is_updated_by_id(one: Served) -> None:
    one.xero.written["webshop:7"] = {"ContactID": "c-7", "ContactNumber": "webshop:7", "Name": "Somebody else"}
    one.xero.answers[Kind.CONTACT] = [refusal("The contact number webshop:7 must be unique."), one.xero.every]

    await one.acked(*one.receive(sale()))

    assert one.xero.written[NUMBER]["Contact"] == {"ContactID": "c-7"}


async def test_payments_of_a_draft_that_a_person_threw_away_are_parked(tmp_path: Path) -> None:
    async with serving(tmp_path, document_status="draft") as one:
        await one.acked(*one.receive(sale()))
        await one.acked(*one.receive(paying()))
        there(one, Status="DELETED")

        await Approvals(session=one.session).look()

        await one.parks(1)
        assert [held.reason for held in await one.parked()] == ["document_void"]


CUT_OVER = {"before": "2026-04-01"}


def with_earlier(**changes: Any) -> MemoryXero:
    return MemoryXero(written={"OLD-1": {**EARLIER, **changes}})


@pytest.mark.parametrize("policy", ["adopt", "leave"])
async def test_a_sale_that_an_earlier_connector_booked_is_not_booked_again(tmp_path: Path, policy: str) -> None:
    async with serving(tmp_path, with_earlier(), cut_over={"policy": policy, **CUT_OVER}) as one:
        await one.acked(*one.receive(sale()))
        await one.acked(*one.receive(paying()))

        assert set(one.xero.written) & {NUMBER, "OLD-1"} == {"OLD-1"}
        assert count(one, Kind.PAYMENT) == 0
        assert await one.parked() == []


async def test_an_adopted_sale_that_is_unpaid_takes_its_payment(tmp_path: Path) -> None:
    xero = with_earlier(Status="AUTHORISED", AmountDue="12.00")
    async with serving(tmp_path, xero, cut_over={"policy": "adopt", **CUT_OVER}) as one:
        await one.acked(*one.receive(sale()))
        await one.acked(*one.receive(paying()))

        [call] = [call for call in one.xero.calls if call.kind is Kind.PAYMENT]
        assert call.members[0].element["Invoice"] == {"InvoiceID": "old-1"}


@pytest.mark.parametrize(("total", "currency"), [("11.00", "GBP"), ("12.00", "EUR")])
async def test_an_earlier_sale_of_another_amount_is_parked_with_both(tmp_path: Path, total: str, currency: str) -> None:
    xero = with_earlier(Total=total, CurrencyCode=currency)
    async with serving(tmp_path, xero, cut_over={"policy": "adopt", **CUT_OVER}) as one:
        await one.acked(*one.receive(sale()))

        [held] = await one.parked()
        detail = f"xero has OLD-1 of {total} {currency} for this order, the store says 12.00 GBP"
        assert (held.reason, held.detail) == ("cut_over_differs", detail)


async def test_parts_of_one_order_are_no_earlier_connectors(tmp_path: Path) -> None:
    async with serving(tmp_path, with_earlier(), cut_over={"policy": "adopt", **CUT_OVER}) as one:
        other = event(Entity.INVOICE, invoice(line("10.00", "2.00", tax_rate="20"), id="32", number="13"))
        await one.acked(*one.receive(sale()))

        await one.acked(*one.receive(other))

        assert {"OLD-1", "SHOP-I-webshop-13"} <= set(one.xero.written)
        assert await one.parked() == []


@pytest.mark.parametrize(
    "changes", [{"Reference": "another"}, {"Status": "VOIDED"}, {"Type": "ACCPAY"}], ids=["reference", "void", "bill"]
)
async def test_a_sale_that_nobody_booked_is_created_after_one_look(tmp_path: Path, changes: dict[str, Any]) -> None:
    async with serving(tmp_path, with_earlier(**changes), cut_over={"policy": "adopt", **CUT_OVER}) as one:
        await one.acked(*one.receive(sale()))

        assert NUMBER in one.xero.written
        assert count(one, Kind.INVOICE) == 2


async def test_sales_from_the_day_of_the_cut_over_on_cost_no_look(tmp_path: Path) -> None:
    async with serving(tmp_path, cut_over={"policy": "adopt", "before": "2026-03-02"}) as one:
        await one.acked(*one.receive(sale()))

        assert count(one, Kind.INVOICE) == 1
