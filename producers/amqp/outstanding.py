"""Which deliveries of a channel are not settled, so that one ack can take along all before it. Pure."""

from __future__ import annotations

from collections.abc import Sequence


class Outstanding:
    """The broker counts a channel's deliveries from 1, and one ack may stand for all up to its own.

    AMQP 0-9-1, 1.8.3.13 and its domain `delivery-tag`: https://www.rabbitmq.com/amqp-0-9-1-reference#basic.ack
    Once one has not come to us, as pika has refused or dropped it, nothing is told any more of what is settled.
    """

    def __init__(self) -> None:
        self._tags: dict[int, None] = {}  # as they came, so that the first is the lowest
        self._last = 0
        self._all_came = True

    def came(self, tags: Sequence[int]) -> None:
        """These deliveries came, in this order."""
        if tags[-1] - self._last != len(tags):
            self._all_came = False
            self._tags.clear()
        self._last = tags[-1]
        if self._all_came:
            self._tags.update(dict.fromkeys(tags))

    def settle(self, tags: Sequence[int]) -> int:
        """Those of `tags` are no longer outstanding. Returns the highest before which nothing is; 0: there is none."""
        if not self._all_came:
            return 0
        for tag in tags:
            self._tags.pop(tag, None)
        lowest = next(iter(self._tags), self._last + 1)
        return max((tag for tag in tags if tag < lowest), default=0)
