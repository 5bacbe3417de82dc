"""A period that is locked in Xero: learned from its first refusal, then documents move to the next open day."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from schemas.entities import Entity
from schemas.envelope import Event
from tests.support.mapping_cases import VERSION, event, invoice, line, organisation
from tests.support.serving_fakes import MemoryXero, Served, served
from tests.support.waiting import until
from worker.documents.documents import Kind
from worker.ledger.records import Call, Member, Purpose
from worker.xero.messages import STANDS_LOCKED_HINT
from worker.xero.replies.reply import Reply, ReplyKind

REFUSAL = "The document date cannot be before the period lock date, currently set at 31 March 2026"


@dataclass
class LockedXero(MemoryXero):
    """Refuses documents that are dated, or stand, on or before its lock date."""

    lock_date: str = "2026-03-31"
    settings_asked: int = 0

    def take(self, call: Call) -> Reply:
        if call.path != "/Organisation" and call.purpose is not Purpose.WRITE:
            return super().take(call)
        if call.purpose is Purpose.SETTINGS:
            self.settings_asked += 1
            return Reply(ReplyKind.ANSWERED, 200, ({"PeriodLockDate": "", "EndOfYearLockDate": self.lock_date},))
        return Reply(ReplyKind.ANSWERED, 200, tuple(self._judged(member) for member in call.members))

    def _judged(self, member: Member) -> Mapping[str, Any]:
        days = [one.get("Date") for one in (member.element, self.written.get(member.number, {}))]
        if any(day and day <= self.lock_date for day in days):
            return {
                "InvoiceNumber": member.number,
                "StatusAttributeString": "ERROR",
                "ValidationErrors": [{"Message": REFUSAL}],
            }
        return self._element(member)


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[Served]:
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db", xero=LockedXero()) as one:
        one.session.org = organisation(linger=timedelta(0), locked_period="next_day")
        yield one


def sale(number: int, **more: Any) -> Event:
    return event(Entity.INVOICE, invoice(line("10.00"), id=str(number), number=f"{number}", **more))


def xero_of(one: Served) -> LockedXero:
    assert isinstance(one.xero, LockedXero)
    return one.xero


def dates(one: Served) -> dict[str, str]:
    return {number: element["Date"] for number, element in one.xero.written.items() if "Date" in element}


async def test_documents_of_a_locked_period_are_booked_on_the_next_open_day(one: Served) -> None:
    one.receive(*(sale(number) for number in range(7)), sale(8, date="2026-04-02"))

    await until(lambda: len(dates(one)) == 8, what="eight invoices")

    expected = {f"SHOP-I-webshop-{number}": "2026-04-01" for number in range(7)}
    assert dates(one) == expected | {"SHOP-I-webshop-8": "2026-04-02"}
    assert one.session.lock_date == date(2026, 3, 31)
    assert xero_of(one).settings_asked == 1
    assert await one.parked() == []
    assert not one.session.paused_kinds


async def test_the_lock_is_asked_for_though_no_other_call_may_be_under_way_beside_the_one_refused(one: Served) -> None:
    one.session.limits = replace(one.session.limits, concurrent=1)

    one.receive(sale(1))
    await until(lambda: len(dates(one)) == 1, what="the invoice")

    assert await one.parked() == []
    assert dates(one) == {"SHOP-I-webshop-1": "2026-04-01"}


async def test_once_the_lock_is_known_nothing_more_is_asked(one: Served) -> None:
    one.receive(sale(1))
    await until(lambda: len(dates(one)) == 1, what="the first invoice")
    calls = len(one.xero.calls)

    await one.acked(*one.receive(sale(2)))

    assert dates(one)["SHOP-I-webshop-2"] == "2026-04-01"
    assert all(call.purpose is Purpose.WRITE for call in one.xero.calls[calls:])


async def test_what_was_booked_before_the_lock_costs_no_call_and_a_change_of_it_is_for_a_person(one: Served) -> None:
    xero_of(one).lock_date = "2026-01-31"
    await one.acked(*one.receive(sale(1)))
    xero_of(one).lock_date = "2026-03-31"
    one.receive(sale(2))
    await until(lambda: len(dates(one)) == 2, what="the moved invoice")
    calls = len(one.xero.calls)

    await one.acked(*one.receive(sale(1)))
    assert len(one.xero.calls) == calls
    later = sale(1, order_number="X").model_copy(update={"version": VERSION + timedelta(hours=1)})
    await one.acked(*one.receive(later))
    await until(lambda: len(one.xero.calls) > calls, what="the change")

    assert dates(one)["SHOP-I-webshop-1"] == "2026-03-02"
    assert [held.reason for held in await one.parked()] == ["period_locked"]


async def test_to_a_change_of_what_was_booked_before_the_lock_the_policy_is_not_advised(one: Served) -> None:
    xero_of(one).lock_date = "2026-01-31"
    await one.acked(*one.receive(sale(1)))
    xero_of(one).lock_date = "2026-03-31"

    moved = sale(1, date="2026-04-02").model_copy(update={"version": VERSION + timedelta(hours=1)})
    await one.acked(*one.receive(moved))

    [parked] = await one.parked()
    assert parked.reason == "period_locked"
    assert parked.hint == STANDS_LOCKED_HINT


async def test_without_the_policy_the_refusal_stands(one: Served) -> None:
    one.session.org = organisation(linger=timedelta(0))

    await one.acked(*one.receive(sale(1)))

    assert [held.reason for held in await one.parked()] == ["period_locked"]
    assert xero_of(one).settings_asked == 0
    assert [call.kind for call in one.xero.calls if call.purpose is Purpose.WRITE] == [Kind.CONTACT, Kind.INVOICE]


async def test_a_sale_that_an_earlier_connector_booked_in_a_locked_period_is_not_booked_again(tmp_path: Path) -> None:
    earlier = {"InvoiceID": "old-1", "InvoiceNumber": "OLD-1", "Type": "ACCREC", "Reference": "200000034"}
    xero = LockedXero(written={"OLD-1": {**earlier, "Status": "PAID", "Total": "10.00", "Date": "2026-03-02"}})
    cut_over = {"policy": "adopt", "before": "2026-04-01"}
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db", xero=xero, cut_over=cut_over) as one:
        one.session.org = organisation(linger=timedelta(0), locked_period="next_day", cut_over=cut_over)
        one.session.lock_date = date(2026, 3, 31)

        await one.acked(*one.receive(sale(1)))

        assert dates(one) == {"OLD-1": "2026-03-02"}
        assert await one.parked() == []
