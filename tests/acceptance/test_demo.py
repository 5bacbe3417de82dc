"""The demo as a person runs it, with a small store."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.stage import ROOT

SIZE = ("--past", "25", "--orders", "10", "--seconds", "3", "--seed", "9")


@pytest.mark.timeout(260)
def test_a_store_that_trades_is_in_xero_to_the_cent_with_a_resync_in_the_middle(tmp_path: Path, amqp_url: str) -> None:
    file = tmp_path / "report.json"
    command = [sys.executable, "-m", "worker", "demo", *SIZE, "--report", str(file)]

    done = subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | {"AMQP_URL": amqp_url},
        capture_output=True,
        text=True,
        timeout=220,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
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
