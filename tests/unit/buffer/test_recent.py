"""What was settled a moment ago is remembered, and the oldest of too many is forgotten."""

from __future__ import annotations

from worker.buffer.recent import Recent
from worker.documents.documents import DocumentKey

_MANY = 12_000


def _key(number: int) -> DocumentKey:
    return DocumentKey("acme", "shop", "invoice", str(number), "invoice")


def test_of_many_the_last_are_remembered() -> None:
    recent = Recent()

    for number in range(_MANY):
        recent.add(_key(number))

    known = [number for number in range(_MANY) if _key(number) in recent]
    assert known == list(range(_MANY - 5_000, _MANY))
    assert recent.settled_since(_MANY - 1, _key(_MANY - 1))
    assert not recent.settled_since(_MANY - 1, _key(_MANY - 2))


def test_what_is_settled_again_is_remembered_anew() -> None:
    recent = Recent()

    recent.add(_key(1))
    for number in range(2, 5_001):
        recent.add(_key(number))
    recent.add(_key(1))
    recent.add(_key(5_001))

    assert _key(1) in recent
    assert _key(2) not in recent
