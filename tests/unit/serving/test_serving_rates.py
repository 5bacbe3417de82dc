"""The rate of a sale in another currency: the store's reaches Xero or a person is told, and a person's stays."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from schemas.envelope import Event
from tests.support.serving_fakes import MemoryXero, Served, served
from tests.unit.serving.test_serving_chosen import edit, issued_anew, pays, person, sale
from tests.unit.serving.test_serving_reissues import NUMBER, Hasty
from worker.documents.documents import Kind
from worker.ledger.records import Member
from worker.xero.replies.reply import Reply, ReplyKind


class OfOneCurrency(MemoryXero):
    """Whatever rate is sent, of the organisation's own currency Xero shows 1."""

    def _element(self, member: Member) -> Mapping[str, Any]:
        element = super()._element(member)
        if element.get("CurrencyCode") == "GBP":
            element = self.written[member.number] = {**element, "CurrencyRate": 1}
        return element


def in_euro(rate: str | None, *, hours: int = 0, name: str = "Mug", **more: Any) -> Event:
    given = {"rate": rate} if rate else {}
    return sale(name, hours=hours, currency="EUR", **given, **more)


@asynccontextmanager
async def sold(tmp_path: Path, first: Event, **settings: Any) -> AsyncIterator[Served]:
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db", **settings) as one:
        one.session.clock = Hasty()
        await one.acked(*one.receive(first))
        yield one


def shown(one: Served, number: str = NUMBER) -> str:
    return str(one.xero.written[number]["CurrencyRate"])


async def test_the_stores_rate_reaches_a_sale_on_which_nothing_is_paid(tmp_path: Path) -> None:
    async with sold(tmp_path, in_euro("1.17")) as one:
        person(one)

        assert await edit(one, in_euro("1.30", hours=1)) == []

        assert shown(one) == "1.3"


async def test_a_rate_that_xero_failed_at_is_sent_again(tmp_path: Path) -> None:
    async with sold(tmp_path, in_euro("1.17")) as one:
        person(one)
        one.xero.answers[Kind.INVOICE] = [one.xero.take, lambda _: Reply(ReplyKind.SERVER_ERROR, 500)]

        assert await edit(one, in_euro("1.30", hours=1)) == []

        assert shown(one) == "1.3"


async def test_a_rate_that_a_person_corrected_stays_over_several_edits(tmp_path: Path) -> None:
    async with sold(tmp_path, in_euro("1.17")) as one:
        person(one, CurrencyRate=Decimal("1.25"))

        for hours, name in enumerate(("Cup", "Bowl"), start=1):
            assert await edit(one, in_euro("1.17", hours=hours, name=name)) == []

        assert (shown(one), one.xero.written[NUMBER]["LineItems"][0]["Description"]) == ("1.25", "Bowl")


async def test_a_rate_that_store_and_person_changed_is_for_a_person_to_settle(tmp_path: Path) -> None:
    async with sold(tmp_path, in_euro("1.17")) as one:
        person(one, CurrencyRate=Decimal("1.25"))

        assert await edit(one, in_euro("1.30", hours=1)) == ["changed_in_xero"]

        [held] = await one.parked()
        assert shown(one) == "1.25"
        assert "rate 1.250000; it was left with total 12.00, dated 2026-03-02, rate 1.170000; the store" in held.detail
        assert held.detail.endswith(", rate 1.300000")


async def test_a_rate_that_the_store_has_too_is_the_stores_from_then_on(tmp_path: Path) -> None:
    async with sold(tmp_path, in_euro("1.17")) as one:
        person(one, CurrencyRate=Decimal("1.25"))
        await edit(one, in_euro("1.25", hours=1))

        assert await edit(one, in_euro("1.30", hours=2)) == []

        assert shown(one) == "1.3"


@pytest.mark.parametrize("words_first", [False, True])
async def test_another_rate_of_a_paid_sale_is_another_amount(tmp_path: Path, *, words_first: bool) -> None:
    async with sold(tmp_path, in_euro("1.17")) as one:
        pays(one)
        if words_first:
            assert await edit(one, in_euro("1.17", hours=1, name="Cup")) == []

        assert await edit(one, in_euro("1.30", hours=2)) == ["document_paid"]


