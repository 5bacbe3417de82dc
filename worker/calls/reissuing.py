"""Carries out a re-issue, call after call. Whoever begins again in the middle of one does what is left of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from schemas.envelope import Lane
from worker.calls import deletions
from worker.calls.opening import open_write_when_allowed
from worker.calls.performer import Performer
from worker.calls.resolution import adopted
from worker.calls.sending import breathe
from worker.calls.settlement import Settlement
from worker.documents.documents import DocumentKey, Kind, Write
from worker.ledger.records import Call, Document, Known, Stop
from worker.mapping.locks import in_locked_period
from worker.session.session import Session
from worker.xero.changes.reissue import BEGUN, REASON, Reissue, moved_out_of, not_anew, reissue, said, successor_of
from worker.xero.changes.revision import GONE_HINT
from worker.xero.compose import compose
from worker.xero.endpoints import number_of
from worker.xero.facts import facts_of
from worker.xero.looks import Reading, readings_of
from worker.xero.match import match

Element = Mapping[str, Any]
Seen = tuple[Call, int | None, Sequence[Element]]
Look = Callable[[Kind, Lane, Reading], Awaitable[Seen | None]]

_TRIES = 3
"""A call that came to nothing, as one that Xero was too busy for, is made again; what Xero refuses it refuses again.

