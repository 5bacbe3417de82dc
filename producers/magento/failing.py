"""Finding the row that a list fails at, without being able to read it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable


async def first_failing(low: int, high: int, *, fails_up_to: Callable[[int], Awaitable[bool]]) -> int | None:
    """The lowest place in (`low`, `high`] at which reading from `low` begins to fail; None where it does not fail.

    `fails_up_to(place)` reads what lies above `low` and up to `place`. Asked about 2 log2(distance) times: the row is
    mostly near, so the reach doubles before it is halved.
    """
    reach, works_up_to = 1, low
    while not await fails_up_to(min(low + reach, high)):
        works_up_to = min(low + reach, high)
        if works_up_to == high:
            return None
        reach *= 2
    fails_at = min(low + reach, high)
    while fails_at - works_up_to > 1:
        middle = (works_up_to + fails_at) // 2
        if await fails_up_to(middle):
            fails_at = middle
        else:
            works_up_to = middle
    return fails_at
