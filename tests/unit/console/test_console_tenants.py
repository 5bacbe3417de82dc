"""Which organisation of Xero the books go to: no consent changes it by itself, and no two of ours are the same one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.support.console_room import Room, console_room, leads_to, text_of
from tests.support.serving_http import serving
from tests.support.settings_cases import MINIMAL
from worker.settings.overlay import TENANT, Entry, Table

SHOP = "6f0c3f2e-7d4e-4a53-9a59-2f3f1f1a7a10"
DEMO = "7f0c3f2e-7d4e-4a53-9a59-2f3f1f1a7a11"
NAMES = {SHOP: "Shop Ltd", DEMO: "Demo Company"}
SECOND = """
[connections.second]
flow = "web"
client_id = "id2"
client_secret = "hidden-9"

[organisations.other]
connection = "second"
start_date = 2026-01-01

[organisations.other.accounts]
sales = "200"
shipping = "425"
discount = "260"
fee = "270"
rounding = "860"
"""


@dataclass
class Identity:
    """Xero's identity host and its list of connections: who gives a consent chooses what it `opens`."""

    opens: list[str] = field(default_factory=list)
    url: str = ""

    def app(self) -> Starlette:
        routes = [
            Route("/connect/token", self._token, methods=["POST"]),
            Route("/connections", self._connections, methods=["GET"]),
        ]
        return Starlette(routes=routes)

    async def _token(self, _: Request) -> Response:
        return JSONResponse({"access_token": "at", "refresh_token": "rt", "expires_in": 1800})

    async def _connections(self, _: Request) -> Response:
        return JSONResponse([self._connection(tenant) for tenant in self.opens])

    def _connection(self, tenant: str) -> dict[str, Any]:
        return {
            "id": f"c-{tenant}",
            "tenantId": tenant,
            "tenantName": NAMES[tenant.lower()],
            "tenantType": "ORGANISATION",
        }


@pytest.fixture
def identity() -> Iterator[Identity]:
    made = Identity()
    with serving(made.app()) as url:
        made.url = url
        yield made


@pytest.fixture
async def room(tmp_path: Path, identity: Identity) -> AsyncIterator[Room]:
    """An admin of two organisations, each with a connection of its own, is logged in."""
    xero = f'\n[xero]\napi_url = "{identity.url}"\nidentity_url = "{identity.url}"\n'
    async with console_room(tmp_path, config=MINIMAL + SECOND + xero) as made:
        await made.browser.log_in()
        yield made


async def connect(room: Room, connection: str = "xero") -> str:
    """Xero's answer comes back; what the page after it says."""
    address = leads_to(await room.browser.post(f"/connect/{connection}"))
    state = address.partition("state=")[2].partition("&")[0]
    answer = await room.browser.get(f"/connect/finish?code=1&state={state}")
    return text_of(await room.browser.get(answer.headers["location"]))


async def choose(room: Room, org: str, tenant: str) -> int:
    return (await room.browser.post(f"/organisations/{org}/tenant", {"tenant": tenant})).status_code


async def tenant_of(room: Room, org: str) -> str | None:
    return (await room.desk.organisation(org)).tenant_id


async def test_the_only_organisation_of_a_first_consent_is_taken(room: Room, identity: Identity) -> None:
    identity.opens = [SHOP]

    seen = await connect(room)

    assert await tenant_of(room, "main") == SHOP
    assert "It is Shop Ltd" in seen
    assert "Which of them" not in seen


async def test_a_consent_for_another_organisation_does_not_move_the_books(room: Room, identity: Identity) -> None:
    identity.opens = [SHOP, DEMO]
    await connect(room)
    await choose(room, "main", SHOP)

    identity.opens = [DEMO]
    seen = await connect(room)

    assert await tenant_of(room, "main") == SHOP
    assert f"Its tenant {SHOP} is none of those that the consent opened" in seen
    assert "Which of them is main? Demo Company" in seen


async def test_the_books_move_where_a_person_says_so(room: Room, identity: Identity) -> None:
    identity.opens = [SHOP]
    await connect(room)
    identity.opens = [DEMO]
    await connect(room)

    assert await choose(room, "main", DEMO) == 303

    assert await tenant_of(room, "main") == DEMO


async def test_an_organisation_that_another_has_is_not_taken(room: Room, identity: Identity) -> None:
    identity.opens = [SHOP]
    await connect(room, "xero")

    seen = await connect(room, "second")

    assert await tenant_of(room, "other") is None
    assert f"Shop Ltd {SHOP} , which is main" in seen
    assert "None of those is free for it" in seen


async def test_an_organisation_that_another_has_is_neither_offered_nor_chosen(room: Room, identity: Identity) -> None:
    identity.opens = [SHOP]
    await connect(room, "xero")
    identity.opens = [SHOP.upper(), DEMO]

    seen = await connect(room, "second")

    assert "Which of them is other? Demo Company Choose" in seen
    assert await choose(room, "other", SHOP.upper()) == 400
    assert await tenant_of(room, "other") is None
    assert await choose(room, "other", DEMO) == 303


async def test_a_choice_cannot_be_taken_back_for_the_next_consent_to_fill(room: Room, identity: Identity) -> None:
    identity.opens = [SHOP]
    await connect(room)

    answer = await room.browser.post("/organisations/main/remove", {"table": "organisation", "key": TENANT})

    assert answer.status_code == 400
    assert await tenant_of(room, "main") == SHOP


async def test_lists_of_one_organisation_are_not_held_against_the_next(room: Room, identity: Identity) -> None:
    await room.desk.ledger.overlays.set("main", Entry(Table.ORGANISATION, TENANT, SHOP), who="Ann")
    await room.browser.post("/organisations/main/read")
    identity.opens = [DEMO]
    await connect(room)
    before = text_of(await room.browser.get("/organisations/main"))

    await choose(room, "main", DEMO)

    assert "Held against Xero's lists of" in before
    assert "Xero's lists were not read yet" in text_of(await room.browser.get("/organisations/main"))
