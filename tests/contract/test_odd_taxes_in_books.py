"""Whatever tax the rows of a sale have, Xero books it, and reconcile finds both sides equal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings

from schemas.entities import Entity
from tests.support.bookkeeping import Books
from tests.support.mapping_cases import SALE, event
from tests.support.odd_taxes import ORG, is_placeless, odd_sales
from worker.documents.documents import Kind
from worker.reconcile.entries import Entry
from worker.reconcile.theirs import entry_of
from worker.reconcile.wanted import StoreBooks

Json = dict[str, Any]


@pytest.fixture(scope="module")
def books() -> Iterator[Books]:
    made = Books(ORG)
    yield made
    made.close()


def told(entries: list[Entry]) -> list[Any]:
    return [(one.kind, one.net, one.tax, one.amounts) for one in entries]


@given(sale=odd_sales().filter(lambda sale: not is_placeless(sale)))
@settings(max_examples=150, deadline=None)
def test_xero_has_what_reconcile_wants_on_each_account_under_each_tax_type(books: Books, sale: Json) -> None:
    sold = event(Entity.INVOICE, sale)
    back = event(Entity.CREDIT_MEMO, sale | {"id": "41", "number": "300000001", "sale": SALE, "stays_open": True})
    wanted = StoreBooks(ORG)
    for one in (sold, back):
        wanted.take(one)
    books.reset()

    books.book(sold, back)

    xero = [entry_of(Kind.INVOICE, one) for one in books.invoices()]
    xero += [entry_of(Kind.CREDIT_NOTE, one) for one in books.credit_notes()]
    assert wanted.unbookable == {}
    assert told(xero) == told(wanted.entries({}))
