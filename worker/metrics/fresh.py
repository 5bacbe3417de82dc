"""A reading that many may ask for and that is seldom taken."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from worker.clock import Clock
from worker.ledger.database.errors import LedgerUnavailable

T = TypeVar("T")

EVERY_S = 5.0
_SHARE = 20
"""A reading that takes long is taken less often: it may have a twentieth of the time."""
_KNOWN_FOR_S = 60.0
"""So long a failure is believed where nobody reads again."""


class Fresh(Generic[T]):
    """`get` takes a new reading when the last is 5 seconds old; who asks meanwhile shares it."""

    def __init__(self, read: Callable[[], Awaitable[T]], *, clock: Clock, timeout_s: float) -> None:
        self._read = read
        self._clock = clock
        self._timeout_s = timeout_s
        self._lock = asyncio.Lock()
        self._due = clock.monotonic()
        self._value: T | None = None
        self._failures = 0
        self.error = "not read yet"

    async def get(self) -> T | None:
        """The reading; None while the ledger does not answer, and `error` says why."""
        async with self._lock:
            if self._clock.monotonic() >= self._due:
                began = self._clock.monotonic()
                self._value = await self._try()
                self._failures = self._failures + 1 if self._value is None else 0
                now = self._clock.monotonic()
                self._due = now + max(EVERY_S, _SHARE * (now - began) if self._value is not None else 0.0)
        return self._value

    @property
    def is_failing(self) -> bool:
        """Whether the last two readings failed, as one may; asks nothing. `error` says why."""
        return self._failures > 1 and self._clock.monotonic() - self._due < _KNOWN_FOR_S

    async def _try(self) -> T | None:
        try:
            async with asyncio.timeout(self._timeout_s):
                value = await self._read()
        except LedgerUnavailable as error:
            self.error = str(error)
        except TimeoutError:
            self.error = f"the ledger did not answer within {self._timeout_s:g} s"
        else:
            return value
        return None
