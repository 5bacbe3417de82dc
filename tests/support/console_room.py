"""A console without a network: its own ledger, a broker and a Xero in memory, and a browser that keeps cookies."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any

import httpx

from producers.amqp import ConnectionLost
from schemas.commands import Command, decode_command
from schemas.topology import Queue
from tests.support.fakes import FakeClock
from tests.support.sample_ledger import opened
from tests.support.settings_cases import MINIMAL
from worker.console.app import make_app
from worker.console.chart_lists import ChartLists
from worker.console.consents import Consents
from worker.console.desk import Desk
from worker.console.sessions import Attempts, Sessions
from worker.settings import OrganisationSettings, load
from worker.stores.commanding import Order, Unconfirmed

ADDRESS = "http://localhost:8765"
TOKEN = "a-token-of-the-tests"
_SECTION = f'\n[console]\nadmin_token = "{TOKEN}"\n'
_REFRESH = re.compile(r'http-equiv="refresh" content="0;url=([^"]+)"')
_CSRF = re.compile(r'name="csrf" value="([^"]+)"')

ACCOUNTS: list[dict[str, Any]] = [
    {"AccountID": "a-200", "Code": "200", "Name": "Sales", "Type": "REVENUE", "Status": "ACTIVE"},
    {"AccountID": "a-425", "Code": "425", "Name": "Freight", "Type": "REVENUE", "Status": "ACTIVE"},
    {"AccountID": "a-260", "Code": "260", "Name": "Discounts", "Type": "REVENUE", "Status": "ACTIVE"},
    {"AccountID": "a-270", "Code": "270", "Name": "Fees", "Type": "REVENUE", "Status": "ARCHIVED"},
    {"AccountID": "a-860", "Code": "860", "Name": "Rounding", "Type": "EXPENSE", "Status": "ACTIVE"},
    {"AccountID": "a-090", "Code": "090", "Name": "Bank", "Type": "BANK", "Status": "ACTIVE"},
    {
        "AccountID": "a-841",
        "Code": "841",
        "Name": "Gift cards",
        "Type": "CURRLIAB",
        "Status": "ACTIVE",
        "EnablePaymentsToAccount": True,
    },
]
TAX_RATES: list[dict[str, Any]] = [
    {"TaxType": "OUTPUT2", "Name": "20% (VAT on Income)", "Status": "ACTIVE", "EffectiveRate": 20.0},
    {"TaxType": "NONE", "Name": "No VAT", "Status": "ACTIVE", "EffectiveRate": 0.0},
]


@dataclass
class MemoryBroker:
    """Knows how much waits, and keeps the commands it is given."""

    depths: dict[str, int] = field(default_factory=dict)
    sent: list[tuple[str, str, Command]] = field(default_factory=list)
    is_away: bool = False
    is_blocked: bool = False

    async def ask(self, queues: Collection[str]) -> Mapping[str, int | None]:
        self._answer()
        return {queue: self.depths.get(queue, 0) for queue in queues}

    async def place(self, order: Order, *, queues: Sequence[Queue]) -> None:
        self._answer()
        self.sent.append((order.id, order.target, decode_command(order.body)[1]))
        if self.is_blocked:
            raise Unconfirmed("the broker accepts no messages for now")

    def _answer(self) -> None:
        if self.is_away:
            raise ConnectionLost("no broker within 30 s: connection refused")


class Browser:
    """Follows no redirect by itself, and sends what a browser would: its cookies, and where a form comes from."""

    def __init__(self, app: Any) -> None:
        transport = httpx.ASGITransport(app=app, client=("192.0.2.7", 4711))
        self.http = httpx.AsyncClient(transport=transport, base_url=ADDRESS)
        self.csrf = ""

    async def get(self, path: str, **headers: str) -> httpx.Response:
        answer = await self.http.get(path, headers=headers)
        if found := _CSRF.search(answer.text):
            self.csrf = found[1]
        return answer

    async def post(self, path: str, fields: Mapping[str, Any] | None = None, **headers: str) -> httpx.Response:
        data = {"csrf": self.csrf, **(fields or {})}
        return await self.http.post(path, data=data, headers={"origin": ADDRESS, **headers})

    async def log_in(self, name: str = "Ann") -> httpx.Response:
        answer = await self.post("/login", {"name": name, "token": TOKEN})
        await self.get("/")
        return answer

    def session_cookie(self) -> str:
        return self.http.cookies.get("xerelay_session") or ""


@dataclass
class Room:
    """The console and what is around it."""

    desk: Desk
    broker: MemoryBroker
    clock: FakeClock
    browser: Browser
    app: Any

    def another_browser(self) -> Browser:
        return Browser(self.app)


@asynccontextmanager
async def console_room(folder: Path, *, admin: bool = True, config: str = MINIMAL) -> AsyncIterator[Room]:
    """With an admin token or without."""
    path = folder / "xerelay.toml"
    path.write_text(config + (_SECTION if admin else ""))
    clock, broker = FakeClock(), MemoryBroker()

    async def read_chart(_: OrganisationSettings) -> ChartLists:
        return ChartLists(clock.now(), ACCOUNTS, TAX_RATES)

    async with opened(f"sqlite+inline:///{folder}/ledger.db", clock=clock) as ledger:
        desk = Desk(
            settings=load(path, {}),
            ledger=ledger,
            clock=clock,
            ask=broker.ask,
            place=broker.place,
            read_chart=read_chart,
            sessions=Sessions(clock),
            attempts=Attempts(clock),
            consents=Consents(clock),
        )
        app = make_app(desk)
        browser = Browser(app)
        yield Room(desk, broker, clock, browser, app)
        await browser.http.aclose()


def leads_to(answer: httpx.Response) -> str:
    """Where a page that only leads on sends the browser."""
    found = _REFRESH.search(answer.text)
    assert found is not None, answer.text
    return unescape(found[1])


def text_of(answer: httpx.Response) -> str:
    """What a person reads, in one line."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())
