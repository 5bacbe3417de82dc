"""To Xero's consent page and back: each question is good for one answer, of the session that asked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.console_room import Room, console_room, leads_to, text_of
from worker.settings.overlay import Entry, Table
from worker.xero.oauth.consent import Tenant


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    """An admin is logged in."""
    async with console_room(tmp_path) as made:
        await made.browser.log_in()
        yield made


async def test_connect_leads_to_xeros_page_with_a_question_of_its_own(room: Room) -> None:
    address = leads_to(await room.browser.post("/connect/xero"))
    second = leads_to(await room.browser.post("/connect/xero"))

    assert address.startswith("https://login.xero.com/identity/connect/authorize?")
    assert "redirect_uri=http%3A%2F%2Flocalhost%3A8765%2Fcallback" in address
    assert state_of(address) != state_of(second)


async def test_the_answer_comes_back_by_a_page_of_ours_that_says_nothing(room: Room) -> None:
    stranger = room.another_browser()

    answer = await stranger.get('/callback?code=1&state="><script>')

    assert answer.status_code == 200
    assert 'content="0;url=/connect/finish?code=1&amp;state=' in answer.text
    assert "<script" not in answer.text


async def test_an_answer_counts_once_for_the_session_that_asked(room: Room) -> None:
    state = state_of(leads_to(await room.browser.post("/connect/xero")))
    other = room.another_browser()
    await other.log_in("Ben")

    theirs = await other.get(f"/connect/finish?error=access_denied&state={state}")
    unknown = await room.browser.get("/connect/finish?code=1&state=made-up")
    declined = await room.browser.get(f"/connect/finish?error=access_denied&state={state}")
    again = await room.browser.get(f"/connect/finish?error=access_denied&state={state}")

    assert "belongs to no question of your session" in text_of(theirs)
    assert "belongs to no question of your session" in text_of(unknown)
    assert "xero says 'access_denied'" in text_of(declined)
    assert "belongs to no question of your session" in text_of(again)


async def test_a_question_is_good_for_a_quarter_of_an_hour(room: Room) -> None:
    state = state_of(leads_to(await room.browser.post("/connect/xero")))
    room.clock.advance(901)

    answer = await room.browser.get(f"/connect/finish?code=1&state={state}")

    assert "belongs to no question of your session" in text_of(answer)


async def test_an_organisation_is_chosen_among_those_that_the_consent_opened(room: Room) -> None:
    one, other = "6f0c3f2e-7d4e-4a53-9a59-2f3f1f1a7a10", "7f0c3f2e-7d4e-4a53-9a59-2f3f1f1a7a11"
    room.desk.tenants["xero"] = [Tenant(one, "Shop <Ltd>"), Tenant(other, "Shop GmbH")]

    page = text_of(await room.browser.get("/connect/xero"))
    refused = await room.browser.post("/organisations/main/tenant", {"tenant": "8f0c3f2e-7d4e-4a53-9a59-2f3f1f1a7a12"})
    await room.browser.post("/organisations/main/tenant", {"tenant": other})

    assert "Which of them is main? Shop <Ltd> Shop GmbH" in page
    assert refused.status_code == 400
    assert list(await room.desk.ledger.overlays.of("main")) == [Entry(Table.ORGANISATION, "tenant_id", other)]
    assert "It is Shop GmbH ." in text_of(await room.browser.get("/connect/xero"))


def state_of(address: str) -> str:
    return address.partition("state=")[2].partition("&")[0]
