"""When a log line was written, and what never reaches one, whoever writes it and wherever it stands."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest

from worker.logs import Told

_SECRET = "hush"
_WRITES = f"""
import logging, structlog
from dataclasses import dataclass, field
from worker.logs import configure
configure()
log = structlog.get_logger("xerelay")
url = "amqp://shop:{_SECRET}@127.0.0.1:5672/shop"
log.info("plain", routing_key="shop.immediate.invoice", attempt=1)
log.info("link.lost", url=url, hosts=[{{"first": url}}])
log.info("odd urls", urls=["amqp://shop:p@{_SECRET}@host/", "amqp://:{_SECRET}@host"], mail="jo@example.com")
log.info("refused", client_secret="{_SECRET}", token={{"access": "{_SECRET}"}}, tokens=3)
logging.getLogger("library").warning("no answer from %s", url)
try:
    raise ValueError(url)
except ValueError:
    log.exception("failed")


@dataclass
class Token:
    access: str = field(repr=False)


log.info("odd", token_like=Token("{_SECRET}"), half="\\ud83d")
log.info("half", half="\\ud83d")
try:
    raise ValueError(url)
except ValueError:
    logging.getLogger("library").exception("broken")
"""


def _lines() -> list[dict[str, Any]]:
    done = subprocess.run([sys.executable, "-c", _WRITES], capture_output=True, text=True, check=True, timeout=60)
    return [json.loads(line) for line in done.stderr.splitlines()]


def test_each_line_says_when_in_utc() -> None:
    before = datetime.now(UTC)

    stamps = [line["timestamp"] for line in _lines()]

    times = [datetime.fromisoformat(stamp) for stamp in stamps]
    assert before <= times[0] <= times[-1] <= datetime.now(UTC)
    assert times == sorted(times)
    assert all(stamp.endswith("Z") and "." in stamp for stamp in stamps)


def test_secrets_become_stars_and_the_rest_stays() -> None:
    plain, lost, odd, refused, library, failed, *_ = _lines()

    assert (plain["routing_key"], plain["attempt"], plain["level"]) == ("shop.immediate.invoice", 1, "info")
    starred = "amqp://shop:***@127.0.0.1:5672/shop"
    assert (lost["url"], lost["hosts"]) == (starred, [{"first": starred}])
    assert (odd["urls"], odd["mail"]) == (["amqp://shop:***@host/", "amqp://:***@host"], "jo@example.com")
    assert (refused["client_secret"], refused["token"], refused["tokens"]) == ("***", "***", 3)
    assert library["event"] == f"no answer from {starred}"
    assert starred in failed["exception"]
    assert _SECRET not in json.dumps([plain, lost, odd, refused, library, failed])


def test_an_object_is_told_as_it_tells_itself_and_half_a_pair_loses_no_line() -> None:
    *_, odd, half, _ = _lines()

    assert (odd["token_like"], odd["half"]) == ("Token()", "\ud83d")
    assert half["half"] == "\ud83d"


def test_what_a_library_caught_is_told_with_its_traceback() -> None:
    *_, broken = _lines()

    assert broken["event"] == "broken"
    assert broken["exception"].startswith("Traceback (most recent call last):")
    assert broken["exception"].endswith("ValueError: amqp://shop:***@127.0.0.1:5672/shop")


_ON_A_TERMINAL = f"""
import logging, structlog
from worker.logs import configure
configure()
def taken(body):
    raise ValueError("odd")
try:
    taken("{_SECRET[::-1]}"[::-1])
except ValueError:
    logging.getLogger("library").exception("broken")
    structlog.get_logger("xerelay").exception("failed")
    structlog.get_logger("xerelay").error("told", exc_info=True)
"""


def test_a_terminal_is_shown_where_it_broke_and_not_what_was_handled() -> None:
    told = _on_a_terminal(_ON_A_TERMINAL)

    assert told.count("in taken") == 3
    assert _SECRET not in told


_HALF_ON_A_TERMINAL = """
import structlog
from worker.logs import Lines, Teller, configure
configure()
log = structlog.wrap_logger(Lines(), wrapper_class=Teller).bind()
log.tell("info", {"event": "before"}, {"event": "half", "said": "\\ud83d"}, {"event": "after"})
"""


def test_half_a_pair_loses_no_line_that_is_told_together_on_a_terminal() -> None:
    told = _on_a_terminal(_HALF_ON_A_TERMINAL)

    assert [word for word in ("before", "half", "\\ud83d", "after") if word not in told] == []


def _on_a_terminal(code: str) -> str:
    """All that `code` writes to one, to the end: a terminal nobody writes to any more fails to be read."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen([sys.executable, "-c", code], stderr=theirs)
    os.close(theirs)
    pieces: list[bytes] = []
    with os.fdopen(ours, "rb", buffering=0) as file, suppress(OSError):
        pieces.extend(iter(lambda: file.read(100_000), b""))
    assert process.wait(timeout=60) == 0
    return b"".join(pieces).decode()


