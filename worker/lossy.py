"""A stream for what runs for ever: lines that find no room, or that nobody reads any more, are lost and counted."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any, TextIO

_END = b"\n"


def lossy(stream: TextIO, told: Callable[[int], str]) -> TextIO:
    """The same stream, written to at once, whose writes never fail.

    `told` makes the line that says how many lines were lost. It goes before the next that can be written.
    """
    raw = _Lossy(stream.fileno(), told)
    return io.TextIOWrapper(raw, encoding=stream.encoding, errors=stream.errors, write_through=True)


class _Lossy(io.FileIO):
    """Unbuffered: what a buffer keeps after a failure is neither lost nor written, and fails once more at the end."""

    def __init__(self, descriptor: int, told: Callable[[int], str]) -> None:
        super().__init__(descriptor, "wb", closefd=False)
        self._told = told
        self._lost = 0
        self._is_torn = False

    def write(self, data: Any) -> int:
        """Whatever becomes of `data`, it counts as written."""
        lines, before = bytes(data), self._before()
        done = self._put(before + lines) - len(before)
        if done >= 0:
            self._lost = 0
        self._lost += lines.count(_END, max(done, 0))
        return len(lines)

    def _before(self) -> bytes:
        """What is owed to who reads: the end of a line of which only a part found room, and how many are missing."""
        if not self._lost:
            return b""
        return (_END if self._is_torn else b"") + f"{self._told(self._lost)}\n".encode()

    def _put(self, text: bytes) -> int:
        """How much of it could be written."""
        done = 0
        try:
            while done < len(text):
                written = super().write(text[done:])
                if written is None:  # a pipe that waits for nobody, and is full
                    break
                done += written
        except OSError:
            pass
        if done:
            self._is_torn = text[:done][-1:] != _END
        return done
