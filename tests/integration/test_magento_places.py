"""A store's websites and store views are kept in mind, and looked up when a row names one that is new."""

from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response

from producers.store import Place
from tests.support.magento_reading import ORDERS, every_page, opened, orders
from tests.support.magento_samples import WEBSITES, customer_json, product_json
from tests.support.magento_shop import Shop

PRODUCTS, CUSTOMERS = "V1/products", "V1/customers/search"


async def test_a_store_view_that_is_new_is_looked_up() -> None:
    shop = Shop({ORDERS: orders(1)})
    async with opened(shop) as store:
        await every_page(store, "orders")
        await every_page(store, "orders")
        before = shop.asked("V1/store/storeViews")
        shop.lists[ORDERS][0]["store_id"] = 8

        await every_page(store, "orders")

    assert before == 1
    assert shop.asked("V1/store/storeViews") == 2


@pytest.mark.parametrize(
    ("path", "name", "row"),
    [
        (PRODUCTS, "products", product_json(extension_attributes={"website_ids": [1, 9]})),
        (CUSTOMERS, "customers", customer_json(website_id=9)),
    ],
    ids=["a product", "a customer who was moved to it"],
)
async def test_a_website_that_is_new_is_looked_up(path: str, name: str, row: dict[str, Any]) -> None:
    websites = list(WEBSITES)

    def with_websites(asked: Request) -> Response | None:
        return Response(json.dumps(websites)) if asked.url.path.endswith("V1/store/websites") else None

    shop = Shop({path: []}, before=with_websites)
    async with opened(shop) as store:
        shop.lists[path] = [row | {"id": 1, "website_id": 1, "extension_attributes": {"website_ids": [1]}}]
        await every_page(store, name)
        websites.append({"id": 9, "code": "eire", "name": "Ireland", "default_group_id": 9})
        shop.lists[path].append(row)

        (page,) = await every_page(store, name)

    assert Place("eire") in page.rows[1].snapshots[0].places


async def test_what_the_admin_made_belongs_to_no_store_view_that_is_new() -> None:
    shop = Shop({CUSTOMERS: [customer_json(store_id=0, website_id=0)]})
    async with opened(shop) as store:
        await every_page(store, "customers")
        await every_page(store, "customers")

    assert shop.asked("V1/store/storeViews") == 1