_LONG = f"""
import structlog
from worker.logs import configure
configure()
log = structlog.get_logger("xerelay")
for said in ("a" * 1_000_000, "a://b:" * 200_000, "://" * 300_000):
    log.info("odd", url="amqp://shop:{_SECRET}@127.0.0.1/ and", said=said)
"""


def test_words_of_a_megabyte_are_looked_through_once() -> None:
    # looked through anew from each of their letters, or from each URL in them, they would take an hour
    done = subprocess.run([sys.executable, "-c", _LONG], capture_output=True, text=True, check=True, timeout=60)

    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["url"] for line in lines] == ["amqp://shop:***@127.0.0.1/ and"] * 3
    assert [line["said"] for line in lines] == ["a" * 1_000_000, "a://b:" * 200_000, "://" * 300_000]


_TOGETHER = """
import structlog
from worker.logs import Lines, Teller, configure
configure()
log = structlog.wrap_logger(Lines(), wrapper_class=Teller).bind()
class Odd:
    def __repr__(self):
        raise ValueError
log.tell("info", {"event": "first"}, {"event": "second", "token": "x"})
try:
    log.tell("info", {"event": "third"}, {"event": "fourth", "said": Odd()})
except ValueError:
    log.tell("info", {"event": "after"})
"""


def test_lines_that_are_told_together_are_like_the_others_and_none_is_lost_when_one_fails() -> None:
    done = subprocess.run([sys.executable, "-c", _TOGETHER], capture_output=True, text=True, check=True, timeout=60)

    told = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["event"] for line in told] == ["first", "second", "third", "after"]
    assert told[1]["token"] == "***"


_WHOLE = """
import structlog
from worker.logs import Lines, Teller, configure
configure()
log = structlog.wrap_logger(Lines(), wrapper_class=Teller).bind()
log.tell("warning", {"event": "odd", "token": "x", "url": "a://b:c@d"})
"""


def test_a_line_that_is_told_whole_is_like_the_others() -> None:
    done = subprocess.run([sys.executable, "-c", _WHOLE], capture_output=True, text=True, check=True, timeout=60)

    told = json.loads(done.stderr)
    assert datetime.fromisoformat(told.pop("timestamp")) <= datetime.now(UTC)
    assert told == {"event": "odd", "level": "warning", "token": "***", "url": "a://b:***@d"}


_ALIKE = f"""
import structlog
from msgspec import UNSET, UnsetType
from worker.logs import Lines, Teller, Told, configure
configure()
log = structlog.wrap_logger(Lines(), wrapper_class=Teller).bind()
class Line(Told):
    event: str
    url: str
    attempt: int
    reason: str | UnsetType = UNSET
lines = ("ü", 1), ("amqp://shop:{_SECRET}@host/", 2, "why"), ("amqp://shop", 3), ("@host", 4)
for more in ((), (("\\ud83d", 5),)):
    log.tell_alike("info", [Line("told", *line) for line in (*lines, *more)])
    names = "event", "url", "attempt", "reason"
    log.tell("info", *[dict(zip(names, ("told", *line))) for line in (*lines, *more)])
log.tell_alike("info", [])
"""


def test_lines_of_one_kind_are_written_as_each_by_itself() -> None:
    done = subprocess.run([sys.executable, "-c", _ALIKE], capture_output=True, text=True, check=True, timeout=60)

    told = [re.sub(r'"timestamp":"[^"]{26}Z"}$', "", line) for line in done.stderr.splitlines()]
    assert (told[:4], told[8:13]) == (told[4:8], told[13:])
    assert told[1] == '{"event":"told","url":"amqp://shop:***@host/","attempt":2,"reason":"why","level":"info",'


def test_lines_of_one_kind_are_shown_on_a_terminal() -> None:
    told = _on_a_terminal(_ALIKE)

    assert told.count("amqp://shop:***@host/") == 4
    assert told.count("told") == 18


def test_a_kind_of_line_has_no_field_for_a_secret() -> None:
    with pytest.raises(TypeError, match="client_secret"):

        class _Line(Told):
            client_secret: str


_MANY = """
import structlog
from worker.logs import Lines, Teller, configure
configure()
log = structlog.wrap_logger(Lines(), wrapper_class=Teller).bind()
filled = [{"number": number, "filling": "x" * (number % 300)} for number in range(500)]
log.tell("info", *({"event": "ü" * 100, **line} for line in filled))
"""


def test_what_is_told_together_cuts_no_line_in_two_where_processes_share_a_pipe() -> None:
    # each write is read by itself, and one that is larger than a pipe takes in one piece comes in several
    reading, writing = os.pipe2(os.O_DIRECT)
    process = subprocess.Popen([sys.executable, "-c", _MANY], stderr=writing)
    os.close(writing)

    with os.fdopen(reading, "rb", buffering=0) as pipe:
        pieces = list(iter(lambda: pipe.read(1_000_000), b""))

    assert process.wait(timeout=60) == 0
    numbers = [json.loads(line)["number"] for piece in pieces for line in piece.splitlines()]
    assert numbers == list(range(500))
    assert all(piece.endswith(b"\n") for piece in pieces)
    assert len(pieces) < len(numbers) / 5
