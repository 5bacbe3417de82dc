"""What runs beside one store: publishes what changes, and carries out admins' commands. One agent at a time does it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, suppress
from typing import Any, Protocol, TypeVar

import structlog

from producers.checkpoints import CheckpointError, Checkpoints, CheckpointsAway, NotInCharge
from producers.clock import Clock
from producers.deadline import CANCELLED_S, Deadline
from producers.defects import described, ungrouped
from producers.pace import Stop, Stopped

CHARGE_S = 15.0
"""An agent that dies is followed by another after this."""

_TURNS = 3
_STOP_S = 8.5
"""What is on its way settles within 8; all has ended after this, whatever hangs: the links to the broker end next."""

_LEFT_S = 0.1
_REST_AFTER_DEFECT_S = 30.0

T = TypeVar("T")


class Runnable(Protocol):
    """A part of the agent: works until it raises `Stopped` or `NotInCharge`."""

    async def run(self) -> None:
        """Work."""
        ...


class StoreAgent:
    """One store's agent. Its parts run only while it is in charge, and within `opened`, where the store is open.

    `desk` writes commands down in any case.
    """

    def __init__(
        self,
        *,
        store: str,
        checkpoints: Checkpoints,
        desk: Runnable,
        opened: Callable[[], AbstractAsyncContextManager[None]],
        parts: Mapping[str, Runnable],
        stop: Stop,
        clock: Clock,
        charge_s: float = CHARGE_S,
    ) -> None:
        self._store = store
        self._checkpoints = checkpoints
        self._desk = desk
        self._opened = opened
        self._parts = parts
        self._stop = stop
        self._clock = clock
        self._charge_s = charge_s
        self._working: asyncio.Task[None] | None = None
        self._in_charge: bool | None = None
        self._told_at = clock.monotonic()
        self._error: CheckpointsAway | None = None
        self._log = structlog.get_logger("xerelay").bind(store=store)

    @property
    def in_charge(self) -> bool | None:
        """Whether this agent serves the store or stands by; None before the ledger has told.

        A charge that could not be renewed in time has run out: another agent may have taken it.
        """
        return self._in_charge and not self.is_late

    @property
    def is_late(self) -> bool:
        """Whether the ledger has not said who is in charge for as long as a charge lasts."""
        return self._clock.monotonic() - self._told_at >= self._charge_s

    @property
    def last_error(self) -> CheckpointsAway | None:
        """Why it has not, where it gave an answer."""
        return self._error

    async def run(self) -> None:
        """Work until the agent is to end; then what is on its way is confirmed and checkpointed, for 8 s at most.

        A ledger that gives no answer is not waited for: what asks it is left to whoever closes it.
        """
        self._log.info("agent.started")
        desk = asyncio.create_task(self._kept("commands", self._desk.run))
        turning = asyncio.create_task(self._turns())
        try:
            await self._stop.until(turning)
            if turning.done():
                turning.result()
        finally:
            desk.cancel()
            if not self._stop.asked:
                turning.cancel()
            await self._end(desk, turning)
            self._log.info("agent.stopped")

    async def _end(self, *tasks: asyncio.Task[Any]) -> None:
        deadline = Deadline(_STOP_S)
        for before_s in CANCELLED_S:
            await deadline.ended(self._with_work(tasks), before_s=before_s)
        self._in_charge = False
        going = self._with_work(tasks)
        if all(task.done() for task in going):
            # only now, for nobody else is to begin before it is over
            going = [asyncio.create_task(self._hand_over())]
            await deadline.ended(going, before_s=_LEFT_S)
            await deadline.ended(going)
        if not all(task.done() for task in going):
            self._log.warning("agent.abandoned", detail=f"not ended within {_STOP_S:g} s")

    def _with_work(self, tasks: Sequence[asyncio.Task[Any]]) -> list[asyncio.Task[Any]]:
        return [*tasks, self._working] if self._working is not None else [*tasks]

    async def _hand_over(self) -> None:
        with suppress(CheckpointError):
            await self._checkpoints.hand_over()

    async def _turns(self) -> None:
        while not self._stop.asked:
            with suppress(Stopped):
                await self._turn()

    async def _turn(self) -> None:
        """Wait for the charge, and work as long as it lasts."""
        if not await self._is_in_charge():
            await self._stop.rest(self._charge_s / _TURNS)
            return
        self._log.info("agent.in_charge")
        self._working = work = asyncio.create_task(self._work())
        try:
            await self._keep_charge(work)
        finally:
            if not self._stop.asked:
                work.cancel()
                await asyncio.wait({work})

    async def _keep_charge(self, work: asyncio.Task[None]) -> None:
        while not work.done():
            await self._stop.rest(self._charge_s / _TURNS)
            if not await self._is_in_charge(while_away=True):
                self._log.warning("agent.relieved", detail="another agent serves this store")
                return

    async def _is_in_charge(self, *, while_away: bool = False) -> bool:
        """While the ledger is away nothing can be checkpointed, and nobody else can take the charge."""
        began = self._clock.monotonic()
        try:
            in_charge = await self._checkpoints.take_charge(self._charge_s)
        except CheckpointsAway as error:
            self._error = error
            self._log.warning("ledger.unavailable", detail=str(error))
            return while_away
        self._in_charge, self._told_at, self._error = in_charge, began, None
        return in_charge

    async def _work(self) -> None:
        try:
            with suppress(Stopped, NotInCharge), ungrouped():
                await self._work_in_store()
        except Exception as error:  # noqa: BLE001 - closing the store is its adapter's too
            self._log.error("agent.defect", part="store", detail=described(error))

    async def _work_in_store(self) -> None:
        async with AsyncExitStack() as stack:
            await self._tried("store", lambda: stack.enter_async_context(self._opened()))
            async with asyncio.TaskGroup() as tasks:
                for name, part in self._parts.items():
                    tasks.create_task(self._kept(name, part.run))

    async def _kept(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        with suppress(Stopped):
            await self._tried(name, work)

    async def _tried(self, name: str, work: Callable[[], Awaitable[T]]) -> T:
        """A defect of one part, or of the store's adapter, is told, and tried again after a rest. Raises `Stopped`."""
        while True:
            try:
                return await work()
            except (Stopped, CheckpointError):
                raise
            except Exception as error:  # noqa: BLE001 - the other parts go on, and this one is not silent
                self._log.error("agent.defect", part=name, detail=described(error))
                await self._stop.rest(_REST_AFTER_DEFECT_S)
