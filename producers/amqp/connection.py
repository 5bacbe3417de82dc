"""One connection of pika's, to be awaited: opened, watched, closed within bounded time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Self

from producers.amqp.channel import Channel, resolve
from producers.amqp.errors import AmqpError, ConnectionLost, describe
from producers.amqp.gate import ReadingGate
from producers.amqp.raw import RawConnection

_CLOSE_TIMEOUT_S = 5.0


class Connection:
    """`ended` gets the reason, as soon as the connection is lost or given up."""

    def __init__(self, parameters: Any, on_blocked: Callable[[bool], None]) -> None:
        loop = asyncio.get_running_loop()
        where = f"{parameters.host}:{parameters.port}"
        self.gate = ReadingGate(loop)
        self.ended: asyncio.Future[AmqpError] = loop.create_future()
        self._opened: asyncio.Future[AmqpError | None] = loop.create_future()
        self._closed = asyncio.Event()
        self._raw = RawConnection(
            parameters,
            on_open_callback=lambda _raw: resolve(self._opened, None),
            on_open_error_callback=lambda _raw, error: resolve(self._opened, _unopened(where, error)),
            on_close_callback=lambda _raw, error: self._on_close(error),
            custom_ioloop=self.gate,
        )
        self._raw.add_on_connection_blocked_callback(lambda *_: on_blocked(True))
        self._raw.add_on_connection_unblocked_callback(lambda *_: on_blocked(False))

    @classmethod
    async def open(cls, parameters: Any, on_blocked: Callable[[bool], None]) -> Self:
        """An open connection; pika's own time-outs bound the wait. Raises ConnectionLost."""
        connection = cls(parameters, on_blocked)
        try:
            error = await connection._opened
        except asyncio.CancelledError:
            if not (connection._raw.is_closed or connection._raw.is_closing):
                connection._raw.close()
            raise
        if error is not None:
            raise error
        return connection

    def drop(self, reason: AmqpError) -> None:
        """Give it up; whoever keeps it closes it."""
        resolve(self.ended, reason)

    async def channel(self) -> Channel:
        """A new channel. Raises ConnectionLost."""
        return await Channel.open(self._raw, self.drop)

    @property
    def body_max(self) -> int:
        """How many bytes of a body fit into one frame: agreed with the broker."""
        return int(self._raw._body_max_length)  # noqa: SLF001 - pika computes it and tells nobody

    def write(self, frames: Sequence[bytes]) -> None:
        """Send frames that are written already, all of one message; the channel they name has to be open."""
        self._raw.write(frames)

    async def close(self) -> None:
        """Say good-bye when possible; after 5 s without an answer just hang up."""
        if self._raw.is_open:
            self._raw.close()
        try:
            # not wait_for, which until Python 3.12 forgets a cancellation that comes as the broker hangs up
            async with asyncio.timeout(_CLOSE_TIMEOUT_S):
                await self._closed.wait()
        except TimeoutError:
            self._raw._terminate_stream(None)  # noqa: SLF001 - pika has no public way to hang up
        finally:
            self.gate.resume()  # a paused one would breathe for ever

    def _on_close(self, error: BaseException) -> None:
        self._closed.set()
        resolve(self.ended, ConnectionLost(describe(error)))


def _unopened(where: str, error: BaseException) -> ConnectionLost:
    """Says which address was tried: it may come from a file, the environment or the command line."""
    return ConnectionLost(f"{where}: {describe(error)}")
