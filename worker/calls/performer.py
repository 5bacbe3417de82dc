"""One opened call until it is settled: send it, and follow whatever comes back to its end."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import replace

from worker.backoff import delay_s
from worker.budget.decision import Wait
from worker.calls.finding import Unanswered
from worker.calls.opening import open_write_when_allowed, resend
from worker.calls.refusals.archived import replace_archived
from worker.calls.refusals.gone_items import forget_gone_items, forget_unlisted_items
from worker.calls.refusals.lock_date import map_again
from worker.calls.refusals.merged import follow_merged
from worker.calls.resolution import Resolution
from worker.calls.sending import breathe, headers_of, send
from worker.calls.settlement import Settlement
from worker.documents.documents import Action, DocumentKey, Write
from worker.intake.reading import printable
from worker.ledger.records import Call, CallState, Member, Opened, Purpose
from worker.session.interruption import pause_for
from worker.session.outcome import FATES, Fate, Results, sort_verdicts
from worker.session.session import Session
from worker.session.steps import Step
from worker.xero.replies.reply import Reply, ReplyKind

_EXTRA_CALLS = 12
_LOOK_AGAIN_S, _LOOK_AGAIN_CAP_S = 1.0, 300.0
_SAME_KEY_S = 240.0
"""Xero keeps an idempotency key for 6 minutes; 4 leave room for clocks, the wait for a token, and `fresh_for_s`."""

_SERVER_ERROR = 500
_EXCERPT_BYTES = 1_000


class Performer:
    """Safe for several calls at once. Each ends settled, or stays uncertain in the ledger when serving stops."""

    def __init__(self, *, session: Session, settlement: Settlement, resolution: Resolution) -> None:
        self._s = session
        self._settlement = settlement
        self._resolution = resolution
        self._in_vain: Counter[str] = Counter()

    async def perform(self, call: Call) -> None:
        """Send `call` and settle it. Raises `PauseOrganisation`, `LeaseLost`, `LedgerUnavailable`."""
        self._s.steps.reached(Step.CALL_OPENED)
        await self._conclude(call, await send(self._s, call))

    async def recover(self, call: Call) -> None:
        """Settle a call whose reply is not known, however long Xero takes to be back. Raises as `perform`."""
        unsettled: Call | None = call
        while unsettled is not None:
            await breathe(self._s)
            unsettled = await self._try_to_settle(unsettled)

    async def _conclude(self, call: Call, reply: Reply) -> None:
        fate = FATES[reply.outcome]
        if fate is Fate.RECORD:
            await self._record(call, reply)
        elif fate is Fate.HALVE:
            await self._halve(await self._take_apart(call, reply), reply)
        elif fate is Fate.AGAIN:
            await self._settlement.close(call, reply.status)
            await self._settlement.free(call.members)
        elif fate is Fate.PAUSE:
            await self._settlement.close(call, reply.status)
            self._pause_if_asked(reply)
        elif fate is Fate.FAIL:
            await self._fail(call, reply)
        else:
            await self.recover(await self._uncertain(call, reply))

    async def _fail(self, call: Call, reply: Reply) -> None:
        is_not_found = reply.outcome is ReplyKind.NOT_FOUND
        # nothing was written: what is asked next has its place in flight, and after a crash the members go again
        await self._settlement.close(call, reply.status)
        if is_not_found and await forget_unlisted_items(self._s, call):
            await self._settlement.free(call.members)
        elif is_not_found and _deletes(call):
            await self._settle_existing(call, call.members, {})
        else:
            await self._settlement.failed(call.members, str(reply.outcome), excerpt(reply))

    async def _record(self, call: Call, reply: Reply) -> None:
        results = await self._judged(call, reply)
        if results.unanswered:
            # some of what was sent has no verdict: only Xero's own lists tell what is there
            await self._s.ledger.calls.correct(call.org, headers_of(reply))
            await self.recover(await self._uncertain(call, replace(reply, status=_SERVER_ERROR)))
            return
        await self._settlement.record(call, reply.status, results, headers=headers_of(reply))
        await self._settlement.free(results.freed)
        await self._settle_existing(call, results.exists, results.why)

    async def _judged(self, call: Call, reply: Reply) -> Results:
        """What Xero said of each document, and what the organisation's policies make of refusals."""
        results = sort_verdicts(call, reply)
        if not results.refused:
            return results
        results = await forget_gone_items(self._s, await map_again(self._s, call, results))
        results = await replace_archived(self._s, await follow_merged(self._s, call, results))
        words = {member.key: "; ".join(refused.messages) for member, refused in results.refused}
        self._s.said.update((key, told) for key, told in words.items() if key in self._s.said)
        return results

    async def _settle_existing(self, call: Call, exists: Sequence[Member], why: Mapping[DocumentKey, str]) -> None:
        while exists and call.kind is not None:
            try:
                await self._resolution.settle_existing(call.kind, exists, why)
            except Unanswered:
                await breathe(self._s, at_least_s=self._rest_s(call))
            else:
                self._in_vain.pop(call.id, None)
                return

    async def _uncertain(self, call: Call, reply: Reply) -> Call:
        await self._s.ledger.calls.mark_uncertain(self._s.lease, call.id, status=reply.status, detail=reply.detail)
        return replace(call, state=CallState.UNCERTAIN, status=reply.status)

    async def _try_to_settle(self, call: Call) -> Call | None:
        """One try. Returns the call while it is still uncertain."""
        if call.purpose is not Purpose.WRITE:
            await self._settlement.close(call, call.status)
            return None
        if call.status == _SERVER_ERROR:
            return await self._look_up(call)
        resent = await resend(self._s, call, within_s=_SAME_KEY_S)
        if resent is None:
            return await self._look_up(call)
        if isinstance(resent, Wait):
            await self._s.wait_out(resent)
            return call
        return await self._after_resend(resent, await send(self._s, resent))

    async def _after_resend(self, call: Call, reply: Reply) -> Call | None:
        fate = FATES[reply.outcome]
        if fate is Fate.RECORD:
            await self._record(call, reply)
            return None
        if fate not in (Fate.SETTLE, Fate.AGAIN, Fate.PAUSE):
            # refused, a 500, not found: the first send may have written all the same
            reply = replace(reply, status=_SERVER_ERROR)
        # it is not in flight while it waits for its next try
        call = await self._uncertain(call, reply)
        self._pause_if_asked(reply)
        return call

    async def _look_up(self, call: Call) -> Call | None:
        await self._resolution.wait_until_visible(call)
        try:
            await self._resolution.settle_uncertain(call, attempt=call.status == _SERVER_ERROR)
        except Unanswered:
            await self._s.clock.sleep(self._rest_s(call))
            return call
        self._in_vain.pop(call.id, None)
        return None

    def _rest_s(self, call: Call) -> float:
        """Until the next look: each costs a call, and an error that is answered at once opens no breaker."""
        self._in_vain[call.id] += 1
        return delay_s(self._in_vain[call.id], base_s=_LOOK_AGAIN_S, cap_s=_LOOK_AGAIN_CAP_S, jitter=1.0)

    async def _halve(self, halves: Sequence[Sequence[Member]], reply: Reply) -> None:
        """Find the document that spoils a call, in 12 further calls at most."""
        groups = deque(halves)
        extra = _EXTRA_CALLS
        while groups:
            group = groups.popleft()
            if extra == 0:
                await self._park(group, reply)
                continue
            extra -= 1
            opened = await open_write_when_allowed(self._s, kind=group[0].kind, writes=self._writes(group))
            groups.extend(await self._after_opening(opened))

    async def _after_opening(self, opened: Opened) -> Sequence[Sequence[Member]]:
        if opened.settled:
            await self._settlement.settled(opened.settled)
        if opened.stopped:
            await self._settlement.stopped(opened.stopped)
        self._s.buffer.put_back(write.key for write in (*opened.leftover, *opened.unread))
        if opened.call is None:
            return ()
        reply = await send(self._s, opened.call)
        if FATES[reply.outcome] is Fate.HALVE:
            return await self._take_apart(opened.call, reply)
        await self._conclude(opened.call, reply)
        return ()

    async def _take_apart(self, call: Call, reply: Reply) -> Sequence[Sequence[Member]]:
        """Close a call that was refused as a whole; returns its halves, none when the refusal hits each document."""
        results = await self._judged(call, reply)
        if not results.unanswered:
            await self._settlement.record(call, reply.status, results)
            await self._settlement.free(results.freed)
            await self._settle_existing(call, results.exists, results.why)
            return ()
        await self._settlement.close(call, reply.status)
        wanted = [m for m in call.members if self._s.buffer.slot(m.key) is not None]
        await self._settlement.free(m for m in call.members if m not in wanted)
        middle = len(wanted) // 2
        return [half for half in (wanted[:middle], wanted[middle:]) if half]

    async def _park(self, members: Sequence[Member], reply: Reply) -> None:
        for member in members:
            hint = "xero refused the whole call without naming a document; look at its reply, mend, then retry"
            await self._settlement.park(member, "refused_whole", excerpt(reply), hint)

    def _writes(self, members: Sequence[Member]) -> list[Write]:
        slots = (self._s.buffer.slot(member.key) for member in members)
        return [slot.write for slot in slots if slot is not None]

    def _pause_if_asked(self, reply: Reply) -> None:
        pause = pause_for(reply)
        if pause is not None:
            raise pause


def _deletes(call: Call) -> bool:
    """Whether what Xero does not find was to be gone."""
    return all(member.action is Action.VOID for member in call.members)


def excerpt(reply: Reply) -> str:
    """The beginning of a reply, for the person who has to look."""
    return printable(f"{reply.status} {reply.detail}: {reply.raw[:_EXCERPT_BYTES].decode(errors='replace')}")
