"""Where a store's commands arrive: each is written down, and only then acknowledged. The work comes later."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

import structlog

from producers.amqp import Delivery
from producers.runs import Run, StoreCommand
from producers.session import Session
from producers.steps import Step
from schemas.commands import Release, decode_command
from schemas.errors import Undecodable


class CommandDesk:
    """Takes the deliveries of one store's command queue. `wake` is called with the name of a command that is new."""

    def __init__(self, *, session: Session, ack: Callable[[Delivery], None], wake: Callable[[str], None]) -> None:
        self._s = session
        self._ack = ack
        self._wake = wake
        self._waiting: asyncio.Queue[Delivery] = asyncio.Queue()
        self._log = structlog.get_logger("xerelay").bind(store=session.store)

    def receive(self, delivery: Delivery) -> None:
        """Called on the loop; never blocks."""
        self._waiting.put_nowait(delivery)

    async def run(self) -> None:
        """Write commands down until the agent is to end. One that came twice is one run.

        One that meets a defect is tried again when this runs again, behind the others: it may meet it every time.
        """
        while True:
            delivery = await self._waiting.get()
            try:
                await self._write_down(delivery.body)
            except Exception:
                self._waiting.put_nowait(delivery)
                raise
            self._ack(delivery)

    async def _write_down(self, body: bytes) -> None:
        try:
            await self._record(self._read(body), body)
        except Undecodable as error:
            await self._refuse(body, str(error))

    def _read(self, body: bytes) -> Run:
        """Raises `Undecodable`, also for what this store cannot do."""
        envelope, command = decode_command(body)
        if isinstance(command, Release):
            raise Undecodable(
                "unknown_kind", "release is for an organisation: use the routing key {organisation}.release"
            )
        if command.organisation and command.organisation not in self._s.translator.routing.targets:
            fed = ", ".join(self._s.translator.routing.targets)
            text = f"organisation: is none that {self._s.store} feeds; it feeds {fed}"
            raise Undecodable("invalid", text)
        return Run(envelope.id, envelope.type.removeprefix("xerelay."), command)

    async def _record(self, run: Run, body: bytes) -> None:
        state = await self._s.patience.of(partial(self._s.runs.record, run, body))
        self._s.steps.reached(Step.RECORDED)
        self._log.info("command.recorded", command=run.name, run=run.id, state=str(state), asks=_asks(run.command))
        self._wake(run.name)

    async def _refuse(self, body: bytes, reason: str) -> None:
        await self._s.patience.of(partial(self._s.runs.refuse, body, reason))
        hint = "kept with its bytes: xerelay resync-status lists it as refused"
        self._log.error("command.refused", reason=reason, hint=hint)


def _asks(command: StoreCommand) -> dict[str, object]:
    return command.model_dump(mode="json", exclude_none=True, exclude={"ids"})
