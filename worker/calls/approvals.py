"""Drafts that a person has approved meanwhile: looked for twice an hour, in a call or two, while anything waits.

One list of what is still a draft serves any number of them, a thousand a page; only what is no longer in it is read,
each credit note by itself where Xero has too many to list them.
A probe is no use to it: it takes two calls, and a spent day leaves one in 15 minutes, which is for what waits.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import structlog

from schemas.envelope import Lane
from worker.calls.opening import is_next_a_probe, open_read
from worker.calls.sending import send
from worker.documents.documents import DocumentKey, Kind
from worker.ledger.records import AWAITING_APPROVAL, Call, Document, Purpose
from worker.session.interruption import pause_for
from worker.session.session import Session
from worker.xero.endpoints import ENDPOINTS, id_of
from worker.xero.facts import UNAPPROVED, facts_of
from worker.xero.lists import PAGE_SIZE
from worker.xero.looks import States, drafts, states_apart, states_of
from worker.xero.replies.reply import Reply, ReplyKind

EVERY_S = 1_800.0
_MOST_PAGES = 20
_MOST_CALLS = 5
_SOON_OVER = frozenset({"minute", "in_flight"})
_LEAST_S = 0.05


class Approvals:
    """Looks for one session, forever: `run` it."""

    def __init__(self, *, session: Session) -> None:
        self._s = session
        self._log = structlog.get_logger("xerelay")

    async def run(self) -> None:
        """Until cancelled. Raises `LeaseLost` and `LedgerUnavailable`."""
        while True:
            await self._s.clock.sleep(EVERY_S)
            await self.look()

    async def look(self) -> int:
        """Release what waits for a document that is no draft any more; returns how many events."""
        keys = await self._s.ledger.held.awaited(self._s.org.name, AWAITING_APPROVAL)
        waiting = [one for one in (await self._s.ledger.documents.get(keys)).values() if not self._is_busy(one.key)]
        seen: list[DocumentKey] = []
        for kind in (Kind.INVOICE, Kind.CREDIT_NOTE):
            of_kind = [one for one in waiting if one.kind is kind]
            if of_kind:
                seen += await self._decided(kind, of_kind)
        return await self._s.ledger.held.release(self._s.lease, AWAITING_APPROVAL, seen)

    async def _decided(self, kind: Kind, waiting: Sequence[Document]) -> list[DocumentKey]:
        """Those of `waiting` that a person approved or threw away; the ledger knows it by then."""
        still = await self._still_drafts(kind)
        if still is None:
            return []
        decided = [one for one in waiting if one.xero_id.lower() not in still]
        asking = deque(states_of(kind, decided)[:_MOST_CALLS])
        answers = {ReplyKind.ANSWERED}
        found: list[DocumentKey] = []
        while asking:
            states = asking.popleft()
            seen = await self._get(kind, states.path, states.params)
            if seen is None:
                break
            call, reply = seen
            if reply.outcome in answers:
                found += await self._take(kind, call, states, reply)
            elif reply.outcome is ReplyKind.REFUSED_WHOLE and (alone := states_apart(kind, states)):
                await self._close(call, reply)
                # the other lists would be refused too: what they name is asked for at the next look
                asking = deque(alone)
                # of a draft that a person threw away there may be nothing under its id
                answers.add(ReplyKind.NOT_FOUND)
            else:
                await self._not_read(call, reply)
                break
        return found

    async def _take(self, kind: Kind, call: Call, states: States, reply: Reply) -> list[DocumentKey]:
        free = await self._untouched(list(_as_they_are(kind, states.documents, reply.elements)))
        await self._close(call, reply, free)
        return [one.key for one in free]

    async def _still_drafts(self, kind: Kind) -> set[str] | None:
        ids: set[str] = set()
        for page in range(1, _MOST_PAGES + 1):
            seen = await self._get(kind, *drafts(kind, page))
            if seen is None:
                return None
            call, reply = seen
            if reply.outcome is not ReplyKind.ANSWERED:
                await self._not_read(call, reply)
                return None
            await self._close(call, reply)
            ids.update(str(id_of(kind, element)).lower() for element in reply.elements)
            if len(reply.elements) < PAGE_SIZE:
                break
        return ids

    async def _get(self, kind: Kind, path: str, params: Mapping[str, str]) -> tuple[Call, Reply] | None:
        """What Xero says, its call still open; `None` when there is no call to spare, or Xero is to be left alone."""
        opened = await self._opened(kind, path, params)
        if opened is None:
            return None
        reply = await send(self._s, opened)
        pause = pause_for(reply)
        if pause is None:
            return opened, reply
        await self._close(opened, reply)
        self._s.interrupt(pause)
        return None

    async def _opened(self, kind: Kind, path: str, params: Mapping[str, str]) -> Call | None:
        """A call as soon as the minute has one; `None` where it would wait for more than that."""
        while not await is_next_a_probe(self._s):
            opened = await open_read(
                self._s, purpose=Purpose.LOOKUP, lane=Lane.BATCH, path=path, params=params, kind=kind
            )
            if isinstance(opened, Call):
                return opened
            if opened.reason not in _SOON_OVER:
                return None
            await self._s.clock.sleep(max(opened.seconds, _LEAST_S))
        return None

    async def _not_read(self, call: Call, reply: Reply) -> None:
        """Nothing else says that what waits goes on waiting: a refusal comes back at every look."""
        await self._close(call, reply)
        detail = f"xero did not say what is approved of {call.path}: {reply.outcome}"
        self._log.error("approvals.not_read", organisation=self._s.org.name, status=reply.status, detail=detail)

    async def _close(self, call: Call, reply: Reply, documents: Sequence[Document] = ()) -> None:
        await self._s.ledger.calls.close(self._s.lease, call.id, status=reply.status, documents=documents)

    async def _untouched(self, documents: Sequence[Document]) -> list[Document]:
        """Those that have not been written since they were read from the ledger, and are not being written."""
        now = await self._s.ledger.documents.get([one.key for one in documents])
        return [
            one
            for one in documents
            if one.key in now and now[one.key].content_hash == one.content_hash and not self._is_busy(one.key)
        ]

    def _is_busy(self, key: DocumentKey) -> bool:
        """A version of it is on its way: its own reply says what it is."""
        return self._s.buffer.wants(key)


def _as_they_are(
    kind: Kind, documents: Iterable[Document], elements: Sequence[Mapping[str, Any]]
) -> Iterable[Document]:
    by_id = {str(element.get(ENDPOINTS[kind].id)).lower(): element for element in elements}
    for document in documents:
        # a draft that a person threw away may not be listed at all
        now = facts_of(kind, by_id.get(document.xero_id.lower(), {"Status": "DELETED"}))
        if now.get("status") not in UNAPPROVED:
            # the lines stay as we left them: a person's change before the approval is told by them
            facts: dict[str, Any] = {name: now[name] for name in ("status", "total") if name in now}
            yield document._replace(facts={**document.facts, **facts})
