"""The demo as a person runs it, with a small store, and left up so that its console shows the day."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from tests.acceptance.stage import ROOT

SIZE = ("--past", "25", "--orders", "10", "--seconds", "3", "--seed", "9")
_CONSOLE = re.compile(r"console: (\S+) \(any name, admin token (\w+)\)")


@pytest.mark.timeout(260)
@pytest.mark.long
def test_a_store_that_trades_is_in_xero_to_the_cent_with_a_resync_in_the_middle(tmp_path: Path, amqp_url: str) -> None:
    file = tmp_path / "report.json"
    with (tmp_path / "said.txt").open("wb") as said:
        command = [sys.executable, "-m", "worker", "demo", *SIZE, "--report", str(file), "--keep"]
        environ = os.environ | {"AMQP_URL": amqp_url}
        demo = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=said, stderr=subprocess.STDOUT)
        try:
            console, token = left_up(demo, tmp_path / "said.txt")
            figures = shown(console, token) | {"listed": listed((tmp_path / "said.txt").read_text())}
            demo.send_signal(signal.SIGINT)
            code = demo.wait(60)
        finally:
            demo.kill()
            demo.wait(10)

    assert code == 0, (tmp_path / "said.txt").read_text()[-8000:]
    report = json.loads(file.read_text())
    assert (report["lost"], report["duplicated"], report["cents_off"]) == (0, 0, 0)
    assert len(report["parked"]) == 6
    assert report["store_orders"] >= 35
    assert len(report["cases"]) >= 15, report["cases"]
    assert report["reconcile"]["differences"] == 0
    assert report["reconcile"]["equal"] > 10
    assert report["documents_in_xero"]["invoices"] > 10
    assert report["resync"]["published"] == report["resync"]["written"] + report["resync"]["unchanged"]
    assert report["repeats_on_the_wire"] > 0
    assert report["resync_of_complete_books"]["calls"] == 0
    assert figures == {"parked": 6, "runs": 2, "chart": True, "listed": 6}


def left_up(demo: subprocess.Popen[bytes], said: Path) -> tuple[str, str]:
    """The console's address and token, once the day is over."""
    deadline = time.monotonic() + 220
    while "Ctrl-C ends it" not in said.read_text(errors="replace"):
        assert demo.poll() is None, said.read_text()[-8000:]
        assert time.monotonic() < deadline, said.read_text()[-8000:]
        time.sleep(0.2)
    found = _CONSOLE.search(said.read_text())
    assert found is not None, said.read_text()[-2000:]
    return found[1], found[2]


def shown(console: str, token: str) -> dict[str, object]:
    """What an admin sees of the day."""
    with httpx.Client(base_url=console, follow_redirects=True, timeout=30) as http:
        http.post("/login", data={"name": "Ann", "token": token})
        parked = http.get("/parked").text.count('name="id"')
        runs = http.get("/resync").text.count('data-label="run"')
        return {"parked": parked, "runs": runs, "chart": 'class="bar write"' in http.get("/requests").text}


def listed(said: str) -> int:
    """How many events `parked list` has, with the configuration that the demo names."""
    config = said.partition("commands: xerelay status --config ")[2].partition(",")[0]
    command = [sys.executable, "-m", "worker", "parked", "list", "--json", "--config", config]
    return len(json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, check=True, timeout=60).stdout))
