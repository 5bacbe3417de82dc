"""What the ledger holds of one organisation: brought back when its time has come, and looked after meanwhile."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from itertools import islice
from operator import attrgetter

from schemas.envelope import Lane
from worker.buffer.load import MOST_BYTES
from worker.buffer.work import everyone
from worker.documents.documents import Kind
from worker.intake.holding import released
from worker.intake.reading import Arrival
from worker.ledger.records import Held
from worker.session.interruption import Reconfigured
from worker.session.session import Session

_HELD_ID = attrgetter("held_id")
_LOOK_EVERY_S = 1.0
_OVERLAY_EVERY_S = 5.0
_SWEEP_EVERY_S = 60.0
_EXPIRE_FOR_S = 5.0
"""So long at most children are parked in one sweep: what is due comes back behind it."""

_AT_A_TIME = 200
_MOST_BYTES, _MOST_URGENT_BYTES = MOST_BYTES // 4, MOST_BYTES // 2
"""Parts of what memory may hold: whatever a person sends on its way again, the lanes have the rest.

Beyond the first only the immediate lane's come back: they do not wait behind a long list.
"""

_TAKING_IN_S = 5.0
"""So long after the end of a pause was seen an event that was being taken in then may still be held for it."""


class HeldKeeper:
    """Beside the lanes: `admit` takes what comes back.

    It alone brings held events back: with a second way one that is due might go both, and end twice.
    """

    def __init__(self, *, session: Session, admit: Callable[[Sequence[Arrival]], Awaitable[None]]) -> None:
        self._s = session
        self._admit = admit
        self._shorten_until = 0.0

    async def run(self) -> None:
        """Bring back what was held until now; once a minute look for children whose parent came, or never will.

        What a person sends on its way again, having mended the configuration, is taken with what was mended: it is
        looked for first, and the configuration after that. What a call has released goes on meanwhile, as what arrives
        does.
        """
        sweep_at = overlay_at = 0.0
        while True:
            self._s.returning.is_due.clear()
            children, others = await self._due()
            # after it: what the end of a pause has made due would else meet that pause, and be held for it again
            await self._heed_lifted_pauses()
            outdated = False
            if children or others or self._s.clock.monotonic() >= overlay_at:
                overlay_at = self._s.clock.monotonic() + _OVERLAY_EVERY_S
                outdated = await self._is_outdated()
            found = children if outdated else [*children, *others]
            # what another event has made needless since it was read is not taken in: it would end once more
            fresh = [held for held in found if not self._s.returning.is_told(held.id)]
            if fresh:
                await self._admit([released(held) for held in fresh])
                self._s.wake.set()
            if self._s.clock.monotonic() >= sweep_at:
                sweep_at = self._s.clock.monotonic() + _SWEEP_EVERY_S
                await self._sweep()
            await self._s.rest(_LOOK_EVERY_S, unless=self._s.returning.is_due)

    async def _due(self) -> tuple[list[Held], list[Held]]:
        """What calls have just released, and what else is due: it may be many thousands, which nobody waits for."""
        here = self._s.returning.look()
        first = set(islice(self._s.returning.released - here, _AT_A_TIME))
        self._s.returning.released -= first
        taken = self._taken_bytes()
        limit = _AT_A_TIME if taken < _MOST_URGENT_BYTES else len(first)
        if not limit:
            return [], []
        lane = None if taken < _MOST_BYTES else Lane.IMMEDIATE
        due = await self._s.ledger.held.due(self._s.org.name, limit=limit, first=first, besides=here, lane=lane)
        children = [held for held in due if held.id in first]
        if children:
            # the rest was too large to come with them, or is gone: then the next look finds none of it
            self._s.returning.released |= first - {held.id for held in children}
        return children, [held for held in due if held.id not in first]

    def _taken_bytes(self) -> int:
        """What came back already. More waits in the ledger, as a lane's rest does in the broker."""
        return sum(len(work.body) for work in filter(_HELD_ID, everyone(self._s.buffer.works())))

    async def paused_kinds(self) -> dict[Kind, datetime]:
        """Until when each kind is paused, by the ledger."""
        pauses = await self._s.ledger.pauses.current(self._s.org.name)
        return {pause.kind: pause.until for pause in pauses if pause.kind is not None and pause.until is not None}

    async def _heed_lifted_pauses(self) -> None:
        """A person may end the pause of a kind before its time."""
        known = dict(self._s.paused_kinds)
        if known:
            current, now = await self.paused_kinds(), self._s.time.now()
            # a pause that began meanwhile is not in what was read
            lifted = [kind for kind in known.keys() - current if self._s.paused_kinds.get(kind) == known[kind]]
            if lifted:
                self._s.shelf.forget()
                self._shorten_until = self._s.clock.monotonic() + _TAKING_IN_S
            self._s.paused_kinds.update(dict.fromkeys(lifted, now))
        if self._s.clock.monotonic() < self._shorten_until:
            await self._s.ledger.pauses.shorten(self._s.lease)

    async def _is_outdated(self) -> bool:
        """Whether an admin has added to the configuration: what is in flight settles, and a new session begins."""
        if await self._s.ledger.overlays.of(self._s.org.name) == self._s.overlay:
            return False
        if self._s.clock.monotonic() >= self._s.steady_until:
            self._s.interrupt(Reconfigured())
        return True

    async def _sweep(self) -> None:
        await self._s.ledger.held.sweep_parents(self._s.lease)
        await self._s.ledger.pauses.shorten(self._s.lease)
        await self._s.ledger.held.hasten(self._s.lease)
        await self._expire()

    async def _expire(self) -> None:
        """Park what has waited for its parent for too long."""
        enough_at = self._s.clock.monotonic() + _EXPIRE_FOR_S
        while expired := await self._s.ledger.held.expire_parents(self._s.lease):
            for held in expired:
                self._s.finishing.expired(held)
            if self._s.clock.monotonic() >= enough_at:
                return
