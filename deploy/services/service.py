"""What every rung of the ladder hands out."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import Protocol


class ServiceError(Exception):
    """A service cannot be had; the message says what was tried and what would help."""


class Service(Protocol):
    """A running service at `url`; the other methods raise ServiceError unless `can_restart`."""

    @property
    def url(self) -> str:
        """Where it listens, with its password."""
        ...

    @property
    def can_restart(self) -> bool:
        """Whether it is ours to kill and start."""
        ...

    def start(self) -> None:
        """Start it at the same URL and wait until it answers; nothing happens when it runs."""
        ...

    def kill(self) -> None:
        """End it at once, as a power cut would; what it had made durable is still there at the next start."""
        ...

    def stop(self) -> None:
        """End it in good order; idempotent."""
        ...


@dataclass(frozen=True, slots=True)
class GivenService:
    """A service somebody else runs, named by the environment."""

    url: str = field(repr=False)
    can_restart: bool = False

    def start(self) -> None:
        """Refuse: it is not ours."""
        raise ServiceError("this service was named by the environment: it is not ours to start")

    def kill(self) -> None:
        """Refuse: it is not ours."""
        raise ServiceError("this service was named by the environment: it is not ours to kill")

    def stop(self) -> None:
        """Leave it alone."""


def say(line: str) -> None:
    """One line of progress for whoever waits, on stderr."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
