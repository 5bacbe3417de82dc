"""What a browser makes of the console's forms: where it lets them lead, and which button a key presses."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.support.chromium import Person, chromium
from tests.support.console_room import TOKEN, Room, console_room
from tests.support.sample_ledger import event, lease_of, waiting_in
from tests.support.serving_http import serving
from tests.support.settings_cases import MINIMAL
from worker.ledger.records import HoldState


@asynccontextmanager
async def served_room(folder: Path, config: str = MINIMAL) -> AsyncIterator[Room]:
    """A console that a browser reaches, and the loop of this test with it."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    section = f'\n[console]\nadmin_token = "{TOKEN}"\nport = {port}\n'
    async with console_room(folder, admin=False, config=config + section) as room:
        server = uvicorn.Server(uvicorn.Config(room.app, lifespan="off", log_level="critical"))
        serving_it = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield room
        finally:
            server.should_exit = True
            await serving_it


async def as_a_person(folder: Path, room: Room, act: Callable[[Person], None]) -> None:
    """Somebody logs in and does this, while the console answers."""

    def sit_down() -> None:
        with chromium(folder) as person:
            person.go(room.desk.settings.console.address)
            person.fill("Your name", "Ann")
            person.fill("Admin token", TOKEN)
            person.click("Log in")
            person.sees("Connections to Xero")
            act(person)

    await asyncio.to_thread(sit_down)


async def test_connect_reaches_a_consent_page_that_xeros_log_in_redirects_to(tmp_path: Path) -> None:
    """Who is logged in at login.xero.com is led on to authorize.xero.com at once."""
    consent_page = answering("/", HTMLResponse("<title>consent</title><p>Allow access?</p>"))
    with serving(consent_page) as consent:
        log_in = answering("/identity/connect/authorize", RedirectResponse(f"{consent}/?consentId=1", 302))
        with serving(log_in) as login:
            async with served_room(tmp_path, f'{MINIMAL}\n[xero]\nlogin_url = "{login}"\n') as room:
                await as_a_person(tmp_path, room, connects)


def connects(person: Person) -> None:
    person.click("Connect")
    person.sees("Allow access?")


async def park_two(room: Room) -> None:
    lease = await lease_of(room.desk.ledger)
    await room.desk.ledger.held.hold(lease, [event(number, HoldState.PERSON) for number in (1, 2)])


async def test_return_after_a_reason_discards_what_is_chosen(tmp_path: Path) -> None:
    async with served_room(tmp_path) as room:
        await park_two(room)

        await as_a_person(tmp_path, room, discards_one_by_return)

        [action] = await room.desk.ledger.admin_actions.latest()
        assert (action.action, action.reason) == ("parked.discard", "booked by hand")
        assert (await waiting_in(room.desk.ledger))[HoldState.PERSON] == 1


def discards_one_by_return(person: Person) -> None:
    """Return on a box that is ticked comes first: without a reason it does nothing."""
    person.click("Parked")
    person.sees("2 events")
    box = person.driver.find_element(By.NAME, "id")
    box.click()
    box.send_keys(Keys.ENTER)
    person.driver.find_element(By.ID, "why").send_keys("booked by hand", Keys.ENTER)
    person.sees("1 discarded.")


async def test_what_is_chosen_is_retried_without_a_reason(tmp_path: Path) -> None:
    async with served_room(tmp_path) as room:
        await park_two(room)

        await as_a_person(tmp_path, room, retries_one)

        [action] = await room.desk.ledger.admin_actions.latest()
        assert action.action == "parked.retry"


def retries_one(person: Person) -> None:
    person.click("Parked")
    person.sees("2 events")
    person.driver.find_element(By.NAME, "id").click()
    person.click("Retry chosen")
    person.sees("1 on their way.")


def answering(path: str, response: Response) -> Starlette:
    async def answer(_: Request) -> Response:
        return response

    return Starlette(routes=[Route(path, answer)])
