"""What goes back to the broker, each once."""

from __future__ import annotations

from producers.amqp import Delivery
from tests.support.serving_fakes import MemoryBroker
from worker.session.deliveries import Deliveries

IMMEDIATE, BATCH = "xerelay.main.immediate", "xerelay.main.batch"


def a_delivery(tag: int, *, queue: str = IMMEDIATE) -> Delivery:
    return Delivery(queue, b"{}", "main.immediate.invoice", f"m{tag}", False, 0, tag, 1)


def test_of_what_is_done_together_nothing_is_acknowledged_that_is_not_held_any_more() -> None:
    broker = MemoryBroker()
    deliveries = Deliveries(broker)
    held, given_back, lost = a_delivery(1), a_delivery(2), a_delivery(3, queue=BATCH)
    for one in (held, given_back, lost):
        deliveries.came(one)
    deliveries.give_back(given_back)
    deliveries.lost(BATCH)

    deliveries.ack(held, given_back, lost, held)

    assert broker.acked == {1: 1}
    assert broker.returned == {2: 1}
    assert len(deliveries) == 0
