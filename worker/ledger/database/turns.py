"""Whose turn it is to write, among the processes that share an SQLite file.

SQLite tells whoever comes second that the file is locked, and leaves it to them to ask again: eight that ask keep the
processor from the one that holds the lock. Here they sleep, and the kernel wakes the next when a turn is over.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import threading
from pathlib import Path

from worker.ledger.database.errors import LedgerUnavailable
from worker.ledger.database.turn_file import turn_file
from worker.ledger.database.unopened import unopened


class Turns:
    """The turns at one file: its own lock file lies beside it, for SQLite's locks would be lost with ours."""

    def __init__(self, file: Path) -> None:
        self._file = turn_file(file)

    async def take(self, within_s: float) -> Turn:
        """Wait for a turn. Raises `LedgerUnavailable` when none comes, or the lock file cannot be used."""
        try:
            turn = Turn(os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        except OSError as error:
            raise unopened(self._file, error.strerror or "") from error
        if not turn.begins_at_once():
            await _begun(turn, within_s)
        return turn


class Turn:
    """One process's, until it is over; a process that dies gives it up."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def begins_at_once(self) -> bool:
        """Whether nobody else has it."""
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def wait(self) -> None:
        """Until the others' are over: for a thread."""
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)

    def over(self) -> None:
        """The next may begin."""
        os.close(self._descriptor)


async def _begun(turn: Turn, within_s: float) -> None:
    loop = asyncio.get_running_loop()
    begun: asyncio.Future[None] = loop.create_future()
    # a thread that cannot be woken must not keep the process from ending: none of the executor's
    threading.Thread(target=_wait, args=(turn, loop, begun), daemon=True).start()
    try:
        async with asyncio.timeout(within_s):
            await begun
    except BaseException as error:
        if begun.done() and not begun.cancelled():
            turn.over()
        if isinstance(error, TimeoutError):
            raise LedgerUnavailable(f"another process writes to the ledger for more than {within_s:g} s") from error
        raise


def _wait(turn: Turn, loop: asyncio.AbstractEventLoop, begun: asyncio.Future[None]) -> None:
    turn.wait()
    try:
        loop.call_soon_threadsafe(_tell, turn, begun)
    except RuntimeError:
        # the loop has ended meanwhile
        turn.over()


def _tell(turn: Turn, begun: asyncio.Future[None]) -> None:
    if begun.cancelled():
        turn.over()
    else:
        begun.set_result(None)
