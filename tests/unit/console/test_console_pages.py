"""What the console's pages show, and what an admin does on them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from producers.runs import Run
from schemas.commands import ResyncAll
from schemas.entities import Entity
from tests.support.agent_fixture import message
from tests.support.console_room import Room, console_room, text_of
from tests.support.fakes import START
from tests.support.sample_ledger import event, lease_of, parked_in, waiting_in
from tests.support.settings_cases import MINIMAL
from worker.documents.documents import EntityKey
from worker.ledger.held.parked import Chosen
from worker.ledger.records import HoldState, Pause, TokenSet

HOSTILE = """<script>alert(1)</script>"onmouseover='x' &amp; {{ 7*7 }}"""


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    """An admin is logged in."""
    async with console_room(tmp_path) as made:
        await made.browser.log_in()
        yield made


async def park(room: Room, *numbers: int, **changes: object) -> list[str]:
    """Parked events; their ids."""
    events = [event(number, HoldState.PERSON, **changes) for number in numbers]
    lease = await lease_of(room.desk.ledger)
    await room.desk.ledger.held.hold(lease, events)
    return [one.id for one in events]


async def test_the_overview_says_how_it_goes(room: Room) -> None:
    room.broker.depths = {"xerelay.main.batch": 1234}
    await park(room, 1, 2)

    seen = text_of(await room.browser.get("/"))

    assert "xero not connected main" in seen
    assert "batch customer, product, order, invoice, payment, credit memo 1 234" in seen
    assert "See the 2 parked events of main" in seen
    assert "served by w1" in seen
    assert "calls left 1 000 5 at once" in seen


async def test_the_overview_says_why_an_organisation_stands_still(room: Room) -> None:
    pause = Pause("main", None, "consent_revoked", "xero answered 403", START, START + timedelta(minutes=15))
    await room.desk.ledger.pauses.set(None, pause)

    seen = text_of(await room.browser.get("/"))

    assert "It is paused: consent revoked , xero answered 403; since 2026-03-02 09:00 UTC" in seen


async def test_the_overview_stands_without_a_broker(room: Room) -> None:
    room.broker.is_away = True

    answer = await room.browser.get("/")

    assert answer.status_code == 200
    assert "The broker could not be asked: no broker within 30 s" in text_of(answer)
    assert "unknown" in text_of(answer)


async def test_a_connection_says_when_its_tokens_were_renewed_and_never_shows_them(room: Room) -> None:
    token = TokenSet("secret-access", START + timedelta(minutes=30), "secret-refresh", refreshed_at=START)
    await room.desk.ledger.tokens.swap("xero", 0, token)

    answer = await room.browser.get("/")

    assert "xero connected main 2026-03-02 09:00 UTC Connect again" in text_of(answer)
    assert "secret-" not in answer.text


async def test_names_of_strangers_are_shown_as_text(room: Room) -> None:
    owner = EntityKey("main", HOSTILE, "invoice", HOSTILE)
    [held_id] = await park(room, 1, owner=owner, detail=HOSTILE, hint=HOSTILE, reason="odd", event_id=HOSTILE)
    addresses = ("/", "/queue", "/parked", f"/parked/{held_id}", "/organisations/main", "/history?number=%3Cscript%3E")

    for path in addresses:
        answer = await room.browser.get(path)

        assert answer.status_code == 200
        assert "<script" not in answer.text
        assert "onmouseover='x'" not in answer.text
    assert HOSTILE in text_of(await room.browser.get("/parked"))


async def test_the_message_of_a_parked_event_is_for_admins(room: Room, tmp_path: Path) -> None:
    [held_id] = await park(room, 1, body=b'{"email": "jo@example.com"}')

    seen = await room.browser.get(f"/parked/{held_id}")

    assert "jo@example.com" in seen.text
    (tmp_path / "other").mkdir()
    async with console_room(tmp_path / "other", admin=False) as open_room:
        [other] = await park(open_room, 1, body=b'{"email": "jo@example.com"}')
        assert "jo@example.com" not in (await open_room.browser.get(f"/parked/{other}")).text


async def test_chosen_events_are_retried_on_record(room: Room) -> None:
    ids = await park(room, 1, 2, 3)

    answer = await room.browser.post("/parked/retry", {"id": ids[:2]})

    ledger = room.desk.ledger
    assert answer.headers["location"] == "/parked"
    assert "2 on their way." in text_of(await room.browser.get("/parked"))
    assert (await waiting_in(ledger))[HoldState.PERSON] == 1
    assert [(one.who, one.action) for one in await ledger.admin_actions.latest()] == [("Ann", "parked.retry")] * 2


async def test_all_of_one_reason_are_retried_and_no_others(room: Room) -> None:
    await park(room, 1, 2, reason="account_missing")
    await park(room, 3, reason="tax_unmapped")

    await room.browser.post("/parked/retry", {"org": "main", "reason": "account_missing", "all": "1"})

    left = await parked_in(room.desk.ledger)
    assert [one.reason for one in left] == ["tax_unmapped"]


