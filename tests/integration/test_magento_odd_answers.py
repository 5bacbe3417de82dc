"""Answers that no store should give: each is told as the store's fault, with its cure, and none is a defect of ours."""

from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response

from producers.store import Selection, StoreRefuses, StoreUnreachable
from tests.support.magento_reading import ORDERS, every_page, opened, orders, stream
from tests.support.magento_samples import CONFIGS, VIEWS, WEBSITES
from tests.support.magento_shop import Shop

BEYOND = "Fri, 31 Dec 9999 23:59:59 -0100"
FAR_EAST = "Sat, 01 Jan 2024 00:00:00 +99999999999999"


async def complaint(answer: Response, *, path: str = "") -> str:
    """What reading orders complains of, where every request, or those for `path`, are answered so."""
    shop = Shop({ORDERS: orders(1)}, before=lambda request: answer if request.url.path.endswith(path) else None)
    async with opened(shop) as store:
        with pytest.raises((StoreRefuses, StoreUnreachable)) as raised:
            await store.page(stream(store, "orders"), 0, Selection())
    return str(raised.value)


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (200, "answered 200 with a page instead of JSON: check url"),
        (401, "answered 401 with a page: lift the web server's own password"),
        (500, "answered 500; the store's var/report and var/log tell more"),
    ],
)
async def test_json_that_is_nested_too_deeply_is_none(status: int, told: str) -> None:
    assert told in await complaint(Response(b"[" * 100_000, status))


async def test_a_message_that_is_no_text_is_not_told() -> None:
    nested = b'{"message": ' + b"[" * 900 + b"]" * 900 + b"}"

    assert "answered 400 (no message)" in await complaint(Response(nested, 400))


@pytest.mark.parametrize("date", [BEYOND, FAR_EAST, "soon"])
async def test_a_date_that_is_none_counts_as_none(date: str) -> None:
    def dated(request: Request) -> Response | None:
        settings = request.url.path.endswith("V1/store/websites")
        return Response(json.dumps(WEBSITES), headers={"Date": date}) if settings else None

    async with opened(Shop({ORDERS: orders(1)}, before=dated)) as store:
        (page,) = await every_page(store, "orders")

    assert [row.id for row in page.rows] == [1]


@pytest.mark.parametrize("until", [BEYOND, FAR_EAST, "soon"])
async def test_a_time_to_wait_that_is_none_counts_as_none(until: str) -> None:
    said = await complaint(Response(status_code=429, headers={"Retry-After": until}))

    assert "takes no more requests for now" in said


@pytest.mark.parametrize("location", ["shop.test:8443/rest/V1/store/websites?x=1", "http://[::1"])
async def test_a_redirect_to_what_is_no_address_says_where_to_mend_it(location: str) -> None:
    said = await complaint(Response(status_code=301, headers={"Location": location}))

    assert said.endswith(
        "/rest/V1/store/websites is redirected to what is no address: "
        "mend the redirect of the store's web server, it has to begin with https://"
    )


@pytest.mark.parametrize(
    ("path", "rows", "told"),
    [
        ("V1/store/websites", WEBSITES, "V1/store/websites lists a website without its code, id 1"),
        ("V1/store/storeViews", VIEWS, "V1/store/storeViews lists a store view without its code, id 1"),
    ],
)
async def test_a_place_without_its_code_is_told(path: str, rows: list[dict[str, Any]], told: str) -> None:
    lacking = [{name: value for name, value in one.items() if name != "code" or one["id"] != 1} for one in rows]

    said = await complaint(Response(json.dumps(lacking)), path=path)

    assert said.startswith(told)
    assert "find the extension that changes the list, and switch it off for the API" in said


@pytest.mark.parametrize("zone", ["Europe", "a" * 300, "../etc/passwd", "Europe/Berlin\0"])
async def test_a_time_zone_that_is_none_says_where_to_mend_it(zone: str) -> None:
    configs = [{**one, "timezone": zone} for one in CONFIGS]

    said = await complaint(Response(json.dumps(configs)), path="V1/store/storeConfigs")

    assert "which this machine does not know: install its time zone data (tzdata), or mend the store's locale" in said
