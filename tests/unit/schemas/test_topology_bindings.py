"""Which messages a binding brings to its queue, as RabbitMQ's topic exchanges decide it."""

from __future__ import annotations

import pytest

from schemas.entities import Entity
from schemas.envelope import Lane
from schemas.topology import Binding, Exchange, event_key, events_exchange, exchanges_of, organisation_queues


@pytest.mark.parametrize(
    ("pattern", "key", "takes"),
    [
        ("main.batch.*", "main.batch.order", True),
        ("main.batch.*", "main.immediate.order", False),
        ("main.batch.*", "main.batch", False),
        ("main.batch.*", "main.batch.order.more", False),
        ("main.#", "main.batch.order", True),
        ("main.#", "main", True),
        ("main.#", "mainly.batch.order", False),
        ("#.order", "main.batch.order", True),
        ("main.release", "main.release", True),
        ("main.release", "other.release", False),
    ],
)
def test_a_word_stands_for_itself_a_star_for_one_and_a_hash_for_any_number(
    pattern: str, key: str, *, takes: bool
) -> None:
    assert Binding("xerelay.events", pattern).takes("xerelay.events", key) is takes


def test_another_exchange_brings_nothing() -> None:
    assert not Binding("xerelay.dead", "main.#").takes("xerelay.events", "main.batch.order")


@pytest.mark.parametrize("entity", Entity)
@pytest.mark.parametrize("lane", Lane)
@pytest.mark.parametrize("exchange", ["xerelay.events", events_exchange("main")])
def test_an_event_comes_into_its_lane_alone_by_either_exchange(exchange: str, lane: Lane, entity: Entity) -> None:
    key = event_key("main", lane, entity)

    taken = [
        queue.name
        for queue in organisation_queues("main")
        if any(binding.takes(exchange, key) for binding in queue.bindings)
    ]

    assert taken == [f"xerelay.main.{lane}"]


def test_queues_tell_their_exchanges_each_once() -> None:
    assert set(exchanges_of(organisation_queues("main"))) == {
        *(Exchange("xerelay.events"), Exchange("xerelay.commands"), Exchange("xerelay.dead")),
        Exchange("xerelay.main.events", "direct"),
    }
    assert len(exchanges_of(organisation_queues("main"))) == 4