async def test_to_discard_needs_a_reason_which_stays_on_record(room: Room) -> None:
    ids = await park(room, 1, 2)

    without = await room.browser.post("/parked/discard", {"id": ids[:1], "why": " "})
    nothing = await room.browser.post("/parked/discard", {"all": "1", "why": "all of it"})
    await room.browser.post("/parked/discard", {"id": ids[:1], "why": "booked by hand"})

    [action] = await room.desk.ledger.admin_actions.latest()
    assert (without.status_code, nothing.status_code) == (400, 400)
    assert (action.who, action.action, action.reason) == ("Ann", "parked.discard", "booked by hand")
    assert (await waiting_in(room.desk.ledger))[HoldState.PERSON] == 1


async def test_what_is_on_its_way_is_not_discarded_but_named(room: Room) -> None:
    ids = await park(room, 1, 2)
    await room.desk.ledger.parked.retry(Chosen(ids=(ids[0],)), who="Ben")

    await room.browser.post("/parked/discard", {"id": ids, "why": "booked by hand"})

    said = text_of(await room.browser.get("/parked"))
    assert f"1 discarded. Not {ids[0]}: it is on its way, and a worker may send it any moment" in said


async def test_a_reason_to_discard_retries_nothing(room: Room) -> None:
    ids = await park(room, 1, 2)

    chosen = await room.browser.post("/parked/retry", {"id": ids[:1], "why": "booked by hand"})
    everything = await room.browser.post("/parked/retry", {"all": "1", "why": "booked by hand"})

    assert (chosen.status_code, everything.status_code) == (400, 400)
    assert "nothing is retried: a reason is for discarding" in text_of(chosen)
    assert (await waiting_in(room.desk.ledger))[HoldState.PERSON] == 2


async def test_a_long_list_comes_in_pages(room: Room) -> None:
    await park(room, *range(60), reason="account_missing")

    first = text_of(await room.browser.get("/parked?org=main&reason=account_missing"))
    second = await room.browser.get("/parked?org=main&reason=account_missing&page=1")

    assert "60 events, newest first; page 1 of 2" in first
    assert second.text.count('name="id"') == 10
    assert 'href="/parked?org=main&amp;reason=account_missing&amp;page=0"' in second.text


async def test_everything_is_queued_as_the_command_does(room: Room) -> None:
    answer = await room.browser.post(
        "/resync/start", {"store": "shop", "entity": ["invoice", "payment"], "since": "2026-02-01"}
    )

    [(run, store, command)] = room.broker.sent
    assert (store, command) == (
        "shop",
        ResyncAll(entities=(Entity.INVOICE, Entity.PAYMENT), since=date(2026, 2, 1)),
    )
    assert answer.headers["location"] == f"/resync/{run}"
    assert "It appears here when the store's agent has taken it" in text_of(await room.browser.get(f"/resync/{run}"))
    [action] = await room.desk.ledger.admin_actions.latest()
    assert (action.action, action.subject) == ("resync-all", f"shop {run}")
    assert action.reason == "invoice, payment since 2026-02-01"


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"store": "nowhere"}, 404),
        ({"store": "shop", "organisation": "other"}, 400),
        ({"store": "shop", "entity": "everything"}, 400),
        ({"store": "shop", "since": "yesterday"}, 400),
    ],
)
async def test_a_wish_that_cannot_be_is_refused(room: Room, fields: dict[str, str], status: int) -> None:
    answer = await room.browser.post("/resync/start", fields)

    assert answer.status_code == status
    assert room.broker.sent == []


async def test_a_command_that_the_broker_does_not_take_is_said(room: Room) -> None:
    room.broker.is_away = True

    answer = await room.browser.post("/resync/start", {"store": "shop"})

    assert answer.status_code == 503
    assert "no broker within 30 s" in text_of(answer)
    actions = await room.desk.ledger.admin_actions.latest()
    assert sorted(one.action for one in actions) == ["resync-all", "resync-all.failed"]


async def test_a_command_that_is_not_confirmed_leads_to_where_its_run_would_appear(room: Room) -> None:
    room.broker.is_blocked = True

    answer = await room.browser.post("/resync/start", {"store": "shop"})

    assert answer.headers["location"] == f"/resync/{room.broker.sent[0][0]}"
    page = text_of(await room.browser.get(answer.headers["location"]))
    assert "Not confirmed: it may still be carried out" in page
    actions = await room.desk.ledger.admin_actions.latest()
    assert sorted(one.action for one in actions) == ["resync-all", "resync-all.unconfirmed"]


async def test_a_store_that_does_not_answer_has_no_price(tmp_path: Path) -> None:
    config = MINIMAL.replace("https://shop.example.com", "http://127.0.0.1:9")
    async with console_room(tmp_path, config=config) as room:
        await room.browser.log_in()
        answer = await room.browser.post("/resync/price", {"store": "shop"})

    assert answer.status_code == 503
    assert "shop:" in text_of(answer)


async def test_a_run_is_on_record_as_cancelled_once_and_only_if_it_was(room: Room) -> None:
    run = Run("run-1", "resync-all", ResyncAll())
    await room.desk.ledger.store("shop", holder="agent")[1].record(run, message(run.name, run.command, run.id))

    said = []
    for name in ("run-1", "run-1", "nonsense"):
        answer = await room.browser.post(f"/resync/{name}/cancel", {})
        said.append(text_of(await room.browser.get(answer.headers["location"])))

    assert "It is cancelled." in said[0]
    assert all("It has ended already." in text for text in said[1:])
    assert [(one.action, one.subject) for one in await room.desk.ledger.admin_actions.latest()] == [
        ("resync-cancel", "run run-1")
    ]
