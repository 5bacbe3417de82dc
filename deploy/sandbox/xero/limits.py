"""The call limits of Xero: in flight, per minute, per day, and per app [xero 2]."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field

from deploy.sandbox.xero.clock import SandboxClock
from deploy.sandbox.xero.errors import CallRefused

MINUTE_S = 60
DAY_S = 86_400


@dataclass(slots=True)
class Caps:
    """How many calls an app may make: in flight, per minute and day and organisation, per minute in all."""

    concurrent: int = 5
    minute: int = 60
    day: int = 5000
    app_minute: int = 10_000
    latency_ms: int = 0


@dataclass(slots=True)
class _Window:
    """The moments of the calls inside a rolling window."""

    seconds: int
    calls: deque[float] = field(default_factory=deque)

    def used(self, now: float) -> int:
        while self.calls and self.calls[0] <= now - self.seconds:
            self.calls.popleft()
        return len(self.calls)

    def wait(self, now: float, cap: int) -> int:
        """Whole seconds until there is room again, at least one."""
        if not cap:
            return self.seconds
        freeing = self.calls[len(self.calls) - cap]
        return max(1, math.ceil(freeing + self.seconds - now))


@dataclass(slots=True)
class _Usage:
    """What one app has used of one organisation."""

    minute: _Window = field(default_factory=lambda: _Window(MINUTE_S))
    day: _Window = field(default_factory=lambda: _Window(DAY_S))
    in_flight: int = 0


class Limits:
    """Rolling windows, the strictest reading: Xero says fixed ones that reset at a moment nobody knows."""

    def __init__(self, caps: Caps, clock: SandboxClock) -> None:
        self.caps = caps
        self._clock = clock
        self._usage: dict[tuple[str, str], _Usage] = {}
        self._app: dict[str, _Window] = {}
        self.refused: dict[str, int] = {}
        self.most_in_flight = 0
        self.most_in_a_minute = 0

    def enter(self, app: str, tenant: str) -> None:
        """Count a call in. Raises CallRefused (429) where a limit is reached; such a call is not counted."""
        now = self._clock.now()
        usage, in_app = self._of(app, tenant), self._app.setdefault(app, _Window(MINUTE_S))
        windows = (("day", usage.day, self.caps.day), ("minute", usage.minute, self.caps.minute))
        for problem, window, cap in (*windows, ("appminute", in_app, self.caps.app_minute)):
            if window.used(now) >= cap:
                self._refuse(problem, app, tenant, window.wait(now, cap))
        if usage.in_flight >= self.caps.concurrent:
            self._refuse("concurrent", app, tenant, None)
        for window in (usage.day, usage.minute, in_app):
            window.calls.append(now)
        usage.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, usage.in_flight)
        self.most_in_a_minute = max(self.most_in_a_minute, len(usage.minute.calls))

    def enter_app(self, app: str) -> None:
        """Count a call in that belongs to no organisation. Raises CallRefused (429), as `enter` does."""
        now, in_app = self._clock.now(), self._app.setdefault(app, _Window(MINUTE_S))
        if in_app.used(now) >= self.caps.app_minute:
            self.refused["appminute"] = self.refused.get("appminute", 0) + 1
            raise too_many("appminute", self.app_headers(app), in_app.wait(now, self.caps.app_minute))
        in_app.calls.append(now)

    def leave(self, app: str, tenant: str) -> None:
        """A call that was counted in has been answered."""
        self._of(app, tenant).in_flight -= 1

    def headers(self, app: str, tenant: str) -> dict[str, str]:
        """What is left, as every tenant call is told."""
        now = self._clock.now()
        usage, in_app = self._of(app, tenant), self._app.setdefault(app, _Window(MINUTE_S))
        return {
            "X-DayLimit-Remaining": str(max(0, self.caps.day - usage.day.used(now))),
            "X-MinLimit-Remaining": str(max(0, self.caps.minute - usage.minute.used(now))),
            "X-AppMinLimit-Remaining": str(max(0, self.caps.app_minute - in_app.used(now))),
        }

    def app_headers(self, app: str) -> dict[str, str]:
        """What a call that belongs to no organisation is told."""
        used = self._app.setdefault(app, _Window(MINUTE_S)).used(self._clock.now())
        return {"X-AppMinLimit-Remaining": str(max(0, self.caps.app_minute - used))}

    def used_today(self) -> dict[str, int]:
        """Calls in the last 24 hours by app and organisation."""
        now = self._clock.now()
        return {f"{app}/{tenant}": usage.day.used(now) for (app, tenant), usage in self._usage.items()}

    def _of(self, app: str, tenant: str) -> _Usage:
        return self._usage.setdefault((app, tenant), _Usage())

    def _refuse(self, problem: str, app: str, tenant: str, wait: int | None) -> None:
        self.refused[problem] = self.refused.get(problem, 0) + 1
        raise too_many(problem, self.headers(app, tenant), wait)


_EMPTIED = {
    "minute": "X-MinLimit-Remaining",
    "day": "X-DayLimit-Remaining",
    "appminute": "X-AppMinLimit-Remaining",
}


def too_many(problem: str, headers: dict[str, str], wait: int | None) -> CallRefused:
    """A 429 as recorded: empty body; no Retry-After for `concurrent`, whose presence nobody promises."""
    told = {**headers, "X-Rate-Limit-Problem": problem}
    if problem in _EMPTIED:
        told[_EMPTIED[problem]] = "0"
    if wait is not None:
        told["Retry-After"] = str(wait)
    return CallRefused(429, None, told)
