"""What a publisher writes where the broker would is taken, and never trusted."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from producers.amqp import Delivery
from producers.amqp.outstanding import Outstanding
from producers.amqp.taker import Taker


@pytest.mark.parametrize("deaths", [None, "expired", [], ["expired"], [{}], [{"reason": 7}]])
def test_a_message_whose_header_of_deaths_is_no_broker_s_died_of_nothing(deaths: Any) -> None:
    taken: list[Delivery] = []
    taker = Taker(
        "q", 1, Outstanding(), on_deliveries=lambda *deliveries: taken.extend(deliveries), on_failure=taken.append
    )
    method = SimpleNamespace(routing_key="main.batch.order", redelivered=False, delivery_tag=1)

    taker(None, method, SimpleNamespace(headers={"x-death": deaths}, message_id="m1"), b"{}")

    assert [delivery.died_of for delivery in taken] == [""]


def test_of_what_came_together_and_is_not_taken_each_is_told() -> None:
    failed: list[Delivery] = []

    def refuse(*deliveries: Delivery) -> None:
        raise RuntimeError("no room")

    taker = Taker("q", 1, Outstanding(), on_deliveries=refuse, on_failure=failed.append)

    taker.take([(b"{}", "main.batch.order", f"m{tag}", tag) for tag in (1, 2)], redelivered=False)

    assert [(delivery.queue, delivery.epoch, delivery.tag) for delivery in failed] == [("q", 1, 1), ("q", 1, 2)]
