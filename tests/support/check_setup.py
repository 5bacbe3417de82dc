"""A set-up in front of two sandboxes in this process, and ways to break it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from typer.testing import CliRunner, Result

from deploy.sandbox.store.app import build_app as build_shop
from deploy.sandbox.store.oauth import INTEGRATION
from deploy.sandbox.store.state import Options as ShopOptions
from deploy.sandbox.store.state import Sandbox as ShopSandbox
from deploy.sandbox.xero.app import build_app
from deploy.sandbox.xero.state import Options, Sandbox
from tests.support.sample_ledger import opened
from tests.support.sandbox_fixture import SandboxControl, client_credentials
from tests.support.serving_http import serving
from worker.cli import app
from worker.ledger.ledger import Ledger
from worker.ledger.records import TokenSet
from worker.xero.oauth.tokens import DATA_SCOPES

KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
OTHER_KEY = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY="
CALLBACK = "http://localhost:8765/callback"
NO_BROKER = "amqp://127.0.0.1:1/"

CONFIG = """
[broker]
url = "{broker}"

[ledger]
url = "sqlite+inline:///{folder}/ledger.db"
encryption_key = "{key}"

[xero]
api_url = "{xero}"
identity_url = "{xero}"
login_url = "{xero}"

[connections.xero]
flow = "custom"
client_id = "sandbox-custom"
client_secret = "sandbox-secret"

[organisations.main]
connection = "xero"
start_date = 2026-01-01
tenant_id = "{tenant}"

[organisations.main.accounts]
sales = "200"
shipping = "210"
discount = "205"
fee = "260"
rounding = "860"
gift_card = "841"

[organisations.main.tax]
"20" = "OUTPUT2"
"0" = "ZERORATEDOUTPUT"
"none" = "NONE"

[organisations.main.payments]
stripe = "092"
default = "090"

[stores.shop]
kind = "magento"
url = "{shop}"
websites = {{ base = "main" }}

[stores.shop.auth]
consumer_key = "{consumer_key}"
consumer_secret = "{consumer_secret}"
access_token = "{token}"
access_token_secret = "{token_secret}"
"""


@pytest.fixture(scope="module")
def xero_url() -> Iterator[str]:
    with serving(build_app(Sandbox(Options(organisations=2)), lambda _peer: None)) as url:
        yield url


@pytest.fixture(scope="module")
def shop_url() -> Iterator[str]:
    shop = ShopSandbox(ShopOptions(orders=5), "")
    with serving(build_shop(shop)) as url:
        shop.base_url = url
        yield url


@pytest.fixture
def xero(xero_url: str) -> Iterator[SandboxControl]:
    control = SandboxControl(xero_url)
    control.reset()
    yield control
    control.close()


@dataclass
class SetUp:
    """A set-up that works, but for the broker, and what is changed in it. `changes` are texts of the file."""

    folder: Path
    xero: SandboxControl
    shop_url: str
    broker: str = NO_BROKER
    key: str = KEY
    changes: dict[str, str] = field(default_factory=dict)

    def config(self) -> Path:
        text = CONFIG.format(
            broker=self.broker,
            folder=self.folder,
            key=self.key,
            xero=self.xero.url,
            tenant=self.xero.tenant_id(),
            shop=self.shop_url,
            consumer_key=INTEGRATION.consumer_key,
            consumer_secret=INTEGRATION.consumer_secret,
            token=INTEGRATION.token,
            token_secret=INTEGRATION.token_secret,
        )
        for old, new in self.changes.items():
            assert old in text
            text = text.replace(old, new)
        path = self.folder / "xerelay.toml"
        path.write_text(text)
        return path

    def check(self, *arguments: str) -> Result:
        return CliRunner().invoke(app, ["check", *arguments, "--config", str(self.config())])

    def stored(self) -> TokenSet | None:
        """The tokens that the ledger has."""

        async def work() -> TokenSet | None:
            async with opened(f"sqlite+inline:///{self.folder / 'ledger.db'}", encryption_key=KEY) as ledger:
                return await ledger.tokens.load("xero")

        return asyncio.run(work())

    def in_ledger(self, store: TokenSet | None = None) -> None:
        async def work() -> None:
            async with opened(f"sqlite+inline:///{self.folder / 'ledger.db'}", encryption_key=KEY) as ledger:
                await _keep(ledger, store)

        asyncio.run(work())


async def _keep(ledger: Ledger, tokens: TokenSet | None) -> None:
    if tokens is not None:
        assert await ledger.tokens.swap("xero", 0, tokens)


@pytest.fixture
def setup(tmp_path: Path, xero: SandboxControl, shop_url: str) -> SetUp:
    made = SetUp(tmp_path, xero, shop_url)
    made.in_ledger()
    return made


def lines(result: Result, level: str) -> list[str]:
    """The findings of that level, as they are printed."""
    return [line for line in result.stdout.splitlines() if line.startswith(level)]


def consented(url: str, scopes: str = DATA_SCOPES) -> TokenSet:
    """What the sandbox gives its web app when a person allows it all organisations, as the ledger keeps it."""
    app = {"client_id": "sandbox-web", "redirect_uri": CALLBACK}
    asked = app | {"response_type": "code", "state": "s", "scope": f"offline_access {scopes}"}
    answer = httpx.post(f"{url}/identity/connect/authorize", params=asked, data={"answer": "allow"}, timeout=30)
    [code] = parse_qs(urlsplit(answer.headers["location"]).query)["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
    reply = httpx.post(f"{url}/connect/token", data=form, auth=("sandbox-web", "sandbox-secret"), timeout=30).json()
    now = datetime.now(UTC)
    return TokenSet(reply["access_token"], now + timedelta(minutes=30), reply["refresh_token"], now, scope=scopes)


def tokens(url: str, scope: str = "", *, age: timedelta = timedelta()) -> TokenSet:
    """What the sandbox gives a custom connection, as the ledger keeps it."""
    reply = client_credentials(url, scope=scope)
    now = datetime.now(UTC) - age
    return TokenSet(reply["access_token"], now + timedelta(minutes=30), None, now, scope=reply["scope"])
