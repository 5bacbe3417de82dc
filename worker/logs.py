"""structlog: JSON lines on stderr, or colours on a terminal. Secrets never get this far; this is the second net."""

from __future__ import annotations

import json
import logging
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from select import PIPE_BUF
from typing import Any

import msgspec
import structlog
from msgspec import UNSET, Struct, UnsetType

from worker.lossy import lossy

_URL_PASSWORD = re.compile(r"""(://(?<=\w://)[^:/@\s]*):[^@\s]+(@(?:[^/@\s"']*@)*)?""")
"""To the last `@` before the host: a password may hold one that nobody escaped. A user may be missing.

It begins with what is seldom, and takes what has no `@` to the next space as well, where no other URL has one: so each
character is looked at once, and not for every letter and URL before it. A line may hold a word of a megabyte.
"""

_SECRET_KEYS = re.compile(r"(token|secret|password|authorization|key)$", re.IGNORECASE)
_PLAIN_KEYS = {"routing_key", "match_key"}
_PLAIN = frozenset({str, int, float, bool, type(None)})
_END = b"\n"
_FAST = msgspec.json.Encoder()
_ENCODER = json.JSONEncoder(default=repr, separators=(",", ":"))


class Lines:
    """A logger of structlog's for lines on stderr, each written at once, or those told together a page at a time."""

    def msg(self, line: str) -> None:
        """Write `line`."""
        self.write(f"{line}\n")

    info = warning = msg

    def write(self, lines: str) -> None:
        """Write `lines`, each with its end: a system call takes as long as a line."""
        for page in _pages(lines):
            sys.stderr.write(page)


class Told(Struct, kw_only=True):
    """A kind of line that is told of each event: its fields are words and numbers, and none is for a secret.

    That is looked at once, not line by line. `level` and `timestamp` are the teller's, and come last.
    """

    level: str | UnsetType = UNSET
    timestamp: str | UnsetType = UNSET

    def __init_subclass__(cls, **options: Any) -> None:
        """Refuse a field whose values `redact` would take out."""
        super().__init_subclass__(**options)
        if secret := _telling(tuple(cls.__annotations__)):
            raise TypeError(f"{', '.join(secret)}: expected a kind of line without secrets")


class Teller(structlog.BoundLoggerBase):
    """For what is told of each event: takes all of a line in one dictionary, which structlog's own copy three times."""

    def tell(self, level: str, *lines: dict[str, Any]) -> None:
        """Write `lines`, of which `event` says what happened, together."""
        written: list[str] = []
        try:
            for line in lines:
                written += self._rendered(level, line)
        finally:
            self._logger.write("".join([f"{line}\n" for line in written]))

    def tell_alike(self, level: str, lines: Sequence[Told]) -> None:
        """Write `lines` in a third of the time, told at one moment: what holds for their kind is not asked of each."""
        text = _at_once(level, lines) if _as_json in self._processors else None
        if text is None:
            self.tell(level, *map(msgspec.to_builtins, lines))
        else:
            self._logger.write(text)

    def _rendered(self, level: str, told: Any) -> Sequence[str]:
        try:
            for process in self._processors:
                told = process(self._logger, level, told)
        except structlog.DropEvent:
            return ()
        return (told,)


def _at_once(level: str, lines: Sequence[Told]) -> str | None:
    """Lines as the processors make each of them, with their ends; None where one has what UTF-8 cannot carry."""
    now = _now()
    for line in lines:
        line.level, line.timestamp = level, now
    try:
        return _starred(_FAST.encode_lines(lines).decode())
    except UnicodeEncodeError:
        return None


def _pages(lines: str) -> Iterator[str]:
    """Whole lines, as many as a pipe takes in one piece: workers that share one must not cut each other's in two."""
    text, at = lines.encode(errors="backslashreplace"), 0
    while at < len(text):
        end = text.rfind(_END, at, at + PIPE_BUF) + 1 or text.index(_END, at) + 1
        yield text[at:end].decode()
        at = end


def configure() -> None:
    """Set logging up for this process; what libraries log comes out in the same form, from warnings on.

    From now on it prints what can be printed: who runs for ever does not end because a log has no room.
    """
    # its own form of a traceback shows the variables of every frame: what was handled, and whose secret
    on_terminal = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    renderer = _sealed(on_terminal) if sys.stderr.isatty() else _as_json

    def told(lost: int) -> str:
        return renderer(None, "warning", _stamp(None, "", {"level": "warning", "event": "log.lost", "lines": lost}))

    sys.stderr = lossy(sys.stderr, told)
    sys.stdout = lossy(sys.stdout, lambda lost: f"{lost} lines could not be written here")
    common: list[Any] = [structlog.processors.add_log_level, _stamp]
    structlog.configure(
        processors=[*common, redact, _format_exception, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    _configure_libraries(common, renderer)
    silence_pika()


def _configure_libraries(common: Sequence[Any], renderer: Any) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*common, structlog.stdlib.add_logger_name],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                redact,
                _format_exception,
                renderer,
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)


def silence_pika() -> None:
    """It tells losses at length, credentials and all; `producers.amqp` says the same in one line."""
    logging.getLogger("pika").setLevel(logging.CRITICAL)


def _stamp(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The time in UTC, as structlog's own stamp has it, at a third of the cost: a line is written for each event."""
    event["timestamp"] = _now()
    return event


def _now() -> str:
    second, microsecond = divmod(time.time_ns() // 1000, 1_000_000)
    return f"{_to_the_second(second)}.{str(microsecond).zfill(6)}Z"


@lru_cache(maxsize=2)
def _to_the_second(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).replace(tzinfo=None).isoformat()


def _format_exception(logger: Any, name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """As structlog does it, which takes its time also where there is none."""
    return structlog.processors.format_exc_info(logger, name, event) if "exc_info" in event else event


def redact(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Values under telling keys become stars."""
    for key in _telling(tuple(event)):
        if not isinstance(event[key], int | float | bool):
            event[key] = "***"
    return event


@lru_cache(maxsize=1000)  # all lines of one kind have the same keys
def _telling(keys: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(key for key in keys if _SECRET_KEYS.search(key) is not None and key not in _PLAIN_KEYS)


def _sealed(renderer: Any) -> Callable[[Any, str, MutableMapping[str, Any]], str]:
    return lambda logger, name, event: _starred(renderer(logger, name, event))


def _starred(text: str) -> str:
    """With stars for passwords inside URLs, wherever in `text` they are."""
    return _URL_PASSWORD.sub(_stars, text) if "://" in text else text


def _stars(found: re.Match[str]) -> str:
    return f"{found[1]}:***@" if found[2] else found[0]


def _as_json(_: Any, __: str, event: Mapping[str, Any]) -> str:
    return _starred(_json(event))


def _json(event: Mapping[str, Any]) -> str:
    """Plain values in a third of the time; the others as their `repr`, which hides what an object says to hide."""
    if _PLAIN.issuperset(map(type, event.values())):
        try:
            return _FAST.encode(event).decode()
        except UnicodeEncodeError:  # half a surrogate pair, which UTF-8 cannot carry
            pass
    return _ENCODER.encode(event)