async def test_a_paid_sale_is_issued_anew_at_its_other_rate_each_time(tmp_path: Path) -> None:
    async with sold(tmp_path, in_euro("1.17"), edited_paid="reissue") as one:
        pays(one)
        assert await edit(one, in_euro("1.30", hours=1)) == []
        one.xero.written[f"{NUMBER}~2"] = {**one.xero.written[f"{NUMBER}~2"], "AmountDue": Decimal(0), "AmountPaid": 12}

        assert await edit(one, in_euro("1.40", hours=2)) == []

        rates = [shown(one, f"{NUMBER}~{place}") for place in (1, 2, 3, 4)]
        assert rates == ["1.17", "1.3", "1.3", "1.4"]


async def test_a_paid_sale_is_issued_anew_at_the_rate_that_a_person_corrected(tmp_path: Path) -> None:
    async with sold(tmp_path, in_euro("1.17"), edited_paid="reissue") as one:
        person(one, CurrencyRate=Decimal("1.25"))
        pays(one)
        assert await edit(one, in_euro("1.17", hours=1, net="20.00", tax="4.00")) == []
        one.xero.written[f"{NUMBER}~2"] = {**one.xero.written[f"{NUMBER}~2"], "AmountDue": Decimal(12)}

        assert await edit(one, in_euro("1.17", hours=2, net="20.00", tax="4.00", name="Cup")) == []

        assert [shown(one, f"{NUMBER}~{place}") for place in (1, 2)] == ["1.25", "1.25"]
        assert f"{NUMBER}~3" not in one.xero.written


@pytest.mark.parametrize(("corrected", "stores", "kept"), [("1.25", "1.17", "1.25"), ("1.17", "1.30", "1.3")])
async def test_a_re_issue_that_goes_on_under_a_newer_version_keeps_its_rate(
    tmp_path: Path, corrected: str, stores: str, kept: str
) -> None:
    async with sold(tmp_path, in_euro("1.17"), edited_paid="reissue") as one:
        person(one, CurrencyRate=Decimal(corrected))
        pays(one)
        one.xero.answers[Kind.ALLOCATION] = [one.xero.refuse] * 3
        assert await edit(one, in_euro(stores, hours=1, net="20.00", tax="4.00")) == ["reissue_stuck"]
        issued = one.xero.written[f"{NUMBER}~2"]
        lines = [{**item, "LineItemID": "l-2"} for item in issued["LineItems"]]
        one.xero.written[f"{NUMBER}~2"] = {**issued, "LineItems": lines, "AmountPaid": Decimal(12)}

        assert await edit(one, in_euro(stores, hours=2, net="20.00", tax="4.00", name="Cup")) == []

        assert shown(one, f"{NUMBER}~2") == kept
        assert f"{NUMBER}~3" not in one.xero.written


async def test_a_rate_that_xero_filled_in_is_no_difference_when_the_store_comes_to_give_one(tmp_path: Path) -> None:
    async with sold(tmp_path, in_euro(None), edited_paid="reissue") as one:
        person(one, CurrencyRate=Decimal("1.162500"))
        pays(one)

        assert await edit(one, in_euro(None, hours=1, name="Cup")) == []
        assert await edit(one, in_euro("1.17", hours=2, name="Bowl")) == []

        assert issued_anew(one) == []


async def test_what_a_person_made_the_stores_but_for_its_new_rate_is_for_a_person(tmp_path: Path) -> None:
    async with sold(tmp_path, in_euro("1.17")) as one:
        [line_item] = one.xero.written[NUMBER]["LineItems"]
        doubled = {**line_item, "UnitAmount": Decimal(20), "TaxAmount": Decimal(4), "LineAmount": Decimal(20)}
        person(one, LineItems=[doubled], Total=Decimal(24), TotalTax=Decimal(4))

        assert await edit(one, in_euro("1.30", hours=1, net="20.00", tax="4.00")) == ["changed_in_xero"]


@pytest.mark.parametrize("is_paid", [True, False])
async def test_a_rate_of_the_organisations_own_currency_is_no_difference(tmp_path: Path, *, is_paid: bool) -> None:
    async with sold(tmp_path, sale("Mug", rate="0.86"), xero=OfOneCurrency()) as one:
        person(one)
        if is_paid:
            pays(one)

        for hours, rate in enumerate(("0.86", "0.87", "0.88"), start=1):
            assert await edit(one, sale(f"Mug {hours}", hours=hours, rate=rate)) == []
