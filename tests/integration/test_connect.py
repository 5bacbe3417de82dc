"""A person's consent, by the browser that comes back and by an address that is pasted."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from deploy.sandbox.xero.app import build_app
from deploy.sandbox.xero.state import Options, Sandbox
from deploy.services import free_port
from tests.support.pasting import allow, at_sandbox, paste, with_ledger
from tests.support.sandbox_fixture import SandboxControl
from tests.support.serving_http import serving
from tests.support.xero_sandbox import credentials_of
from worker.cli.connect import came_back
from worker.xero.oauth.consent import ConsentRefused, authorise_url, new_state, read_callback
from worker.xero.oauth.tokens import Flow


@pytest.fixture(scope="module")
def xero() -> Iterator[SandboxControl]:
    with serving(build_app(Sandbox(Options(organisations=2)), lambda _peer: None)) as url:
        control = SandboxControl(url)
        yield control
        control.close()


def page_of(xero: SandboxControl, port: int, state: str) -> str:
    login = f"{xero.url}/identity/connect/authorize"
    redirect_uri = f"http://localhost:{port}/callback"
    return authorise_url(credentials_of(Flow.WEB), login_url=login, redirect_uri=redirect_uri, state=state)


async def test_the_browser_brings_the_code_and_gets_a_page(xero: SandboxControl) -> None:
    port, state = free_port(), new_state()
    shown: list[str] = []

    def browse(page: str) -> None:
        back = allow(page).replace("localhost", "127.0.0.1")
        shown.append(httpx.get(back.replace("/callback", "/favicon.ico"), timeout=30).reason_phrase)
        shown.append(httpx.get(back, timeout=30).text)

    answer = await came_back(page_of(xero, port, state), port, state, browse=browse)

    assert read_callback(answer, state=state)
    assert (shown[0], "close this page" in shown[1]) == ("Not Found", True)


async def test_what_another_page_sends_does_not_end_the_attempt(xero: SandboxControl) -> None:
    port, state = free_port(), new_state()
    shown: list[int] = []

    def browse(page: str) -> None:
        back = allow(page).replace("localhost", "127.0.0.1")
        here = back.partition("?")[0]
        astray = (here, f"{here}?code=c&state={state}x", f"{here}?code=c&state=x&state={state}", back)
        shown.extend(httpx.get(one, timeout=30).status_code for one in astray)

    answer = await came_back(page_of(xero, port, state), port, state, browse=browse)

    assert shown == [404, 404, 404, 200]
    assert read_callback(answer, state=state)


@pytest.mark.parametrize(
    ("family", "host"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")], ids=["IPv4", "IPv6"]
)
async def test_a_port_that_is_taken_is_told_with_the_ways_out(family: socket.AddressFamily, host: str) -> None:
    with socket.create_server((host, 0), family=family) as taken:
        port = taken.getsockname()[1]
        console = f"http://localhost:{port}"
        way_out = f"port {port} is taken; if a console has it, log in at {console} and press Connect.*--paste"
        with pytest.raises(ConsentRefused, match=way_out):
            await came_back("http://127.0.0.1:1/", port, "state", browse=lambda _page: None)


def test_a_pasted_address_connects_and_lists_the_organisations(xero: SandboxControl, tmp_path: Path) -> None:
    text = with_ledger(at_sandbox(xero.url), f"sqlite+inline:///{tmp_path / 'ledger.db'}")
    config = tmp_path / "xerelay.toml"
    config.write_text(text.replace("start_date", f'tenant_id = "{xero.tenant_id("org2")}"\nstart_date'))

    ended = paste(config)

    assert ended.code == 0
    assert f"  {xero.tenant_id('org2')}  Sandbox org2  (organisations.main)\n" in ended.told
    assert f"  {xero.tenant_id()}  Sandbox main\n" in ended.told
