"""Sales of a website that the configuration gives to another organisation stay in the books that have them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

import pytest

from producers.checkpoints import Memory
from producers.routing import Routing
from producers.store import Stream
from producers.translation import Batch, Translator, Wish
from schemas.entities import Entity
from tests.support.agent_fixture import target
from tests.support.fake_store import INVOICES, OPENED, SHOP, FakeStore
from worker.stores.store_reading import StoreReader

TARGETS = {name: target(name) for name in ("uk", "nz")}
BEFORE = Routing(TARGETS, websites={SHOP.website: "uk", "kiwi": "nz"})
AFTER = Routing(TARGETS, websites={SHOP.website: "nz", "kiwi": "uk"})
LATER = OPENED + timedelta(days=1)
SALE, NEW = 7, 8


@pytest.fixture
def store() -> FakeStore:
    store = FakeStore()
    store.invoice(SALE, OPENED)
    return store


async def read(store: FakeStore, routing: Routing, known: Mapping[int, Memory]) -> Batch:
    """What the store's agent publishes of the sale."""
    page = await store.rows(INVOICES, [SALE])
    return Translator("shop", routing).batch(page.rows, (), known, now=LATER, wish=Wish())


async def memory_of(store: FakeStore) -> Mapping[int, Memory]:
    first = await read(store, BEFORE, {})
    return {one.row_id: one for one in first.memories}


def fed(batch: Batch) -> list[tuple[str, str, str]]:
    events = [outgoing.event for outgoing in batch.outgoing]
    return [(str(one.entity), str(one.change), one.organisation) for one in events]


async def test_a_sale_that_is_touched_is_not_booked_again_by_the_other_organisation(store: FakeStore) -> None:
    known = await memory_of(store)
    store.touch(INVOICES, SALE, LATER)

    batch = await read(store, AFTER, known)

    assert (fed(batch), batch.unchanged) == ([], 2)


async def test_a_sale_that_is_edited_is_edited_in_the_books_that_have_it(store: FakeStore) -> None:
    known = await memory_of(store)
    store.invoice(SALE, LATER, net="12.00")

    batch = await read(store, AFTER, known)

    assert fed(batch) == [("invoice", "changed", "uk"), ("payment", "changed", "uk")]


async def test_a_sale_that_is_cancelled_leaves_the_books_that_have_it_with_its_money(store: FakeStore) -> None:
    known = await memory_of(store)
    row = store.row(INVOICES, SALE)
    sale = row.snapshots[0][1].model_copy(update={"cancelled": True})
    row.snapshots, row.changed_at = ((Entity.INVOICE, sale),), LATER

    batch = await read(store, AFTER, known)

    assert fed(batch) == [("payment", "removed", "uk"), ("invoice", "changed", "uk")]


async def test_what_nobody_has_goes_where_its_website_does_now(store: FakeStore) -> None:
    batch = await read(store, AFTER, {})

    assert fed(batch) == [("invoice", "changed", "nz"), ("payment", "changed", "nz")]


@pytest.mark.parametrize(("organisation", "sales"), [("uk", [SALE]), ("nz", [NEW])])
async def test_a_comparison_reads_each_sale_for_the_books_that_have_it(
    organisation: str, sales: list[int], store: FakeStore
) -> None:
    known = await memory_of(store)
    store.invoice(NEW, LATER)

    async def remembered(_: Stream, row_ids: Sequence[int]) -> Mapping[int, Memory]:
        return {row_id: known[row_id] for row_id in row_ids if row_id in known}

    reader = StoreReader(store, Translator("shop", AFTER), organisation, lambda: LATER, print, remembered)

    events = await reader.of_rows(INVOICES, [SALE, NEW], [Entity.INVOICE])

    assert [event.data.id for event in events] == [str(sale) for sale in sales]
