"""Who sees and who does what in the console, and what every answer carries."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.console_room import ADDRESS, TOKEN, Room, console_room, text_of
from tests.support.fakes import FakeClock
from tests.support.settings_cases import MINIMAL
from worker.console.app import _ACTING, _READING
from worker.console.sessions import IDLE_S, LIFE_S, TRIES, Sessions

_LIKE_A_PERSON = {"id": "1", "run": "1", "org": "main", "name": "xero"}
ACTING = [path.format(**_LIKE_A_PERSON) for path in _ACTING]
READING = [path.format(**_LIKE_A_PERSON) for path in _READING]


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with console_room(tmp_path) as made:
        yield made


@pytest.fixture
async def open_room(tmp_path: Path) -> AsyncIterator[Room]:
    """A console without an admin token."""
    async with console_room(tmp_path, admin=False) as made:
        yield made


async def test_without_a_token_everybody_sees_all_and_nobody_changes_anything(open_room: Room) -> None:
    seen = {path: (await open_room.browser.get(path)).status_code for path in READING}
    done = {path: (await open_room.browser.post(path)).status_code for path in ACTING}

    assert {path: code for path, code in seen.items() if code not in {200, 403, 404}} == {}
    assert seen["/"] == seen["/parked"] == seen["/organisations/main"] == 200
    assert set(done.values()) == {403}
    page = (await open_room.browser.get("/organisations/main")).text
    assert "<form" not in page
    assert "read-only" in page


def test_a_session_does_not_tell_its_secrets() -> None:
    session = Sessions(FakeClock()).open("Ann")

    assert "Ann" in repr(session)
    assert session.id not in repr(session)
    assert session.csrf not in repr(session)


async def test_without_a_token_nobody_logs_in(open_room: Room) -> None:
    answer = await open_room.browser.post("/login", {"name": "Ann", "token": ""})

    assert answer.headers["location"] == "/"
    assert open_room.browser.session_cookie() == ""


async def test_with_a_token_a_log_in_comes_before_everything(room: Room) -> None:
    seen = [await room.browser.get(path) for path in READING]
    done = [await room.browser.post(path) for path in ACTING]

    assert {(answer.status_code, answer.headers["location"].partition("?")[0]) for answer in [*seen, *done]} == {
        (303, "/login")
    }
    assert (await room.browser.get("/queue?x=1")).headers["location"] == "/login?next=/queue%3Fx%3D1"


async def test_the_token_opens_a_session_whose_cookie_scripts_and_other_sites_do_not_get(room: Room) -> None:
    answer = await room.browser.log_in()

    cookie = answer.headers["set-cookie"]
    assert answer.headers["location"] == "/"
    assert {"HttpOnly", "SameSite=strict", f"Max-Age={LIFE_S:.0f}", "Path=/"} <= set(cookie.split("; "))
    assert (await room.browser.get("/")).status_code == 200


async def test_over_tls_the_cookie_never_goes_without_it(tmp_path: Path) -> None:
    config = f'{MINIMAL}\n[console]\nadmin_token = "{TOKEN}"\nurl = "https://books.example.com"\n'
    async with console_room(tmp_path, admin=False, config=config) as room:
        answer = await room.browser.http.post(
            "https://books.example.com/login",
            data={"name": "Ann", "token": TOKEN},
            headers={"origin": "https://books.example.com"},
        )

    assert "Secure" in answer.headers["set-cookie"].split("; ")
    assert answer.headers["strict-transport-security"] == "max-age=31536000"


async def test_a_page_that_was_asked_for_is_shown_after_the_log_in_but_no_other_site(room: Room) -> None:
    wanted = {
        "/parked?org=main": "/parked?org=main",
        "https://evil.example": "/",
        "//evil.example": "/",
        "/\\evil": "/",
    }

    for asked, shown in wanted.items():
        answer = await room.another_browser().post("/login", {"name": "Ann", "token": TOKEN, "next": asked})

        assert answer.headers["location"] == shown


async def test_a_wrong_token_opens_nothing(room: Room) -> None:
    answer = await room.browser.post("/login", {"name": "Ann", "token": "not-the-admins-token"})

    assert answer.status_code == 403
    assert "not-the-admins-token" not in answer.text
    assert room.browser.session_cookie() == ""


async def test_wrong_tokens_make_an_address_wait(room: Room) -> None:
    for _ in range(TRIES):
        await room.browser.post("/login", {"name": "Ann", "token": "wrong"})

    refused = await room.browser.post("/login", {"name": "Ann", "token": TOKEN})
    room.clock.advance(61)
    admitted = await room.browser.post("/login", {"name": "Ann", "token": TOKEN})

    assert (refused.status_code, refused.headers["retry-after"]) == (429, "60")
    assert admitted.status_code == 303


async def test_wrong_tokens_that_come_at_once_make_an_address_wait_too(room: Room) -> None:
    begun, go_on = asyncio.Semaphore(0), asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        begun.release()
        await go_on.wait()
        yield b"name=Ann&token=wrong"

    headers = {"content-type": "application/x-www-form-urlencoded", "origin": ADDRESS}
    async with asyncio.TaskGroup() as group:
        tries = [
            group.create_task(room.browser.http.post("/login", content=slowly(), headers=headers))
            for _ in range(TRIES + 5)
        ]
        for _ in tries:
            await begun.acquire()
        go_on.set()

    assert sorted(one.result().status_code for one in tries) == [403] * TRIES + [429] * 5


@pytest.mark.parametrize("seconds", [IDLE_S, LIFE_S])
async def test_a_session_ends_by_itself(room: Room, seconds: float) -> None:
    await room.browser.log_in()
    step = min(seconds, IDLE_S) if seconds == IDLE_S else IDLE_S - 1

    for _ in range(int(seconds // step) + (seconds != IDLE_S)):
        room.clock.advance(step)
        answer = await room.browser.get("/")

    assert answer.headers["location"].startswith("/login")


async def test_logging_out_ends_the_session_for_whoever_kept_its_cookie(room: Room) -> None:
    await room.browser.log_in()
    kept = room.browser.session_cookie()

    await room.browser.post("/logout")

    thief = room.another_browser()
    thief.http.cookies.set("xerelay_session", kept)
    assert (await thief.get("/")).status_code == 303


@pytest.mark.parametrize("path", ACTING)
async def test_a_form_without_the_sessions_secret_does_nothing(room: Room, path: str) -> None:
    await room.browser.log_in()

    answers = [await room.browser.post(path, {"csrf": wrong}) for wrong in ("", "another")]

    assert [answer.status_code for answer in answers] == [403, 403]
    assert room.broker.sent == []


async def test_the_secret_of_another_session_is_not_enough(room: Room) -> None:
    await room.browser.log_in()
    other = room.another_browser()
    await other.log_in("Ben")

    answer = await room.browser.post("/parked/retry", {"csrf": other.csrf, "all": "1"})

    assert answer.status_code == 403


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:9999"])
async def test_a_form_from_another_site_is_refused(room: Room, origin: str) -> None:
    await room.browser.log_in()

    answers = [
        await room.browser.post("/parked/retry", {"all": "1"}, origin=origin),
        await room.browser.post("/login", {"name": "Ann", "token": TOKEN}, origin=origin),
    ]

    assert [answer.status_code for answer in answers] == [403, 403]


async def test_another_name_for_this_host_leads_to_the_right_one_and_takes_no_forms(room: Room) -> None:
    await room.browser.log_in()

    read = await room.browser.get("/parked?org=main", host="rebound.example")
    sent = await room.browser.post("/parked/retry", {"all": "1"}, host="rebound.example")

    assert read.headers["location"] == f"{ADDRESS}/parked?org=main"
    assert sent.status_code == 421
    assert (await room.browser.get("/healthz", host="10.0.0.3:8765")).text == "ok\n"


@pytest.mark.parametrize(
    ("setting", "address"),
    [
        ('url = "https://books.example.com:443"', "https://books.example.com"),
        ('url = "http://[::1]:80/"', "http://[::1]"),
        ("port = 80", "http://localhost"),
        ('url = "https://books.example.com:80"', "https://books.example.com:80"),
    ],
)
async def test_an_address_with_its_schemes_own_port_opens(tmp_path: Path, setting: str, address: str) -> None:
    """A browser leaves that port out of `Host` and `Origin`, and so does this one."""
    config = f'{MINIMAL}\n[console]\nadmin_token = "{TOKEN}"\n{setting}\n'
    async with console_room(tmp_path, admin=False, config=config) as room:
        http, at = room.browser.http, room.desk.settings.console.address
        shown = await http.get(f"{at}/login")
        entered = await http.post(f"{at}/login", data={"name": "Ann", "token": TOKEN}, headers={"origin": address})

    assert at == address
    assert (shown.status_code, entered.status_code, entered.headers["location"]) == (200, 303, "/")


@pytest.mark.parametrize("path", ["/login", "/healthz", "/style.css", "/callback?code=1&state=2", "/no/such/page", "/"])
async def test_every_answer_forbids_scripts_frames_and_other_hosts(room: Room, path: str) -> None:
    headers = (await room.browser.get(path)).headers

    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert policy == {
        "default-src": "'none'",
        "style-src": "'self'",
        "img-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"
    assert "server" not in headers


async def test_pages_are_not_kept_by_anybody_on_the_way(room: Room) -> None:
    await room.browser.log_in()

    assert (await room.browser.get("/parked")).headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"x" * 100_001, "application/x-www-form-urlencoded", 413),
        (b"&".join(b"a=1" for _ in range(2_000)), "application/x-www-form-urlencoded", 400),
        (b"a=%ff", "application/x-www-form-urlencoded", 400),
        (b"id=a%00", "application/x-www-form-urlencoded", 400),
        (b"id=a\0", "application/x-www-form-urlencoded", 400),
        (b"{}", "application/json", 415),
    ],
)
async def test_a_body_that_is_no_form_of_ours_is_refused(room: Room, content: bytes, kind: str, status: int) -> None:
    await room.browser.log_in()

    headers = {"content-type": kind, "origin": ADDRESS}
    answer = await room.browser.http.post("/parked/retry", content=content, headers=headers)

    assert answer.status_code == status


@pytest.mark.parametrize(
    "path", ["/history?number=%00", "/parked?reason=a%00", "/parked/%00", "/resync/a%00", "/login?next=%00"]
)
async def test_an_address_that_no_database_can_be_asked_for_is_refused(open_room: Room, path: str) -> None:
    answer = await open_room.browser.get(path)

    assert (answer.status_code, answer.text) == (400, "expected an address without NUL (%00)\n")


async def test_what_is_not_there_is_said_in_words(room: Room) -> None:
    await room.browser.log_in()

    answers = [await room.browser.get(path) for path in ("/no/such/page", "/parked/none", "/organisations/nobody")]

    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert "no [organisations.nobody] in the configuration" in text_of(answers[2])
