"""A broker that answers what a consumer asks, and decides itself what comes in one read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from pika import frame, spec

_HEADER = b"AMQP\x00\x00\x09\x01"
_ANSWERS: dict[type[Any], Any] = {
    spec.Connection.StartOk: spec.Connection.Tune(2047, 131_072, 0),
    spec.Connection.Open: spec.Connection.OpenOk(),
    spec.Connection.Close: spec.Connection.CloseOk(),
    spec.Channel.Open: spec.Channel.OpenOk(),
    spec.Channel.Close: spec.Channel.CloseOk(),
    spec.Basic.Qos: spec.Basic.QosOk(),
}


class Peer:
    """Cancels the first `cancelling` consumers as soon as they begin. `begun` are the tags of all there were.

    Whoever asks to consume a queue of `silent` gets no answer, as of one that has no leader; `asked` are the queues.
    """

    def __init__(self, *, cancelling: int = 0, silent: Sequence[str] = ()) -> None:
        self.begun: list[str] = []
        self.asked: list[str] = []
        self.silent = set(silent)
        self._cancelling = cancelling

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until the client hangs up; each answer goes out in one piece."""
        await reader.readexactly(len(_HEADER))
        writer.write(_marshalled(0, [spec.Connection.Start(0, 9, {}, "PLAIN", "en_US")]))
        buffer = b""
        while data := await reader.read(65_536):
            buffer += data
            used, asked = _methods(buffer)
            buffer = buffer[used:]
            for channel, method in asked:
                writer.write(_marshalled(channel, list(self._answers(method))))
        writer.close()

    def _answers(self, method: Any) -> Iterator[Any]:
        if isinstance(method, spec.Basic.Consume):
            self.asked.append(method.queue)
            if method.queue in self.silent:
                return
            self.begun.append(method.consumer_tag)
            yield spec.Basic.ConsumeOk(method.consumer_tag)
            if len(self.begun) <= self._cancelling:
                yield spec.Basic.Cancel(method.consumer_tag, True)
        elif isinstance(method, spec.Basic.Cancel):
            yield spec.Basic.CancelOk(method.consumer_tag)
        elif type(method) in _ANSWERS:
            yield _ANSWERS[type(method)]


@asynccontextmanager
async def listening(peer: Peer) -> AsyncIterator[str]:
    """The url at which `peer` is the broker."""
    server = await asyncio.start_server(peer.serve, "127.0.0.1", 0)
    async with server:
        yield f"amqp://127.0.0.1:{server.sockets[0].getsockname()[1]}/"


def _methods(buffer: bytes) -> tuple[int, list[tuple[int, Any]]]:
    """How many bytes whole frames take, and the methods among those, each with its channel."""
    used, found = 0, list[tuple[int, Any]]()
    while True:
        size, one = frame.decode_frame(buffer[used:])
        if one is None:
            return used, found
        used += size
        if isinstance(one, frame.Method):
            found.append((one.channel_number, one.method))


def _marshalled(channel: int, methods: Sequence[Any]) -> bytes:
    return b"".join(frame.Method(channel, method).marshal() for method in methods)
