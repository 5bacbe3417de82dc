"""Two sales that a store numbered alike have one document in Xero: `ledger rebuild` gives it to one of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from schemas.entities import Entity
from tests.support.books_in_memory import Case
from tests.support.fake_store import CREDIT_MEMOS, CUSTOMERS, INVOICES, Kept, an_invoice
from tests.support.fakes import FakeClock
from tests.support.sample_ledger import opened
from worker.documents.documents import Kind

AT = datetime(2026, 1, 10, tzinfo=UTC)


@pytest.fixture
async def case(tmp_path: Path) -> AsyncIterator[Case]:
    """A store that has nothing yet."""
    clock = FakeClock()
    async with opened(f"sqlite+inline:///{tmp_path / 'ledger.db'}", clock=clock) as ledger:
        made = Case(ledger, clock)
        for stream in (CUSTOMERS, INVOICES, CREDIT_MEMOS):
            made.store.rows_of[stream.name].clear()
        yield made


def sell(case: Case, row: int, net: str = "10.00", *, cancelled: bool = False, month: int = 1) -> None:
    """A sale that has the number of all others; each has a buyer of its own."""
    changes = {"number": "000000012", "tenders": (), "cancelled": cancelled}
    made = an_invoice(row, AT.replace(month=month), net=net).model_copy(update=changes)
    case.store.put(INVOICES, Kept(row, made_at := AT.replace(month=month), made_at, ((Entity.INVOICE, made),)))


async def book(case: Case, row: int, net: str = "10.00", *, month: int = 1) -> None:
    """Have it in Xero as it is sold now."""
    sell(case, row, net, month=month)
    case.xero.book([event for event in await case.events() if event.subject == str(row)])


async def owners(case: Case) -> list[str]:
    """The sales that have an invoice, by the ledger."""
    return [row.key.entity_id for row in (await case.rows()).values() if row.kind is Kind.INVOICE]


@pytest.mark.parametrize("booked", [1, 2])
@pytest.mark.parametrize("other_net", ["10.00", "77.00"])
async def test_it_is_that_of_the_sale_whose_content_it_has(case: Case, booked: int, other_net: str) -> None:
    await book(case, booked)
    sell(case, 3 - booked, other_net)

    done = await case.rebuild()

    assert await owners(case) == [str(booked)]
    assert done.restored[Kind.INVOICE] == 1
    assert done.missing[Kind.INVOICE] == 1


async def test_also_where_the_other_one_is_looked_for_in_a_later_run(case: Case) -> None:
    await book(case, 1)
    await case.rebuild()
    sell(case, 2, "77.00")

    done = await case.rebuild()

    assert await owners(case) == ["1"]
    assert done.missing[Kind.INVOICE] == 1


async def test_of_two_whose_content_it_does_not_have_neither_gets_it(case: Case) -> None:
    await book(case, 1)
    sell(case, 1, "20.00")
    sell(case, 2, "77.00")

    done = await case.rebuild()

    assert await owners(case) == []
    assert done.missing[Kind.INVOICE] == 2


async def test_a_cancelled_sale_does_not_get_what_stands_for_another(case: Case) -> None:
    await book(case, 2)
    sell(case, 1, cancelled=True)

    await case.rebuild()

    assert await owners(case) == ["2"]


async def test_what_is_void_is_that_of_the_cancelled_sale(case: Case) -> None:
    await book(case, 2)
    case.xero.elements[Kind.INVOICE][0]["Status"] = "VOIDED"
    sell(case, 1)
    sell(case, 2, cancelled=True)

    done = await case.rebuild()

    assert await owners(case) == ["2"]
    assert done.missing[Kind.INVOICE] == 1


async def test_an_edited_sale_without_its_like_is_still_known_by_its_number(case: Case) -> None:
    await book(case, 1)
    sell(case, 1, "20.00")

    await case.rebuild()

    assert await owners(case) == ["1"]
