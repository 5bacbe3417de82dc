"""What was discarded and is delivered again, however often it is there."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

from producers.amqp import Delivery
from schemas.envelope import Lane
from worker.buffer.work import Work
from worker.documents.documents import EntityKey
from worker.intake.discarded import take_out
from worker.intake.holding import held_id
from worker.intake.sorting import Sorted
from worker.session.session import Session

AT = datetime(2026, 3, 2, tzinfo=UTC)


@dataclass
class Ledger:
    """Knows one message that a person has let go."""

    name: str = "main"
    gone: frozenset[str] = frozenset({held_id("main", b"let go")})

    async def discarded(self, ids: Collection[str]) -> frozenset[str]:
        return self.gone & set(ids)

    async def redacted(self, _bodies: object) -> frozenset[str]:
        return frozenset()


@dataclass
class Room:
    org: Any = field(default_factory=Ledger)
    ledger: Any = None

    def __post_init__(self) -> None:
        self.ledger = self
        self.held = self.org


def work(body: bytes, *, redelivered: bool = True) -> Work:
    delivery = Delivery("q", body, "k", "m", redelivered, 0, 1, 1)
    return Work("e", EntityKey("main", "shop", "order", "1"), AT, AT, Lane.BATCH, body, delivery=delivery)


async def test_each_copy_of_it_is_taken_out_and_nothing_else() -> None:
    first, second, fresh, other = work(b"let go"), work(b"let go"), work(b"let go", redelivered=False), work(b"x")
    found = Sorted(ignored=[first, second, fresh, other])

    gone = await take_out(cast(Session, Room()), found)

    assert (gone, found.ignored) == ([first, second], [fresh, other])
    assert [one.result for one in gone] == ["discarded", "discarded"]