While Xero is out of reach no try counts.
"""

_AGAIN_S = 15.0
_SETTLING_S = 0.5
_MOST = 2000
_HINT = (
    "fix what xero refused, as said above or by its documents (xerelay history); then retry: what is there already is "
    "kept, and the rest is made"
)


class Reissuing:
    """`look` reads documents from Xero, as for a revision."""

    def __init__(self, *, session: Session, settlement: Settlement, performer: Performer, look: Look) -> None:
        self._s = session
        self._settlement = settlement
        self._performer = performer
        self._look = look

    def takes(self, stop: Stop) -> bool:
        """Whether the organisation wants what this stops re-issued instead of parked."""
        is_wanted = self._s.org.edited_paid == "reissue"
        return is_wanted and stop.reason == REASON and stop.write.kind is Kind.INVOICE

    async def run(self, lane: Lane, stops: Sequence[Stop], elements: Mapping[DocumentKey, Element | None]) -> None:
        """Settle what `stops` stop, whose slots are in flight and whose invoices Xero shows as `elements`.

        Some 25 at a time: one call for their credit notes, one for their invoices, one for each credit. Raises as
        `Performer.perform`.
        """
        known = await self._s.ledger.documents.get([stop.write.key for stop in stops])
        stops = await self._without_early(stops, known)
        successors = {successor_of(stop.write, known[stop.write.key]): stop for stop in stops}
        made = await self._s.ledger.documents.get(successors)
        plans: list[Reissue] = []
        for successor, stop in successors.items():
            key = stop.write.key
            planned = reissue(stop.write, known[key], elements[key] or {}, made.get(successor))
            if planned is None:
                await self._settlement.stopped([not_anew(stop, known[key])])
            else:
                plans.append(planned)
        if plans:
            # from here on every version of these sales goes on with it, also one that says again what Xero had before
            begun = [(plan.write.key, known[plan.write.key].version, BEGUN) for plan in plans]
            await self._s.ledger.documents.settle_unchanged(self._s.lease, begun, completed=[])
        await self._carry_out(lane, plans)

    async def _without_early(self, stops: Sequence[Stop], known: Mapping[DocumentKey, Document]) -> Sequence[Stop]:
        """Without those whose money came to be deleted while Xero was asked: looked at again. What is begun goes on."""
        now = self._s.clock.monotonic()
        writes = [stop.write for stop in stops if known[stop.write.key].content_hash != BEGUN]
        slots = [slot for write in writes if (slot := self._s.buffer.slot(write.key)) is not None]
        waiting = await deletions.awaited(self._s, slots, now)
        early = []
        for write in writes:
            xero_id = known[write.key].xero_id
            if xero_id in self._s.unpaid:
                # or it went long before, and then one look is too many
                self._s.unpaid.remove(xero_id)
                early.append(write)
            elif write.key in waiting:
                early.append(write)
        if early:
            await self._settlement.free(early, not_before=now + _AGAIN_S)
        return [stop for stop in stops if stop.write not in early]

    async def _carry_out(self, lane: Lane, plans: Sequence[Reissue]) -> None:
        plans = await self._with(Kind.CREDIT_NOTE, lane, plans, lambda plan: (plan.credit_note,))
        plans = await self._with(Kind.INVOICE, lane, plans, lambda plan: (plan.invoice,))
        # Xero takes the allocations of one credit note in a call
        taken = [await self._with(Kind.ALLOCATION, lane, [plan], lambda plan: plan.allocations) for plan in plans]
        plans = [plan for one in taken for plan in one]
        made = await self._s.ledger.documents.get([plan.invoice.key for plan in plans])
        for reading in readings_of(Kind.INVOICE, [plan.invoice for plan in plans], made):
            await self._replace(lane, reading, {plan.invoice.key: plan for plan in plans}, made)

    async def _with(
        self, kind: Kind, lane: Lane, plans: Sequence[Reissue], wanted: Callable[[Reissue], Sequence[Write]]
    ) -> list[Reissue]:
        """Bring what is `wanted` of each plan to Xero; returns the plans that have it. The others' events are parked.

        A plan that meets a lock which its mapping did not know moves to an open day. Its event keeps its place: were it
        mapped again, payments that wait for it would go to the old invoice.
        """
        missing = await self._bring(kind, [write for plan in plans for write in wanted(plan)])
        going_on, moved = [], []
        for plan in plans:
            lacking = [write for write in wanted(plan) if write in missing]
            if kind is Kind.ALLOCATION and any(not self._is_locked(write) for write in lacking):
                unseen = await self._unseen(lane, plan, lacking)
                # they went in one call: what is there already may have had the others refused
                lacking = await self._bring(kind, unseen) if len(unseen) < len(lacking) else lacking
            if not lacking:
                going_on.append(plan)
            elif (on_open_day := moved_out_of(self._s.lock_date, plan)) is not None:
                moved.append(on_open_day)
            else:
                await self._settlement.park(plan.write, "reissue_stuck", self._not_taken(lacking), _HINT)
        return [*going_on, *await self._with(kind, lane, moved, wanted)] if moved else going_on

    def _not_taken(self, lacking: Sequence[Write]) -> str:
        """What to tell of these, with what Xero said of them last."""
        names = ", ".join(write.number or write.key.part for write in lacking)
        said = dict.fromkeys(self._s.said.pop(write.key, "") for write in lacking)
        return ": ".join(filter(None, (f"xero has not taken {names}", "; ".join(filter(None, said)))))[:_MOST]

    async def _bring(self, kind: Kind, writes: Sequence[Write]) -> list[Write]:
        """See to it that these are in Xero; returns those that are not."""
        if await self._missing(writes):
            await self._until_settled({write.key for write in writes})
        missing = await self._missing(writes)
        tries = 0
        while (open_ones := [write for write in missing if not self._is_locked(write)]) and tries < _TRIES:
            await breathe(self._s)
            await self._try_once(kind, open_ones)
            missing = await self._missing(missing)
            tries += not self._s.breaker.is_open
        return missing

    async def _unseen(self, lane: Lane, plan: Reissue, allocations: list[Write]) -> list[Write]:
        """Those that Xero does not show on the credit note: a ledger that was restored knows less than Xero has."""
        keys = {plan.credit_note.key, *(key for write in allocations for key in write.needs)}
        known = Known(await self._s.ledger.documents.get(keys), frozenset())
        if plan.credit_note.key not in known.documents:
            return allocations
        [reading] = readings_of(Kind.CREDIT_NOTE, [plan.credit_note], known.documents)
        seen = await self._look(Kind.CREDIT_NOTE, lane, reading)
        if seen is None:
            return allocations
        call, status, notes = seen
        members = [member for write in allocations for member in compose([write], known).members]
        there = match(Kind.ALLOCATION, members, notes)
        found = [adopted(member, one) for member in members if (one := there[member.key]) is not None]
        await self._settlement.adopt(call, status, found)
        return [write for write in allocations if there.get(write.key) is None]

    def _is_locked(self, write: Write) -> bool:
        return in_locked_period(str(write.payload["Date"]), self._s.lock_date)

    async def _until_settled(self, keys: Collection[DocumentKey]) -> None:
        """Wait for calls that an earlier session opened for some of `keys`; they are being settled meanwhile."""
        org = self._s.org.name
        with self._s.sleepers.sleep(keys):
            while any(one.key in keys for call in await self._s.ledger.calls.unsettled(org) for one in call.members):
                await self._s.clock.sleep(_SETTLING_S)

    async def _missing(self, writes: Sequence[Write]) -> list[Write]:
        known = await self._s.ledger.documents.get([write.key for write in writes])
        return [write for write in writes if write.key not in known]

    async def _try_once(self, kind: Kind, writes: Sequence[Write]) -> None:
        # their numbers are ours alone: no earlier connector has made them
        nothing = {write.key: None for write in writes}
        self._s.readings.elements.update(nothing)
        self._s.said.update(dict.fromkeys(nothing, ""))
        try:
            opened = await open_write_when_allowed(self._s, kind=kind, writes=writes)
            if opened.call is not None:
                await self._performer.perform(opened.call)
        finally:
            for key in nothing:
                self._s.readings.elements.pop(key, None)
                if not self._s.said.get(key):
                    self._s.said.pop(key, None)

    async def _replace(
        self,
        lane: Lane,
        reading: Reading,
        plans: Mapping[DocumentKey, Reissue],
        made: Mapping[DocumentKey, Document],
    ) -> None:
        """From now on the new invoices are the sales' documents. They are looked at: Xero's figures are what counts."""
        writes = [plans[write.key].write for write in reading.writes]
        seen = await self._look(Kind.INVOICE, lane, reading)
        if seen is None:
            await self._settlement.free(writes, not_before=self._s.clock.monotonic() + _AGAIN_S)
            return
        call, status, elements = seen
        found = _found(reading, plans, made, elements)
        # one begun for an earlier version of the sale is a document to be changed again
        standing = [document for write, document in found if document.content_hash == write.content_hash]
        earlier = [(write, document) for write, document in found if document.content_hash != write.content_hash]
        await self._settlement.adopt(call, status, standing, [document for _, document in earlier])
        await self._settlement.free([write for write, _ in earlier])
        there = {document.key for _, document in found}
        for write in writes:
            if write.key not in there:
                await self._settlement.park(
                    write, "not_found", f"{write.number}, issued anew, is not in xero", GONE_HINT
                )


def _found(
    reading: Reading,
    plans: Mapping[DocumentKey, Reissue],
    made: Mapping[DocumentKey, Document],
    elements: Iterable[Element],
) -> list[tuple[Write, Document]]:
    """What each sale has now, of those whose new invoice Xero shows."""
    shown = {str(element.get("InvoiceID")).lower(): element for element in elements}
    found: list[tuple[Write, Document]] = []
    for invoice in reading.writes:
        element = shown.get(made[invoice.key].xero_id.lower())
        if element is not None:
            plan = plans[invoice.key]
            found.append((plan.write, _standing(plan, made[invoice.key], element)))
    return found


def _standing(plan: Reissue, made: Document, element: Element) -> Document:
    kind = plan.write.kind
    return made._replace(
        key=plan.write.key,
        number=number_of(kind, element),
        version=plan.write.version if made.content_hash == plan.write.content_hash else made.version,
        # the store's own, also where a person's stays on the new invoice
        facts=facts_of(kind, element) | said(plan, made),
    )
