"""Lines of a file or pipe, read without stopping the event loop and without holding more than a chunk and a line."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass

from schemas.codec import MAX_BODY_BYTES

_CHUNK_BYTES = 64 * 1024
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_Chunk = tuple[bytes, OSError | None]


@dataclass(frozen=True, slots=True)
class Line:
    """One line that is not blank; the first has number 1. A line beyond the limit of a message is cut just above it."""

    number: int
    body: bytes


class Splitter:
    """Bytes in, whole lines out."""

    def __init__(self) -> None:
        self._number = 0
        self._rest = bytearray()

    def feed(self, chunk: bytes) -> Iterator[Line]:
        """The lines that end in `chunk`."""
        *ended, rest = chunk.split(b"\n")
        for piece in ended:
            self._append(piece)
            yield from self.finish()
        self._append(rest)

    def finish(self) -> Iterator[Line]:
        """What is left, as the line it is; nothing when it is blank."""
        self._number += 1
        body = bytes(self._rest)
        self._rest.clear()
        if self._number == 1:
            body = body.removeprefix(_BYTE_ORDER_MARK)
        if body.strip():
            yield Line(self._number, body)

    def _append(self, piece: bytes) -> None:
        self._rest += piece[: max(0, MAX_BODY_BYTES + 1 - len(self._rest))]


class LineReader:
    """The lines of an open file descriptor, as they come: `async for line in reader`. `error` says why it ended early.

    Each chunk is read in a daemon thread: a pipe that says nothing stops neither the loop nor the end of the program.
    """

    def __init__(self, descriptor: int) -> None:
        self.error: OSError | None = None
        self._descriptor = descriptor
        self._stopped = False
        self._chunk: asyncio.Future[_Chunk] | None = None

    def stop(self) -> None:
        """End the iteration after the line that is out."""
        self._stopped = True
        if self._chunk is not None and not self._chunk.done():
            self._chunk.set_result((b"", None))

    async def __aiter__(self) -> AsyncIterator[Line]:
        """Every line that is not blank."""
        splitter = Splitter()
        while not self._stopped and (chunk := await self._read()):
            for line in splitter.feed(chunk):
                yield line
                if self._stopped:
                    return
        if not self._stopped and self.error is None:
            for line in splitter.finish():
                yield line

    async def _read(self) -> bytes:
        loop = asyncio.get_running_loop()
        result: asyncio.Future[_Chunk] = loop.create_future()
        self._chunk = result
        threading.Thread(target=_read, args=(self._descriptor, loop, result), daemon=True).start()
        chunk, self.error = await result
        return chunk


def _read(descriptor: int, loop: asyncio.AbstractEventLoop, result: asyncio.Future[_Chunk]) -> None:
    chunk: _Chunk
    try:
        chunk = os.read(descriptor, _CHUNK_BYTES), None
    except OSError as error:
        chunk = b"", error
    with suppress(RuntimeError):  # the loop has ended meanwhile: nobody waits any more
        loop.call_soon_threadsafe(_settle, result, chunk)


def _settle(result: asyncio.Future[_Chunk], chunk: _Chunk) -> None:
    if not result.done():
        result.set_result(chunk)
