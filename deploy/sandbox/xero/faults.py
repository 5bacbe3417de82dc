"""What can be made to go wrong, and when."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from deploy.sandbox.xero.errors import CallRefused

FaultKind = Literal[
    "429-minute",
    "429-day",
    "429-concurrent",
    "500-partial",
    "500",
    "502",
    "503",
    "504",
    "lost-reply",
    "204",
    "404",
    "notice",
    "401",
    "403",
    "slow",
]
KINDS: tuple[str, ...] = get_args(FaultKind)
_SECONDS = {"429-minute": 26.0, "429-day": 3600.0, "slow": 2.0}
IDENTITY = "/connect/"


@dataclass(slots=True)
class Fault:
    """One thing that goes wrong `count` times, after `after_calls` calls that it lets pass.

    `429-*`, `401`, `403`, `502`, `503`, `204`, `404` and `notice` (a 200 with JSON that is not Xero's), as what stands
    between may answer, come before anything is processed; `500` and `500-partial` while it is, and
    are kept under the idempotency key; `504` and `lost-reply` after it has been processed whole. `slow` waits
    `seconds` first and then answers well. `endpoint` is the start of a path below the API, such as `/Invoices`, or
    `/connect/token`; faults without one leave the identity endpoints alone.
    """

    kind: str
    after_calls: int = 0
    count: int = 1
    seconds: float | None = None
    endpoint: str = ""
    method: str = ""
    fired: int = 0

    @property
    def wait(self) -> float:
        """The seconds of a Retry-After or a delay."""
        return float(self.seconds) if self.seconds is not None else _SECONDS.get(self.kind, 0.0)

    def concerns(self, method: str, path: str) -> bool:
        """Whether a call is one this fault counts."""
        if self.method and self.method.upper() != method:
            return False
        if not self.endpoint:
            return not path.startswith(IDENTITY)
        return path.lower().startswith(self.endpoint.lower())


@dataclass(slots=True)
class Faults:
    """The faults in waiting."""

    waiting: list[Fault] = field(default_factory=list)
    fired: dict[str, int] = field(default_factory=dict)

    def add(self, order: dict[str, Any]) -> Fault:
        """Take an order from a control. Raises CallRefused when it cannot be read."""
        known = {"kind", "after_calls", "count", "seconds", "endpoint", "method"}
        unknown = set(order) - known
        if order.get("kind") not in KINDS or unknown:
            allowed = f"kind must be one of {', '.join(KINDS)}; other keys: {', '.join(sorted(known))}"
            raise CallRefused(400, {"error": f"this fault cannot be read: {allowed}"})
        fault = Fault(**order)
        self.waiting.append(fault)
        return fault

    def take(self, method: str, path: str) -> Fault | None:
        """The fault that hits this call, if any. One call meets one fault; the others do not count it."""
        for fault in self.waiting:
            if not fault.concerns(method, path):
                continue
            if fault.after_calls > 0:
                fault.after_calls -= 1
                continue
            self._fire(fault)
            return fault
        return None

    def _fire(self, fault: Fault) -> None:
        fault.fired += 1
        self.fired[fault.kind] = self.fired.get(fault.kind, 0) + 1
        if fault.fired >= fault.count:
            self.waiting.remove(fault)
