"""In which order the tests are listed: pytest-xdist's workers share the list out among themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


def dealt(cards: Sequence[T], hands: int, *, is_high: Callable[[T], bool]) -> list[T]:
    """The high ones go to the hands in turn, on top of each; all others stay in their order.

    With `--dist worksteal` a worker begins with a slice of the list, and whoever is done takes over from the end of
    another's. What is at the beginning nobody takes over: there all that takes long would wait for one worker alone.
    """
    high = [card for card in cards if is_high(card)]
    low = (card for card in cards if not is_high(card))
    places = sorted((depth, place) for hand in _slices(len(cards), hands) for depth, place in enumerate(hand))
    at_top = dict(zip((place for _, place in places), high, strict=False))
    return [at_top[place] if place in at_top else next(low) for place in range(len(cards))]


def _slices(cards: int, hands: int) -> Iterator[range]:
    """The places of each hand's cards, as xdist cuts the list."""
    begin = 0
    for others in reversed(range(hands)):
        end = begin + (cards - begin) // (others + 1)
        yield range(begin, end)
        begin = end
