"""A valve on the socket: while it is closed nothing is read, and TCP holds the broker's flood back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

# A peer that reads nothing at all is hung up on: by pika, which counts whole frames of up to 128 kB, when a
# heartbeat's time passes without one, and by the broker when it cannot write for about 30 s. So 200 kB/s are
# read in spite of the pause. Measured: that holds the connection for messages of 50 kB, but not of 5 MB, which
# come again after half a minute.
_BREATH_S = 1.0
_READS_PER_BREATH = 2  # of 100 kB each


class ReadingGate:
    """The event loop as pika sees it; everything but reading passes straight through."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._readers: dict[int, Callable[[], object]] = {}
        self._paused = False
        self._breath: asyncio.TimerHandle | None = None
        self.add_writer = loop.add_writer
        self.remove_writer = loop.remove_writer
        self.call_later = loop.call_later

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loop, name)

    def add_reader(self, fd: int, callback: Callable[[], object]) -> None:
        """Remember who reads; let it, unless paused."""
        self._readers[fd] = callback
        if not self._paused:
            self._loop.add_reader(fd, callback)

    def remove_reader(self, fd: int) -> bool:
        """Forget who reads."""
        known = self._readers.pop(fd, None) is not None
        return self._loop.remove_reader(fd) or known

    def call_soon_threadsafe(self, callback: Callable[..., object], *args: object) -> asyncio.Handle | None:
        """Hold back pika's TLS transport, which reads on this way too, without waiting for the socket."""
        if self._paused and callback in self._readers.values():
            return None
        return self._loop.call_soon_threadsafe(callback, *args)

    def pause(self) -> None:
        """Read no more; idempotent."""
        if self._paused:
            return
        self._paused = True
        for fd in self._readers:
            self._loop.remove_reader(fd)
        self._breath = self._loop.call_later(_BREATH_S, self._breathe)

    def resume(self) -> None:
        """Read again; idempotent."""
        if not self._paused:
            return
        self._paused = False
        if self._breath is not None:
            self._breath.cancel()
        for fd, callback in self._readers.items():
            self._loop.add_reader(fd, callback)
            self._loop.call_soon(callback)  # TLS may hold data the socket no longer announces

    def _breathe(self) -> None:
        for callback in list(self._readers.values()) * _READS_PER_BREATH:
            callback()
        self._breath = self._loop.call_later(_BREATH_S, self._breathe)
