"""pika's connection, with a short way for what a worker receives and sends ten thousand times.

All that this needs to know of pika's inside is here. The short way leaves pika as its own would have left it: the count
of bytes by which its heartbeats see that the broker lives, a buffer that begins with a frame, a channel that is in the
midst of no message. Nobody registers with pika's callback manager for deliveries, so that it is not asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from pika.adapters.asyncio_connection import AsyncioConnection
from pika.adapters.utils.connection_workflow import AMQPConnectionWorkflowAborted

from producers.amqp.decode import alike_at
from producers.amqp.taker import Taker

_READ_BYTES = 50 * 1024
"""Half of what pika reads in one turn of the loop; its own 4 kB cut every fourth message in two."""

_FRAMES = 3


class RawConnection(AsyncioConnection):  # type: ignore[misc] # pika ships no types
    """Makes no objects of frames for usual deliveries, and writes in one piece what one turn of the loop brings forth.

    All else goes pika's way.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._frames: list[bytes] = []
        super().__init__(*args, **kwargs)

    def write(self, frames: Sequence[bytes]) -> None:
        """Send them at the end of this turn; pika's own way is a system call a frame."""
        if not self._frames:
            asyncio.get_running_loop().call_soon(self._write)
        self._frames += frames

    def _output_marshaled_frames(self, marshaled_frames: Sequence[bytes]) -> None:
        self.write(marshaled_frames)

    def _write(self) -> None:
        frames, self._frames = self._frames, []
        if self._transport is not None:  # else the connection was lost meanwhile
            super()._output_marshaled_frames([b"".join(frames)])

    def _proto_connection_made(self, transport: Any) -> None:
        transport._MAX_RECV_BYTES = _READ_BYTES  # noqa: SLF001
        super()._proto_connection_made(transport)

    def _on_data_available(self, data_in: bytes) -> None:
        self._frame_buffer += data_in
        while not self._take_deliveries():
            consumed, frame = self._read_frame()
            if not frame:
                return
            self._trim_frame_buffer(consumed)
            self._process_frame(frame)

    def _take_deliveries(self) -> bool:
        """As many as begin the buffer, and are usual; those that are alike together. Whether the next has to go on.

        Of one that a read has cut in two pika would take the beginning, and then the whole.
        """
        data, at, taken = self._frame_buffer, 0, 0
        try:
            while (alike := alike_at(data, at)) is not None:
                taker = self._taker(alike.channel, alike.consumer_tag)
                if taker is None:
                    return False
                messages, at = alike.read(data, at)
                if not messages:
                    return alike.is_cut(data, at)
                taken += len(messages)
                taker.take(messages, alike.redelivered)
        finally:
            if taken:
                self._trim_frame_buffer(at)
                self.frames_received += _FRAMES * taken
        return False

    def _taker(self, number: int, consumer_tag: str) -> Taker | None:
        """Who takes such deliveries; None where pika has to see to it."""
        channel = self._channels.get(number)
        if channel is None or channel._cancelled:  # noqa: SLF001 # as a channel is that closes
            return None
        assembler = channel._content_assembler  # noqa: SLF001
        if assembler._method_frame is not None or assembler._header_frame is not None:  # noqa: SLF001
            return None  # in the midst of another message
        taker = channel._consumers.get(consumer_tag)  # noqa: SLF001
        return taker if isinstance(taker, Taker) else None

    def _on_connection_workflow_done(self, conn_or_exc: Any) -> None:
        # pika hands on the class itself, and trips over it, where an attempt was given up during the handshake
        given_up = conn_or_exc is AMQPConnectionWorkflowAborted
        super()._on_connection_workflow_done(conn_or_exc() if given_up else conn_or_exc)
