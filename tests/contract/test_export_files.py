"""`examples/stores/export_folder.py`, which people copy, reads the files that shops really write."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from examples.stores.export_folder import CUSTOMERS, SALES, ExportFolder, open_store
from producers.store import Selection, StoreRefuses
from schemas.entities import Customer, Invoice
from tests.support.export_shop import ExportShop

ROW = {"changed_at": "2026-03-02T10:00:00+00:00", "created_on": "2026-03-02", "email": "ada@example.com"}


def row(number: int, name: str) -> str:
    return json.dumps(ROW | {"id": number, "name": name}, ensure_ascii=False)


async def names(folder: Path, body: bytes) -> list[str]:
    (folder / "customers.jsonl").write_bytes(body)
    page = await ExportFolder(folder).page(CUSTOMERS, 0, Selection())
    assert page.broken == ()
    return [found.data.first_name for one in page.rows for found in one.snapshots if isinstance(found.data, Customer)]


@pytest.mark.parametrize("mark", ["\u2028", "\u2029", "\x85"])
async def test_a_line_ends_at_a_line_feed_alone(tmp_path: Path, mark: str) -> None:
    body = f"{row(1, f'Ada{mark}Brandt')}\n{row(2, 'Zoë')}\n".encode()

    assert await names(tmp_path, body) == ["Ada Brandt", "Zoë"]


@pytest.mark.parametrize("end", ["\n", "\r\n", ""])
async def test_a_byte_order_mark_line_ends_of_windows_and_blank_lines_do_no_harm(tmp_path: Path, end: str) -> None:
    body = f"\ufeff{row(1, 'Ada')}\r\n\r\n{row(2, 'Ida')}{end}".encode()

    assert await names(tmp_path, body) == ["Ada", "Ida"]


async def test_a_line_that_is_not_utf_8_is_named_with_its_file(tmp_path: Path) -> None:
    body = f"{row(1, 'Ada')}\n{row(2, 'Zoë')}\n".encode("latin-1")

    with pytest.raises(StoreRefuses, match=r"customers\.jsonl line 2: expected a JSON object .*in UTF-8"):
        await names(tmp_path, body)


async def test_a_folder_may_have_a_space_in_its_url(tmp_path: Path) -> None:
    folder = tmp_path / "my shop"
    folder.mkdir()
    (folder / "customers.jsonl").write_text(row(1, "Ada"))

    async with open_store(folder.as_uri(), "") as store:
        assert list(await store.ids(CUSTOMERS, 0)) == [1]


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", None), ("lines", None), ("lines", [None]), ("lines", [{"sku": None}]), ("paid", [1]), ("currency", None)],
)
async def test_a_sale_that_makes_no_sense_keeps_no_other_from_the_books(tmp_path: Path, field: str, value: Any) -> None:
    shop = ExportShop(tmp_path)
    shop.trade(3)
    shop.lists["sales"][2][field] = value
    shop.export()

    page = await ExportFolder(tmp_path).page(SALES, 0, Selection())

    assert [row.id for row in page.rows] == [1, 3]
    assert [row.id for row in page.broken] == [2]


async def test_a_guest_has_no_id(tmp_path: Path) -> None:
    shop = ExportShop(tmp_path)
    shop.trade(1)
    shop.lists["sales"][1] |= {"customer": None, "site": None}
    shop.export()

    page = await ExportFolder(tmp_path).page(SALES, 0, Selection())

    (invoice,) = (found.data for found in page.rows[0].snapshots if isinstance(found.data, Invoice))
    assert invoice.customer.id is None
