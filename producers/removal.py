"""What a store no longer has is found by comparing its ids with what was published, and published as `removed`.

That voids invoices and deletes payments in Xero, which nobody can undo. So what is missing is counted first: a store
that answers as if it were empty (the URL leads to a copy, an export has failed) has not deleted what it leaves out.
Nor has a replica that lags: what is too new for it is left to a later sweep.
"""

from __future__ import annotations

from array import array
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import chain

from producers.checkpoints import Address, Memory
from producers.rereading import LATEST
from producers.session import Session
from producers.store import Stream
from producers.swept import Swept
from producers.translation import Outgoing

_ALWAYS_ALLOWED = 20
"""So few rows may be deleted at once, unless they are more than half of a list."""

_AT_A_TIME = 100


@dataclass(frozen=True, slots=True)
class Missing:
    """The `ids` of rows that the store does not list, of all `known`: those of which something was published."""

    ids: array[int]
    known: int

    def allowed(self, removal_limit: float) -> int:
        """How many may be missing for the list to be believed. `removal_limit` is a share of what is known."""
        return max(1, min(_ALWAYS_ALLOWED, self.known // 2), int(self.known * removal_limit))


class Remover:
    """Finds what is missing, and publishes its removal."""

    def __init__(self, *, session: Session) -> None:
        self._s = session

    async def missing(self, stream: Stream) -> Missing | None:
        """Compare all ids once; not all, where the agent is to end. Eight bytes are kept of each that is missing.

        None: the store's list does not go on, so that nothing is known of what it leaves out.
        """
        ids, known, after, more = array("q"), 0, 0, True
        while more and not self._s.stop.asked:
            listed = await self._s.patience.of(partial(self._s.source.ids, stream, after))
            more, until, there = bool(listed), listed[-1] if listed else None, frozenset(listed)
            if until is not None and until <= after:
                return None
            async for row_id in self._published(stream, after, until):
                known += 1
                if row_id not in there:
                    ids.append(row_id)
            after = until or after
        return Missing(ids, known)

    async def remove(self, stream: Stream, ids: Sequence[int], swept: Swept) -> None:
        """Publish that these are gone, but for those that may show late, and count them.

        The store is asked for each by its id before.
        """
        for at in range(0, len(ids), _AT_A_TIME):
            if self._s.stop.asked:
                break
            await self._remove(stream, ids[at : at + _AT_A_TIME], swept)

    async def _published(self, stream: Stream, after: int, until: int | None) -> AsyncIterator[int]:
        while True:
            ask = partial(self._s.checkpoints.published_between, stream, after, until, _AT_A_TIME)
            known = await self._s.patience.of(ask)
            if not known:
                return
            for memory in known:
                yield memory.row_id
            after = known[-1].row_id

    async def _remove(self, stream: Stream, ids: Sequence[int], swept: Swept) -> None:
        asked_at = await self._s.patience.of(self._s.source.now)
        found = await self._s.patience.of(partial(self._s.source.rows, stream, ids))
        there = {row.id for row in found.rows} | {broken.id for broken in found.broken}
        gone = [row_id for row_id in ids if row_id not in there]
        known = await self._s.patience.of(partial(self._s.checkpoints.memories, stream, gone))
        old = [row_id for row_id in gone if row_id in known and not self._may_show_late(known[row_id], asked_at)]
        removed_at = {row_id: known[row_id].removal(asked_at) for row_id in old}
        removals = [self._removals(known[row_id], version) for row_id, version in removed_at.items()]
        doubtful = [_in_doubt(known[row_id], version) for row_id, version in removed_at.items()]
        await self._s.patience.of(partial(self._s.checkpoints.save, stream, doubtful))
        _, unrouted = await self._s.posting.post(list(chain.from_iterable(removals)))
        left = {one.address for one in unrouted}
        told = {row_id: at for row_id, at in removed_at.items() if left.isdisjoint(known[row_id].published)}
        await self._s.patience.of(partial(self._s.checkpoints.forget, stream, told))
        untold = [_still_told_to(left, memory) for memory in doubtful if memory.row_id not in told]
        await self._s.patience.of(partial(self._s.checkpoints.save, stream, untold))
        swept.gone += len(told)
        swept.unrouted += len(unrouted)

    def _may_show_late(self, memory: Memory, asked_at: datetime) -> bool:
        return memory.is_new(asked_at, within=LATEST, ahead=self._s.pace.overlap)

    def _removals(self, memory: Memory, version: datetime) -> list[Outgoing]:
        return self._s.translator.removals(memory, version=version, now=self._s.clock.now())


def _in_doubt(memory: Memory, version: datetime) -> Memory:
    """What to remember while its removal is on its way: should the agent die and the row return, it is a change."""
    unknown = dict.fromkeys(memory.published, "")
    return replace(memory, published=unknown, known=memory.published, removed_at=version)


def _still_told_to(left: Collection[Address], memory: Memory) -> Memory:
    """What to remember where these have not got the removal: the others, as of another organisation, have."""
    untold = {one: content for one, content in memory.published.items() if one in left}
    return replace(memory, published=untold, known=memory.published)
