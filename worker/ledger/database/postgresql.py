"""How PostgreSQL is connected to, and how long an answer of its is waited for."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import suppress
from difflib import get_close_matches
from typing import Any, Self

import psycopg
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

ANSWERS_WITHIN_S = 60.0
"""Twice what the server allows a statement: a server that is there has answered by then, be it with a refusal."""

_PARAMETERS: dict[str, Any] = {
    "connect_timeout": 5,
    # a host that vanished must not hold a transaction for the two hours of TCP's default
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
_OPTIONS = "-c lock_timeout=10000 -c idle_in_transaction_session_timeout=30000"
_STATEMENT = "-c statement_timeout=30000"
_KNOWN = "https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS"


class Connection(psycopg.AsyncConnection[Any]):
    """Hangs up on a server that gives no answer for `answers_within_s`; None waits for ever.

    TCP does not tell: the kernel of a server that stands still acknowledges what nobody reads, and so does whatever
    lies in between for one that vanished. To all others it is a connection that broke.
    """

    answers_within_s: float | None = None
    _hung_up = False

    @classmethod
    async def opened(cls, *args: Any, answers_within_s: float | None, **named: Any) -> Self:
        """A connection, as psycopg makes it."""
        connection = await cls.connect(*args, **named)
        connection.answers_within_s = answers_within_s
        return connection

    async def wait(self, *args: Any, **named: Any) -> Any:
        """What psycopg awaits each exchange with the server by. Raises its errors."""
        if self.answers_within_s is None:
            return await super().wait(*args, **named)
        timer = asyncio.get_running_loop().call_later(self.answers_within_s, self._give_up)
        try:
            return await super().wait(*args, **named)
        except psycopg.Error as error:
            if not self._hung_up:
                raise
            raise psycopg.OperationalError(f"the server gave no answer within {self.answers_within_s:g} s") from error
        finally:
            timer.cancel()

    def _give_up(self) -> None:
        self._hung_up = True
        self.hang_up()

    def hang_up(self) -> None:
        """End the socket's connection under psycopg, which reads the end of it: it closes what it waits on itself."""
        if self.closed:
            return
        duplicate = socket.fromfd(self.pgconn.socket, socket.AF_INET, socket.SOCK_STREAM)
        with duplicate, suppress(OSError):  # it has just ended by itself
            duplicate.shutdown(socket.SHUT_RDWR)


def connect_arguments(url: URL, *, answers_within_s: float | None) -> dict[str, Any]:
    """What `url` leaves open. `options` are added up, the URL's last, which are those that count.

    Where answers are waited for without an end, statements have no limit either.
    """
    arguments = {name: value for name, value in _PARAMETERS.items() if name not in url.query}
    ours = [_OPTIONS] if answers_within_s is None else [_OPTIONS, _STATEMENT]
    options = " ".join((*ours, *url.normalized_query.get("options", ())))

    async def connect(*args: Any, **named: Any) -> Connection:
        return await Connection.opened(*args, answers_within_s=answers_within_s, **named)

    return {**arguments, "options": options, "async_creator_fn": connect}


def parameter_faults(url: str) -> Iterator[str]:
    """What of that behind a ledger URL's question mark cannot be used. Values are not told.

    Of a wrong value libpq tells as it connects; but `connect_timeout` is psycopg's own affair.
    """
    parsed = make_url(url)
    if parsed.query and parsed.get_backend_name() != "postgresql":
        yield "expected nothing behind the file's name: only a postgresql:// url has parameters"
        return
    known = {option.keyword.decode() for option in psycopg.pq.Conninfo.get_defaults()}
    for name in sorted(parsed.query.keys() - known):
        close = get_close_matches(name, known, n=1)
        yield f'unknown parameter "{name}"; ' + (f'did you mean "{close[0]}"?' if close else f"libpq's are: {_KNOWN}")
    try:
        int(float(str(parsed.query.get("connect_timeout", 0))))
    except (ValueError, OverflowError):
        yield "connect_timeout: expected a number of seconds, given once"
    try:
        parsed.get_dialect()().create_connect_args(parsed)
    except (ArgumentError, ValueError):
        yield "host, port: expected one port for each host, such as host=first,second&port=5432,5433"
