"""Adapters of stores against the conformance suite."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from examples.stores.export_folder import CUSTOMERS, ExportFolder, open_store
from producers.magento import Access
from producers.magento import open_store as open_magento
from producers.store import Selection, StoreRefuses, StoreSource, StoreUnreachable, Stream
from schemas.entities import CreditMemo, Invoice
from tests.contract.store_conformance import StoreConformance, Subject, all_pages
from tests.support import fake_store
from tests.support.export_shop import FIRST_DAY, ExportShop
from tests.support.fake_store import OPENED, FakeStore, many_invoices
from tests.support.store_fixture import StoreSandbox, run_store

LATER = timedelta(days=3)


class TestExportFolder(StoreConformance):
    @pytest.fixture
    async def subject(self, tmp_path: Path) -> Subject:
        shop = ExportShop(tmp_path / "export")
        shop.trade(20, customers=9)
        at = FIRST_DAY + LATER

        async def change(stream: Stream) -> int:
            if stream == CUSTOMERS:
                shop.customer(3, at, name="Ada Lund")
            else:
                shop.sale(3, at, net="11.00", tax="2.20")
            shop.export()
            return 3

        async def remove(stream: Stream) -> int:
            shop.remove(stream.name, 4)
            shop.export()
            return 4

        return Subject(ExportFolder(shop.folder, page_rows=4), change, remove, lambda: at + LATER)


class TestFakeStore(StoreConformance):
    @pytest.fixture
    async def subject(self) -> Subject:
        store = FakeStore()
        many_invoices(store, 10)
        for number in range(1, 9):
            store.customer(number, OPENED + timedelta(days=number))
            store.refund(number, number, OPENED + timedelta(hours=8 * number))
        at = OPENED + timedelta(days=20)

        async def change(stream: Stream) -> int:
            if stream == fake_store.CUSTOMERS:
                store.customer(3, at, name="Ada Lund")
            elif stream == fake_store.INVOICES:
                store.invoice(3, at, net="12.00")
            else:
                store.refund(3, 5, at)
            return 3

        async def remove(stream: Stream) -> int:
            store.delete(stream, 4)
            return 4

        def ends() -> datetime:
            return at + LATER

        return Subject(store, change, remove, ends)


class TestMagento(StoreConformance):
    """The adapter of Magento, against the sandbox store, which is as strict as Magento."""

    @pytest.fixture
    async def subject(self) -> AsyncIterator[Subject]:
        for shop in run_store("--orders", "60", "--seed", "3"):
            access = Access(**{name: shop.credentials[name] for name in Access.__slots__})
            async with open_magento(url=shop.url, access=access, page_size=5) as source:
                yield Subject(source, partial(_touch, source, shop), partial(_delete, source, shop), _store_now(shop))


def _store_now(shop: StoreSandbox) -> Callable[[], datetime]:
    def now() -> datetime:
        said = shop.control("clock", advance_seconds=0)["now"]
        return datetime.fromisoformat(said).replace(tzinfo=UTC)

    return now


async def _touch(source: StoreSource, shop: StoreSandbox, stream: Stream) -> int:
    shop.control("clock", advance_seconds=5)
    row = (await source.page(stream, 0, Selection())).rows[2]
    shop.control("touch", entity=stream.name.removesuffix("s"), id=row.id)
    shop.control("clock", advance_seconds=5)
    return row.id


async def _delete(source: StoreSource, shop: StoreSandbox, stream: Stream) -> int:
    """Documents of a sale go with their order."""
    row = (await source.page(stream, 0, Selection())).rows[2]
    sale = next((found.data for found in row.snapshots if isinstance(found.data, Invoice | CreditMemo)), None)
    if sale is None:
        shop.control("delete", entity=stream.name.removesuffix("s"), id=row.id)
    else:
        order_id = sale.order_id if isinstance(sale, Invoice) else sale.sale.order_id
        shop.control("delete", entity="order", id=int(order_id))
    return row.id


async def test_an_export_that_is_not_there_is_waited_for(tmp_path: Path) -> None:
    async with open_store(f"file://{tmp_path}", "") as source:
        with pytest.raises(StoreUnreachable, match=r"customers\.jsonl: No such file"):
            await source.check(source.streams)


async def test_an_export_that_is_no_json_names_its_line(tmp_path: Path) -> None:
    (tmp_path / "customers.jsonl").write_text('{"id": 1}\n')

    async with open_store(f"file://{tmp_path}", "") as source:
        with pytest.raises(StoreRefuses, match=r"customers\.jsonl line 1: expected a JSON object with id"):
            await source.check(source.streams)


async def test_a_sale_whose_sums_are_wrong_is_broken_and_the_others_are_not(tmp_path: Path) -> None:
    shop = ExportShop(tmp_path)
    shop.trade(8)
    shop.lists["sales"][5]["lines"][0]["net"] = "-1"
    shop.export()

    async with open_store(shop.url, "") as source:
        subject = Subject(source, None, None, None)  # type: ignore[arg-type] # only read here
        rows, broken = await all_pages(subject, source.streams[1])

    assert [row.id for row in rows] == [1, 2, 3, 4, 6, 7, 8]
    assert [(one.id, "tenders" in one.reason) for one in broken] == [(5, True)]
