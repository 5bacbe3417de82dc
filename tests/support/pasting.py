"""`xerelay connect --paste` with a person who allows the access, at a sandbox of Xero."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE

import httpx

from tests.support.settings_cases import MINIMAL

ROOT = Path(__file__).resolve().parents[2]
_ENDS_S = 60


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended, and what it said after the page's address."""

    code: int
    told: str
    error: str


def at_sandbox(url: str, *, flow: str = "web") -> str:
    """A configuration whose connection is an app of the sandbox at `url`."""
    app = f'flow = "{flow}"\nclient_id = "sandbox-{flow}"\nclient_secret = "sandbox-secret"'
    text = MINIMAL.replace('flow = "web"\nclient_id = "id"\nclient_secret = "hidden-1"', app)
    return f'{text}\n[xero]\napi_url = "{url}"\nidentity_url = "{url}"\nlogin_url = "{url}"\n'


def with_ledger(config: str, url: str) -> str:
    """The same with the ledger at `url`."""
    return config.replace("[ledger]", f'[ledger]\nurl = "{url}"')


def allow(page: str) -> str:
    """What a person's browser does: where Xero sends it."""
    answer = httpx.post(page, data={"answer": "allow"}, timeout=30)
    return answer.headers["location"]


def paste(config: Path) -> Ended:
    """Run the command, and paste the address that the browser is sent to."""
    command = [sys.executable, "-m", "worker", "connect", "xero", "--paste", "--config", str(config)]
    with subprocess.Popen(command, stdin=PIPE, stdout=PIPE, stderr=PIPE, text=True, cwd=ROOT) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        page = process.stdout.readline().strip()
        process.stdin.write(allow(page) + "\n")
        process.stdin.close()
        told, error = process.stdout.read(), process.stderr.read()
        code = process.wait(_ENDS_S)
    return Ended(code, told, error)
