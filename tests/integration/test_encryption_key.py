"""After a new `ledger.encryption_key`: connecting again cures it, and until then the rest goes on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from deploy.sandbox.xero.app import build_app
from deploy.sandbox.xero.state import Options, Sandbox
from tests.support.console_room import console_room, leads_to, text_of
from tests.support.fakes import START, FakeClock
from tests.support.pasting import allow, at_sandbox, paste, with_ledger
from tests.support.sample_ledger import ORG, event, lease_of, opened
from tests.support.serving_http import serving
from tests.support.settings_cases import KEY as CONFIGURED
from tests.support.settings_cases import MINIMAL
from tests.support.xero_fakes import call_of
from worker.clock import SystemClock
from worker.ledger.ledger import Ledger
from worker.ledger.records import Call, HoldState, TokenSet
from worker.notices.notices import Notices
from worker.serving.housekeeping import keep_house
from worker.settings import Settings, load
from worker.xero.clients import Clients
from worker.xero.connecting import Question, complete
from worker.xero.oauth.auth import IDLE
from worker.xero.replies.reply import Reply, ReplyKind

OLD_KEY = "bm90IHRoZSBrZXkgdGhhdCBpcyBpbiB1c2UgdG9kYXk="
STORED = TokenSet("access", START + timedelta(minutes=30), "refresh", refreshed_at=START)
CURE = "set the key they were stored with, or connect again"


@pytest.fixture(scope="module")
def xero() -> Iterator[str]:
    with serving(build_app(Sandbox(Options()), lambda _peer: None)) as url:
        yield url


@pytest.fixture
async def ledger_url(tmp_path: Path) -> str:
    """A ledger whose tokens were stored with another key than the configuration's."""
    url = f"sqlite+inline:///{tmp_path}/ledger.db"
    async with opened(url, encryption_key=OLD_KEY) as ledger:
        assert await ledger.tokens.swap("xero", 0, STORED)
    return url


def settings_of(folder: Path, config: str) -> Settings:
    path = folder / "settings.toml"
    path.write_text(config)
    return load(path, {})


async def sent(settings: Settings, ledger: Ledger, call: Call) -> Reply:
    """What comes of a call by the client that workers have."""
    async with AsyncExitStack() as stack:
        clients = Clients(settings, ledger, SystemClock(), stack)

        async def spend_again(_: str) -> bool:
            return False

        return await clients.client(settings.organisations[ORG], spend_again=spend_again).send(call)


async def connect_a_week_ago(settings: Settings, ledger: Ledger, name: str) -> None:
    clock = SystemClock()
    question = Question(settings.connections[name], "http://localhost:8765/callback")
    await complete(settings, ledger, question, allow(question.url(settings)), clock=clock, who="Ann")
    stored = await ledger.tokens.load(name)
    assert stored is not None
    assert await ledger.tokens.swap(name, stored.generation, replace(stored, refreshed_at=clock.now() - IDLE))


async def test_what_cannot_be_read_can_be_replaced(database_url: str) -> None:
    async with opened(database_url, encryption_key=OLD_KEY) as ledger:
        unused = await ledger.tokens.generation("xero")
        await ledger.tokens.swap("xero", 0, STORED)

    async with opened(database_url) as ledger:
        replaced = await ledger.tokens.swap("xero", await ledger.tokens.generation("xero"), STORED)
        stored = await ledger.tokens.load("xero")

    assert (unused, replaced) == (0, True)
    assert stored == replace(STORED, generation=2)


@pytest.mark.usefixtures("ledger_url")
async def test_connecting_again_in_the_console_cures_it(xero: str, tmp_path: Path) -> None:
    async with console_room(tmp_path, config=at_sandbox(xero)) as room:
        await room.browser.log_in()
        page = leads_to(await room.browser.post("/connect/xero"))

        answer = await room.browser.get(allow(page).replace("/callback", "/connect/finish"))

        assert (answer.status_code, text_of(answer)) == (303, "")
        stored = await room.desk.ledger.tokens.load("xero")
    assert stored is not None
    assert stored.generation == 2


