"""SIGTERM for the first process of a container."""

from __future__ import annotations

import os
import signal
from types import FrameType


def end_at_sigterm(pid: int) -> None:
    """Let SIGTERM end process 1 before, and in commands without, a handler of its own; any other ends by itself.

    From process 1 the kernel keeps every signal that it has no handler for. A container that is stopped as it starts,
    or while it brings the ledger's schema up to date, would go on until it is killed.
    """
    if pid == 1:
        signal.signal(signal.SIGTERM, _end)


def _end(number: int, _: FrameType | None) -> None:
    # at once, as the kernel would: a transaction that is open is rolled back by the database
    os._exit(128 + number)
