"""Drafts that a person has approved meanwhile: looked for twice an hour, in a call or two, while anything waits.

One list of what is still a draft serves any number of them, a thousand a page; only what is no longer in it is read.
A probe is no use to it: it takes two calls, and a spent day leaves one in 15 minutes, which is for what waits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from schemas.envelope import Lane
from worker.budget.decision import Wait
from worker.calls.opening import is_next_a_probe, open_read
from worker.calls.sending import send
from worker.documents.documents import DocumentKey, Kind
from worker.ledger.records import AWAITING_APPROVAL, Call, Document, Purpose
from worker.session.interruption import pause_for
from worker.session.session import Session
from worker.xero.endpoints import ENDPOINTS, id_of
from worker.xero.facts import UNAPPROVED, facts_of
from worker.xero.lookup import drafts, states_of
from worker.xero.replies.reply import ReplyKind

EVERY_S = 1_800.0
_PAGE = 1_000
_MOST_PAGES = 20
_MOST_CALLS = 5


class Approvals:
    """Looks for one session, forever: `run` it."""

    def __init__(self, *, session: Session) -> None:
        self._s = session

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
        found: list[DocumentKey] = []
        for path, params, few in states_of(kind, decided)[:_MOST_CALLS]:
            seen = await self._get(kind, path, params)
            if seen is None:
                break
            call, elements = seen
            free = await self._untouched(list(_as_they_are(kind, few, elements)))
            await self._s.ledger.calls.close(self._s.lease, call.id, status=200, documents=free)
            found += [one.key for one in free]
        return found

    async def _still_drafts(self, kind: Kind) -> set[str] | None:
        ids: set[str] = set()
        for page in range(1, _MOST_PAGES + 1):
            seen = await self._get(kind, *drafts(kind, page, _PAGE))
            if seen is None:
                return None
            call, elements = seen
            await self._s.ledger.calls.close(self._s.lease, call.id, status=200)
            ids.update(str(id_of(kind, element)).lower() for element in elements)
            if len(elements) < _PAGE:
                break
        return ids

    async def _get(
        self, kind: Kind, path: str, params: Mapping[str, str]
    ) -> tuple[Call, Sequence[Mapping[str, Any]]] | None:
        """An answered call, still open; `None` when there is no call to spare, or no answer: the next look is soon."""
        if await is_next_a_probe(self._s):
            return None
        opened = await open_read(self._s, purpose=Purpose.LOOKUP, lane=Lane.BATCH, path=path, params=params, kind=kind)
        if isinstance(opened, Wait):
            return None
        reply = await send(self._s, opened)
        if reply.outcome is ReplyKind.ANSWERED:
            return opened, reply.elements
        await self._s.ledger.calls.close(self._s.lease, opened.id, status=reply.status)
        pause = pause_for(reply)
        if pause is not None:
            self._s.interrupt(pause)
        return None

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
