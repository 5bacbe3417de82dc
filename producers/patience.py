"""Going on where something is away: whatever needs the store, the broker or the ledger is repeated until it works."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from producers.amqp import AmqpError
from producers.checkpoints import CheckpointsAway
from producers.pace import Stop
from producers.store import StoreRefuses, StoreUnreachable

T = TypeVar("T")

_FIRST_S = 1.0
_LONGEST_S = 60.0
_ASKED_FOR_S = 3600.0  # what a store asks for in error, it should not be away for
_REFUSED_S = 300.0  # nothing changes before a person has acted; they should not wait long either


class Patience:
    """Shared by all that one agent does, so that each trouble is told once, and once when it is over."""

    def __init__(self, *, store: str, stop: Stop, refused_s: float = _REFUSED_S) -> None:
        self._stop = stop
        self._refused_s = refused_s
        self._told: dict[str, str] = {}
        self._log = structlog.get_logger("xerelay").bind(store=store)

    async def of(self, ask: Callable[[], Awaitable[T]]) -> T:
        """What `ask` comes back with, at last. Raises `Stopped` while waiting, and whatever is not a lack of ours."""
        wait_s = _FIRST_S
        met: set[str] = set()
        while True:
            asked_for_s = 0.0
            try:
                answer = await ask()
            except StoreUnreachable as error:
                met.add(self._tell("store.unreachable", str(error)))
                asked_for_s = min(error.retry_after_s or 0.0, _ASKED_FOR_S)
            except StoreRefuses as error:
                met.add(self._tell("store.refuses", str(error)))
                wait_s = self._refused_s
            except AmqpError as error:
                met.add(self._tell("broker.unavailable", str(error)))
            except CheckpointsAway as error:
                met.add(self._tell("ledger.unavailable", str(error)))
            else:
                for what in met:
                    self._over(what)
                return answer
            await self._stop.rest(max(wait_s, asked_for_s))
            wait_s = min(wait_s * 2, _LONGEST_S)

    def _tell(self, what: str, detail: str) -> str:
        if self._told.get(what) != detail:
            self._told[what] = detail
            tell = self._log.error if what == "store.refuses" else self._log.warning
            tell(what, detail=detail)
        return what

    def _over(self, what: str) -> None:
        if self._told.pop(what, None) is not None:
            self._log.info(f"{what}.over")
