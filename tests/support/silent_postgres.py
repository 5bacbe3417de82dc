"""A PostgreSQL that keeps its connections and answers nothing: its processes stand still, or a middle box swallows."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit


@contextmanager
def standing_still(folder: Path) -> Iterator[None]:
    """Meanwhile no process of the cluster below `folder` runs; what was sent to it is read afterwards."""
    first = int((folder / "data" / "postmaster.pid").read_text().split()[0])
    os.kill(first, signal.SIGSTOP)  # before the others, so that it starts no more of them
    processes = [first, *_children_of(first)]
    for pid in processes[1:]:
        _signal(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in processes:
            _signal(pid, signal.SIGCONT)


def _signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):  # it had ended when the first stood still
        os.kill(pid, number)


def _children_of(parent: int) -> Iterator[int]:
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            _, _, behind_the_name = entry.read_text().rpartition(")")
        except OSError:
            continue  # it has just ended
        if int(behind_the_name.split()[1]) == parent:
            yield int(entry.parent.name)


class MiddleBox:
    """Between a client and PostgreSQL; of a connection that sends `from_` it swallows every answer from then on."""

    def __init__(self, url: str) -> None:
        self.from_ = b""
        self.swallowed = 0
        self._server = urlsplit(url)
        self._writers: list[asyncio.StreamWriter] = []

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        """The URL that leads through it."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        try:
            yield self._server._replace(netloc=self._server.netloc.rpartition(":")[0] + f":{port}").geturl()
        finally:
            server.close()
            for writer in self._writers:
                writer.close()
            await server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(self._server.hostname, self._server.port)
        self._writers += [writer, far_writer]
        silent = asyncio.Event()
        await asyncio.gather(self._ask(reader, far_writer, silent), self._answer(far_reader, writer, silent))

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, silent: asyncio.Event) -> None:
        while data := await reader.read(65_536):
            if self.from_ and self.from_ in data:
                silent.set()
            writer.write(data)
        writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, silent: asyncio.Event) -> None:
        while data := await reader.read(65_536):
            if silent.is_set():
                self.swallowed += 1
            else:
                writer.write(data)
        writer.close()
