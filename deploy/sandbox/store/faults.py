"""What can be made to go wrong, and when."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from deploy.sandbox.store.errors import Refused

FaultKind = Literal["500", "503", "401", "403", "slow", "redirect"]
KINDS: tuple[str, ...] = get_args(FaultKind)
_SLOW_S = 2.0


@dataclass(slots=True)
class Fault:
    """One thing that goes wrong `count` times, after `after` requests that it lets pass.

    `endpoint` is the beginning of a path below `V1/`, such as `invoices`. With an `id` of a list (`orders` unless
    named) it is a row that cannot be read, such as an order without payment: every answer that would hold it is 500,
    until `reset`. `slow` waits `seconds` and then answers well.
    """

    kind: str
    endpoint: str = ""
    id: int | None = None
    after: int = 0
    count: int = 1
    seconds: float = _SLOW_S
    fired: int = 0


@dataclass(slots=True)
class Faults:
    """The faults in waiting. `broken` are ids by list whose rows no answer can hold."""

    waiting: list[Fault] = field(default_factory=list)
    broken: dict[str, set[int]] = field(default_factory=dict)

    def add(self, order: dict[str, Any]) -> Fault:
        """Take an order from a control. Raises Refused when it cannot be read."""
        known = {"kind", "endpoint", "id", "after", "count", "seconds"}
        unknown = set(order) - known
        if order.get("kind") not in KINDS or unknown:
            allowed = f"kind must be one of {', '.join(KINDS)}; other keys: {', '.join(sorted(known))}"
            raise Refused(400, {"error": f"this fault cannot be read: {allowed}"})
        fault = Fault(**order)
        if fault.id is not None:
            self.broken.setdefault(fault.endpoint or "orders", set()).add(fault.id)
        else:
            self.waiting.append(fault)
        return fault

    def take(self, path: str) -> Fault | None:
        """The fault that hits this request, if any. One request meets one fault; the others do not count it."""
        for fault in self.waiting:
            if not path.startswith(fault.endpoint):
                continue
            if fault.after > 0:
                fault.after -= 1
                continue
            fault.fired += 1
            if fault.fired >= fault.count:
                self.waiting.remove(fault)
            return fault
        return None