async def test_connecting_again_on_the_command_line_cures_it(xero: str, ledger_url: str, tmp_path: Path) -> None:
    config = tmp_path / "xerelay.toml"
    config.write_text(with_ledger(at_sandbox(xero), ledger_url))

    ended = paste(config)

    assert (ended.code, "Traceback" in ended.error) == (0, False)
    async with opened(ledger_url, encryption_key=CONFIGURED) as ledger:
        stored = await ledger.tokens.load("xero")
    assert stored is not None
    assert stored.refresh_token != STORED.refresh_token


def test_what_the_ledger_says_while_connecting_is_one_line(xero: str, tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_bytes(b"something else, " * 100)
    config = tmp_path / "xerelay.toml"
    config.write_text(with_ledger(at_sandbox(xero), f"sqlite+inline:///{tmp_path}/ledger.db"))

    ended = paste(config)

    [line] = ended.error.splitlines()
    assert ended.code == 1
    assert line.startswith("ledger: ledger.url: expected a sound database")


async def test_a_custom_connection_has_new_tokens_by_itself(xero: str, ledger_url: str, tmp_path: Path) -> None:
    settings = settings_of(tmp_path, at_sandbox(xero, flow="custom"))

    async with opened(ledger_url) as ledger, AsyncExitStack() as stack:
        auth = Clients(settings, ledger, SystemClock(), stack).auth("xero")
        token = await auth.token()
        stored = await ledger.tokens.load("xero")

    assert stored is not None
    assert (stored.access_token, stored.generation) == (token.access_token, 2)


async def test_a_call_meanwhile_says_what_a_person_has_to_do(xero: str, ledger_url: str, tmp_path: Path) -> None:
    settings = settings_of(tmp_path, at_sandbox(xero))
    call = replace(call_of(method="GET", path="/Organisation", body=None), idempotency_key=None)

    async with opened(ledger_url) as ledger:
        reply = await sent(settings, ledger, call)

    assert reply.outcome is ReplyKind.CONSENT
    assert CURE in reply.detail


async def test_one_unreadable_connection_silences_no_notice(ledger_url: str, tmp_path: Path) -> None:
    settings = settings_of(tmp_path, MINIMAL)
    channel = Kept()

    async with opened(ledger_url, clock=FakeClock()) as ledger:
        await ledger.held.hold(await lease_of(ledger), [event(1, HoldState.PERSON, reason="overpaid")])
        await Notices(settings, ledger, FakeClock(), [channel]).turn()

    unreadable, parked = channel.lines
    assert unreadable.startswith("connection xero: its tokens cannot be read with this encryption_key; run `xerelay")
    assert "parked 1 overpaid" in parked


async def test_one_unreadable_connection_keeps_no_other_from_being_kept_alive(
    xero: str, ledger_url: str, tmp_path: Path
) -> None:
    one = at_sandbox(xero)
    section = one[one.index("[connections.xero]") : one.index("[stores.shop]")]
    settings = settings_of(
        tmp_path, one + section.replace("organisations.main", "organisations.other").replace("xero", "zero")
    )

    async with opened(ledger_url) as ledger, AsyncExitStack() as stack:
        await connect_a_week_ago(settings, ledger, "zero")
        with capture_logs() as lines:
            await keep_house(settings, ledger, Clients(settings, ledger, SystemClock(), stack))

    [refused, refreshed] = lines
    assert (refused["connection"], CURE in refused["detail"]) == ("xero", True)
    assert (refreshed["event"], refreshed["connection"]) == ("token.refreshed", "zero")


class Kept:
    """A channel that keeps what it is given."""

    name = "mail"

    def __init__(self) -> None:
        self.lines: list[str] = []

    async def send(self, subject: str, lines: Sequence[str]) -> None:
        self.lines += lines
