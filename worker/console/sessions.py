"""Who is logged in. Sessions live in the console's memory: when it starts again, people log in again."""

from __future__ import annotations

import secrets
from collections import OrderedDict, deque
from dataclasses import dataclass, field

from worker.clock import Clock

LIFE_S = 8 * 3600.0
IDLE_S = 1800.0
_MOST = 100

TRIES = 5
"""Wrong tokens from one address, within a minute."""

_TRIES_WITHIN_S = 60.0
_MOST_ADDRESSES = 1000


@dataclass(slots=True)
class Session:
    """One browser that gave the admin token. `csrf` stands in every form it is shown; `said` is shown once.

    `who` is the name its person gave, for the admins' record.
    """

    id: str = field(repr=False)
    csrf: str = field(repr=False)
    who: str
    began_at: float
    seen_at: float
    said: list[str] = field(default_factory=list)


class Sessions:
    """Opens, finds and ends them. A session lasts 8 hours, and half an hour without a request."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._open: OrderedDict[str, Session] = OrderedDict()

    def open(self, who: str) -> Session:
        """A new one; of very many the oldest is ended."""
        now = self._clock.monotonic()
        session = Session(secrets.token_urlsafe(32), secrets.token_urlsafe(32), who, now, now)
        self._open[session.id] = session
        while len(self._open) > _MOST:
            self._open.popitem(last=False)
        return session

    def find(self, session_id: str) -> Session | None:
        """The session of that id, unless it is over."""
        session = self._open.get(session_id)
        if session is None:
            return None
        now = self._clock.monotonic()
        if now - session.began_at >= LIFE_S or now - session.seen_at >= IDLE_S:
            self.end(session)
            return None
        session.seen_at = now
        return session

    def end(self, session: Session) -> None:
        """Log out."""
        self._open.pop(session.id, None)


class Attempts:
    """Wrong tokens by address: after five within a minute the address waits."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failed: OrderedDict[str, deque[float]] = OrderedDict()

    def wait_s(self, address: str) -> float:
        """Seconds until the address may try again; 0 when it may now."""
        failed = self._failed.get(address)
        if failed is None or len(failed) < TRIES:
            return 0.0
        return max(0.0, failed[0] + _TRIES_WITHIN_S - self._clock.monotonic())

    def failed(self, address: str) -> None:
        """One more; of very many addresses the one that tried first is forgotten."""
        self._failed.setdefault(address, deque(maxlen=TRIES)).append(self._clock.monotonic())
        while len(self._failed) > _MOST_ADDRESSES:
            self._failed.popitem(last=False)

    def succeeded(self, address: str) -> None:
        """Start counting anew."""
        self._failed.pop(address, None)
