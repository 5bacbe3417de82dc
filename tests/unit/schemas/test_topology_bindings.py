"""Which messages a binding brings to its queue, as RabbitMQ's topic exchanges decide it."""

from __future__ import annotations

import pytest

from schemas.topology import Binding


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
