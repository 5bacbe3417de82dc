"""A demo that is told to end before its time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.acceptance.stage import ROOT
from tests.support.waiting import until_sync

IN_THE_BACKGROUND = ("/bin/sh", "-c", 'trap "" INT; exec "$@"', "sh")
"""A script's background job: its shell has SIGINT ignored."""


@pytest.mark.timeout(150)
@pytest.mark.parametrize(
    ("number", "started"),
    [(signal.SIGINT, ()), (signal.SIGTERM, ()), (signal.SIGTERM, IN_THE_BACKGROUND)],
    ids=["SIGINT", "SIGTERM", "SIGTERM in the background"],
)
def test_a_demo_that_is_told_to_end_leaves_no_process_and_no_folder(
    number: signal.Signals, started: tuple[str, ...], tmp_path: Path, amqp_url: str
) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    command = [*started, sys.executable, "-m", "worker", "demo", "--past", "5", "--orders", "5"]
    environ = os.environ | {"AMQP_URL": amqp_url, "TMPDIR": str(folder)}
    with (tmp_path / "said.txt").open("wb") as said:
        demo = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=said, stderr=subprocess.STDOUT)
    children: list[psutil.Process] = []
    try:
        until_sync(lambda: list(folder.glob("*/worker.log")), timeout_s=60, what="the demo's worker")
        children = psutil.Process(demo.pid).children(recursive=True)

        demo.send_signal(number)
        code = demo.wait(60)

        until_sync(lambda: not any(child.is_running() for child in children), what="the end of its processes")
    finally:
        demo.kill()
        demo.wait(10)
    assert code != 0
    assert "Traceback" not in (tmp_path / "said.txt").read_text()
    assert len(children) >= 3
    assert list(folder.iterdir()) == []
