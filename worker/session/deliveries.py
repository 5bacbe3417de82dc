"""What the broker has handed over and not got back: whatever ends a session, none of it stays unacknowledged."""

from __future__ import annotations

from typing import Protocol

from producers.amqp import Delivery


class Broker(Protocol):
    """What this module needs of the consumer."""

    def ack(self, *deliveries: Delivery) -> None:
        """They are done."""
        ...

    def give_back(self, delivery: Delivery) -> None:
        """It goes back to its queue, which counts towards the delivery limit."""
        ...


class Deliveries:
    """Each delivery of one session, from its coming until it is acknowledged, given back or lost: exactly once."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._held: dict[Delivery, bool] = {}  # in the order in which they came

    def __len__(self) -> int:
        return len(self._held)

    def held(self, queue: str) -> int:
        """How many of `queue` are held."""
        return sum(delivery.queue == queue for delivery in self._held)

    def came(self, *deliveries: Delivery) -> None:
        """The broker handed them over."""
        self._held.update(dict.fromkeys(deliveries, True))

    def ack(self, *deliveries: Delivery) -> None:
        """They are done. Nothing happens to those that are not held any more."""
        let_go = self._held.pop
        self._broker.ack(*[one for one in deliveries if let_go(one, False)])

    def give_back(self, delivery: Delivery) -> None:
        """It goes back to the broker. Nothing happens when it is not held any more."""
        if self._held.pop(delivery, False):
            self._broker.give_back(delivery)

    def lost(self, queue: str) -> None:
        """The broker has all of `queue` back."""
        self._held = dict.fromkeys([one for one in self._held if one.queue != queue], True)

    def give_all_back(self) -> None:
        """Wherever in the worker they are."""
        for delivery in list(self._held):
            self.give_back(delivery)
