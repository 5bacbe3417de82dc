"""Several stores feed one organisation, and number their orders alike: whose an earlier connector's invoice may be."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from schemas.entities import Entity
from schemas.envelope import Event
from tests.support.mapping_cases import event, invoice, line
from tests.support.serving_fakes import Served, served
from tests.unit.serving.test_serving_cut_over import OLD, AskedXero
from worker.ledger.records import Held

LINE = line("10.00", "2.00", tax_rate="20")
DEAR = line("500.00", "100.00", tax_rate="20")


def sale(source: str, sold: dict[str, Any] = LINE, **more: Any) -> Event:
    """Of 12.00 on 2026-03-02, unless it is said otherwise; the order has one number in all stores."""
    return event(Entity.INVOICE, invoice(sold, **more), source=source)


@asynccontextmanager
async def cut_over(
    folder: Path, policy: str, *, stores: tuple[str, ...] = ("a", "b"), **old: str
) -> AsyncIterator[Served]:
    """A session whose Xero has one invoice of the earlier connector."""
    shown = {"Total": "12.00", "AmountDue": "12.00", "CurrencyCode": "GBP", "Status": "AUTHORISED"}
    xero = AskedXero(written={"OLD-1": {**OLD, **shown, "DateString": "2026-03-02T00:00:00", **old}})
    changes = {"cut_over": {"policy": policy, "before": "2026-04-01"}}
    async with served(f"sqlite+inline:///{folder}/ledger.db", xero=xero, **changes) as one:
        one.session.stores = frozenset(stores)
        yield one


async def only_parked(one: Served) -> Held:
    [held] = await one.parked()
    assert held.reason == "cut_over_differs"
    return held


def sums(one: Served) -> dict[str, str]:
    """The invoices that Xero has, and what each is worth."""
    shown = one.xero.written.values()
    return {found["InvoiceNumber"]: str(found["Total"]) for found in shown if "InvoiceNumber" in found}


@pytest.mark.parametrize("policy", ["adopt", "leave"])
async def test_what_is_of_another_sum_is_not_taken_and_is_left_to_the_store_that_it_is_of(
    tmp_path: Path, policy: str
) -> None:
    async with cut_over(tmp_path, policy) as one:
        await one.acked(*one.receive(sale("b", DEAR)))
        await one.acked(*one.receive(sale("a")))

        held = await only_parked(one)
        expected = "xero has OLD-1 of 12.00 GBP on 2026-03-02 for this order, the store says 600.00 GBP on 2026-03-02"
        assert (held.owner and held.owner.source, held.detail) == ("b", expected)
        assert sums(one) == {"OLD-1": "12.00"}


@pytest.mark.parametrize("policy", ["adopt", "leave"])
async def test_once_its_own_sale_has_it_the_other_ones_is_booked(tmp_path: Path, policy: str) -> None:
    async with cut_over(tmp_path, policy) as one:
        await one.acked(*one.receive(sale("a")))

        await one.acked(*one.receive(sale("b", DEAR)))

        assert await one.parked() == []
        assert sums(one) == {"OLD-1": "12.00", "SHOP-I-b-100000012": "600.00"}


@pytest.mark.parametrize("policy", ["adopt", "leave"])
async def test_what_is_of_other_weeks_is_not_taken(tmp_path: Path, policy: str) -> None:
    async with cut_over(tmp_path, policy, DateString="2025-03-02T00:00:00") as one:
        await one.acked(*one.receive(sale("b")))

        assert "on 2025-03-02" in (await only_parked(one)).detail


@pytest.mark.parametrize("policy", ["adopt", "leave"])
async def test_a_day_that_is_near_is_no_difference(tmp_path: Path, policy: str) -> None:
    async with cut_over(tmp_path, policy, DateString="2026-02-28T00:00:00") as one:
        await one.acked(*one.receive(sale("a")))

        assert await one.parked() == []
        assert sums(one) == {"OLD-1": "12.00"}


async def test_a_sum_that_is_off_by_rounding_is_left_alone(tmp_path: Path) -> None:
    async with cut_over(tmp_path, "leave", Total="12.03") as one:
        await one.acked(*one.receive(sale("a")))

        assert await one.parked() == []
        assert sums(one) == {"OLD-1": "12.03"}


@pytest.mark.parametrize("stores", [(), ("a",)])
async def test_a_store_that_the_configuration_does_not_know_is_not_taken_for_the_only_one(
    tmp_path: Path, stores: tuple[str, ...]
) -> None:
    async with cut_over(tmp_path, "leave", stores=stores) as one:
        await one.acked(*one.receive(sale("b", DEAR)))

        await only_parked(one)


async def test_nor_is_one_in_whose_books_another_has_sold(tmp_path: Path) -> None:
    async with cut_over(tmp_path, "leave", stores=("b",)) as one:
        await one.acked(*one.receive(sale("a", order_number="another", date="2026-05-01")))

        await one.acked(*one.receive(sale("b", DEAR)))

        await only_parked(one)


async def test_where_one_store_alone_sells_its_order_is_left_whatever_its_sum_and_day(tmp_path: Path) -> None:
    async with cut_over(tmp_path, "leave", stores=("a",), DateString="2025-03-02T00:00:00") as one:
        await one.acked(*one.receive(sale("a", DEAR)))

        assert await one.parked() == []
        assert sums(one) == {"OLD-1": "12.00"}
