"""A log that cannot be written ends nobody who runs for ever: its lines are lost, and counted where it goes on again.

A limit on the size of files stands in for the disk: what is too much fails alike, and it can be lifted.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

_WRITES = """
import logging, structlog, sys
from worker.logs import Lines, Teller, configure
configure()
log = structlog.get_logger("xerelay")
log.info("at once")
structlog.wrap_logger(Lines(), wrapper_class=Teller).bind().tell("info", {"event": "together"}, {"event": "with it"})
logging.getLogger("library").warning("of a library")
print("said")
sys.exit(7)
"""


def _code(stream: int) -> int:
    done = subprocess.run([sys.executable, "-c", _WRITES], stdout=stream, stderr=stream, check=False, timeout=60)
    return done.returncode


def test_a_full_disk_behind_the_log_ends_nobody() -> None:
    with Path("/dev/full").open("w") as full:
        assert _code(full.fileno()) == 7


def test_a_pipe_that_nobody_reads_any_more_ends_nobody() -> None:
    reading, writing = os.pipe()
    os.close(reading)

    assert _code(writing) == 7

    os.close(writing)


_MAKES_ROOM = """
import resource, sys, structlog
from worker.logs import configure
configure()
log = structlog.get_logger("xerelay")
room, most = int(sys.argv[1]), resource.RLIM_INFINITY
resource.setrlimit(resource.RLIMIT_FSIZE, (room, most))
for number in range(20):
    log.info("written or lost", number=number)
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
for number in range(20, 23):
    log.info("written again", number=number)
"""


@pytest.mark.parametrize("room", [0, 500, 1_000, 1_003])
def test_lines_that_found_no_room_are_counted_where_the_log_goes_on(room: int, tmp_path: Path) -> None:
    log = tmp_path / "log"

    with log.open("wb") as stderr:
        subprocess.run([sys.executable, "-c", _MAKES_ROOM, str(room)], stderr=stderr, check=True, timeout=60)

    whole = [told for line in log.read_text().splitlines() if (told := _read(line))]
    numbers = [line["number"] for line in whole if "number" in line]
    [lost] = [line for line in whole if line["event"] == "log.lost"]
    assert len(numbers) + lost["lines"] == 23
    assert [line["event"] for line in whole[-4:]] == ["log.lost", *["written again"] * 3]
    assert numbers == [*range(len(numbers) - 3), 20, 21, 22]


def _read(line: str) -> dict[str, Any] | None:
    """The last one that found room may be half a line."""
    try:
        told: dict[str, Any] = json.loads(line)
    except ValueError:
        return None
    return told
