"""Which organisations a worker should serve: all workers share them evenly. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence


def shares(organisations: int, workers: int) -> tuple[int, int]:
    """The least and the most organisations a worker serves."""
    least, rest = divmod(organisations, max(workers, 1))
    return least, least + (1 if rest else 0)


def to_acquire(me: str, organisations: Sequence[str], holders: Mapping[str, str], workers: Sequence[str]) -> list[str]:
    """Free organisations that are `me`'s to take, in an order that differs between workers."""
    limit = _limit(me, organisations, holders, workers)
    mine = sum(1 for holder in holders.values() if holder == me)
    free = [org for org in organisations if org not in holders]
    start = hash_of(me) % max(len(free), 1)
    return (free[start:] + free[:start])[: max(limit - mine, 0)]


def to_give_up(me: str, organisations: Sequence[str], holders: Mapping[str, str], workers: Sequence[str]) -> list[str]:
    """What `me` holds beyond its share: the least share while another live worker has less than that."""
    limit = _limit(me, organisations, holders, workers)
    return sorted(org for org, holder in holders.items() if holder == me)[limit:]


def _limit(me: str, organisations: Sequence[str], holders: Mapping[str, str], workers: Sequence[str]) -> int:
    live = set(workers) | {me}
    least, most = shares(len(organisations), len(live))
    counts = Counter(holder for holder in holders.values() if holder in live)
    starving = any(counts[worker] < least for worker in live if worker != me)
    return least if starving else most


def hash_of(text: str) -> int:
    """A number that is the same in every process, unlike `hash`."""
    return sum((index + 1) * byte for index, byte in enumerate(text.encode()))
