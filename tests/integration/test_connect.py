"""A person's consent, by the browser that comes back and by an address that is pasted."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import PIPE

import httpx
import pytest

from deploy.sandbox.xero.app import build_app
from deploy.sandbox.xero.state import Options, Sandbox
from tests.sandbox_fixture import SandboxControl
from tests.serving_http import serving
from tests.unit.settings_cases import MINIMAL
from tests.xero_sandbox import credentials_of
from worker.cli.connect import came_back
from worker.xero.consent import ConsentRefused, authorise_url, new_state, read_callback
from worker.xero.tokens import Flow

ROOT = Path(__file__).resolve().parents[2]
WEB_APP = 'client_id = "sandbox-web"\nclient_secret = "sandbox-secret"'


@pytest.fixture(scope="module")
def xero() -> Iterator[SandboxControl]:
    with serving(build_app(Sandbox(Options(organisations=2)), lambda _peer: None)) as url:
        control = SandboxControl(url)
        yield control
        control.close()


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def page_of(xero: SandboxControl, port: int, state: str) -> str:
    login = f"{xero.url}/identity/connect/authorize"
    redirect_uri = f"http://localhost:{port}/callback"
    return authorise_url(credentials_of(Flow.WEB), login_url=login, redirect_uri=redirect_uri, state=state)


def allow(page: str) -> str:
    """What a person's browser does: where Xero sends it."""
    answer = httpx.post(page, data={"answer": "allow"})
    return answer.headers["location"]


async def test_the_browser_brings_the_code_and_gets_a_page(xero: SandboxControl, port: int) -> None:
    state = new_state()
    shown: list[str] = []

    def browse(page: str) -> None:
        back = allow(page).replace("localhost", "127.0.0.1")
        shown.append(httpx.get(back.replace("/callback", "/favicon.ico")).reason_phrase)
        shown.append(httpx.get(back).text)

    answer = await came_back(page_of(xero, port, state), port, browse=browse)

    assert read_callback(answer, state=state)
    assert (shown[0], "close this page" in shown[1]) == ("Not Found", True)


async def test_a_port_that_is_taken_is_told_with_the_ways_out(port: int) -> None:
    way_out = f"port {port} is taken; if a console has it, log in at http://localhost:{port} and press Connect.*--paste"
    with socket.create_server(("127.0.0.1", port)), pytest.raises(ConsentRefused, match=way_out):
        await came_back("http://127.0.0.1:1/", port, browse=lambda _page: None)


def test_a_pasted_address_connects_and_lists_the_organisations(xero: SandboxControl, port: int, tmp_path: Path) -> None:
    text = MINIMAL.replace("[ledger]", f'[ledger]\nurl = "sqlite+inline:///{tmp_path / "ledger.db"}"')
    text = text.replace('client_id = "id"\nclient_secret = "hidden-1"', f"redirect_port = {port}\n{WEB_APP}")
    text = text.replace("start_date", f'tenant_id = "{xero.tenant_id("org2")}"\nstart_date')
    config = tmp_path / "xerelay.toml"
    config.write_text(
        f'{text}\n[xero]\napi_url = "{xero.url}"\nidentity_url = "{xero.url}"\nlogin_url = "{xero.url}"\n'
    )
    command = [sys.executable, "-m", "worker", "connect", "xero", "--paste", "--config", str(config)]

    with subprocess.Popen(command, stdin=PIPE, stdout=PIPE, text=True, cwd=ROOT) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        page = process.stdout.readline().strip()
        process.stdin.write(allow(page) + "\n")
        process.stdin.close()
        told = process.stdout.read()
        code = process.wait(60)

    assert code == 0
    assert f"  {xero.tenant_id('org2')}  Sandbox org2  (organisations.main)\n" in told
    assert f"  {xero.tenant_id()}  Sandbox main\n" in told
