"""Many events from lines: decoded, published some at a time, and accounted for line by line."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Awaitable, Callable
from dataclasses import dataclass

from producers.amqp import AmqpError, TopologyMismatch, Unroutable
from producers.jsonlines import Line
from schemas.codec import decode_event
from schemas.envelope import Event, Lane
from schemas.errors import Undecodable


class LineRefused(Exception):
    """An event of a line is not to be published: not the file's fault, but this run's."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a line was not published: `reason` is a word of `Undecodable`, or refused, unroutable, unconfirmed."""

    line: int
    reason: str
    detail: str


@dataclass(slots=True)
class Tally:
    """What became of the lines so far. `last` is the number of the last line that was begun.

    Of the `bad` ones the `unroutable` can be published as they are, once there is a sound queue for them.
    """

    confirmed: int = 0
    skipped: int = 0
    bad: int = 0
    unroutable: int = 0
    unconfirmed: int = 0
    bytes_read: int = 0
    last: int = 0

    @property
    def complete(self) -> bool:
        """Whether every line was confirmed, or skipped because its lane is off."""
        return not (self.bad or self.unconfirmed)


class LinePublisher:
    """Publishes every line it can. A bad line is reported and does not stop the others; a lost broker does.

    So is one whose queue is missing or wrong: others may go elsewhere.
    `publish` comes back after the confirm. `lane_of` says where an event goes, None meaning that its lane is off; it
    may raise `LineRefused`. Of unconfirmed lines only the first is reported, at the end.
    """

    def __init__(
        self,
        *,
        publish: Callable[[Event, Lane], Awaitable[None]],
        lane_of: Callable[[Event], Lane | None],
        on_fault: Callable[[Fault], None],
        window: int = 200,
    ) -> None:
        self.tally = Tally()
        self._publish = publish
        self._lane_of = lane_of
        self._on_fault = on_fault
        self._places = asyncio.Semaphore(window)
        self._on_their_way: dict[int, None] = {}
        self._first_unconfirmed: Fault | None = None

    @property
    def settled_through(self) -> int:
        """Every line up to this number is confirmed, skipped or reported as bad."""
        waits = next(iter(self._on_their_way), self.tally.last + 1)
        return min(waits, self._first_unconfirmed.line if self._first_unconfirmed else waits) - 1

    async def run(self, lines: AsyncIterable[Line]) -> None:
        """Take all lines and wait for the last confirm. When cancelled, what is on its way counts as unconfirmed."""
        try:
            async with asyncio.TaskGroup() as tasks:
                async for line in lines:
                    await self._places.acquire()
                    if self._first_unconfirmed is not None:
                        break
                    self._begin(line)
                    tasks.create_task(self._take(line))
        finally:
            if self._first_unconfirmed is not None:
                self._on_fault(self._first_unconfirmed)

    def _begin(self, line: Line) -> None:
        self._on_their_way[line.number] = None
        self.tally.last = line.number
        self.tally.bytes_read += len(line.body) + 1

    async def _take(self, line: Line) -> None:
        try:
            await self._send(line)
        except Undecodable as error:
            self._bad(line, error.reason, error.detail)
        except LineRefused as error:
            self._bad(line, "refused", str(error))
        except Unroutable:
            self._unroutable(line, "no queue takes events of its organisation; name it with --org")
        except TopologyMismatch as error:
            self._unroutable(line, str(error))
        except AmqpError as error:
            self._unconfirmed(line, str(error))
        except asyncio.CancelledError:
            self._unconfirmed(line, "given up before the broker's confirm")
            raise
        finally:
            del self._on_their_way[line.number]
            self._places.release()

    async def _send(self, line: Line) -> None:
        event = decode_event(line.body)
        lane = self._lane_of(event)
        if lane is None:
            self.tally.skipped += 1
            return
        await self._publish(event, lane)
        self.tally.confirmed += 1

    def _bad(self, line: Line, reason: str, detail: str) -> None:
        self.tally.bad += 1
        self._on_fault(Fault(line.number, reason, detail))

    def _unroutable(self, line: Line, detail: str) -> None:
        self.tally.unroutable += 1
        self._bad(line, "unroutable", detail)

    def _unconfirmed(self, line: Line, detail: str) -> None:
        self.tally.unconfirmed += 1
        if self._first_unconfirmed is None or line.number < self._first_unconfirmed.line:
            self._first_unconfirmed = Fault(line.number, "unconfirmed", detail)
