"""Idempotency keys: six minutes of memory per app [xero 3]."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from deploy.sandbox.xero.clock import SandboxClock
from deploy.sandbox.xero.errors import CallRefused

KEPT_S = 360
LONGEST_KEY = 128


@dataclass(frozen=True, slots=True)
class Stored:
    """A whole answer: status, body, content type."""

    status: int
    body: bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class _Entry:
    fingerprint: str
    first: float
    answer: asyncio.Future[Stored]


def fingerprint(method: str, url: str, body: bytes) -> str:
    """What makes two requests the same: method, URL and body."""
    digest = hashlib.sha256(f"{method}\n{url}\n".encode())
    digest.update(body)
    return digest.hexdigest()


def _refuse(message: str) -> CallRefused:
    return CallRefused(400, {"ErrorNumber": 10, "Type": "ValidationException", "Message": message})


class IdempotencyStore:
    """First answers by app and key. Errors of the server are kept like any other answer."""

    def __init__(self, clock: SandboxClock) -> None:
        self._clock = clock
        self._entries: dict[tuple[str, str], _Entry] = {}
        self.replayed = 0
        self.clashed = 0

    async def once(self, app: str, key: str, request: str, run: Callable[[], Awaitable[Stored]]) -> Stored:
        """Run the first call under a key; give every later one the first answer. Raises CallRefused."""
        if len(key) > LONGEST_KEY:
            raise _refuse(f"The Idempotency Key must not be longer than {LONGEST_KEY} characters")
        self._forget_old()
        entry = self._entries.get((app, key))
        if entry is None:
            return await self._first((app, key), request, run)
        if entry.fingerprint != request:
            self.clashed += 1
            raise _refuse(f"Idempotency Key: {key} is used with a different request.")
        self.replayed += 1
        return await asyncio.shield(entry.answer)

    async def _first(self, slot: tuple[str, str], request: str, run: Callable[[], Awaitable[Stored]]) -> Stored:
        answer: asyncio.Future[Stored] = asyncio.get_running_loop().create_future()
        self._entries[slot] = _Entry(request, self._clock.now(), answer)
        try:
            answer.set_result(await run())
        except BaseException:
            answer.cancel()
            del self._entries[slot]
            raise
        return answer.result()

    def _forget_old(self) -> None:
        """Entries stand in the order of their first call, so the old ones are in front."""
        now = self._clock.now()
        while self._entries:
            slot, entry = next(iter(self._entries.items()))
            if entry.first > now - KEPT_S:
                return
            del self._entries[slot]
