"""A Xero organisation on virtual time. It enforces Xero's limits strictly and counts what it is asked to do.

https://developer.xero.com/documentation/guides/oauth2/limits/
"""

from __future__ import annotations

import asyncio
import itertools
import random
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tests.benchmarks.simulation.owing import Owing
from tests.benchmarks.simulation.questions import Element, found
from tests.benchmarks.simulation.virtual import DAY_S, elapsed
from worker.documents.documents import Action, Kind
from worker.ledger.records import Call, Member
from worker.xero.endpoints import ENDPOINTS, inner, number_of
from worker.xero.facts import money
from worker.xero.replies.reply import LimitHeaders, Reply, ReplyKind

_MINUTE_S = 60.0
_KEY_LIVES_S = 360.0
_DEADLINE_S = 60.0
_TAKEN = "must be unique"


@dataclass(frozen=True, slots=True)
class Outage:
    """From `begins` to `ends`, in virtual seconds, Xero answers nothing; for `half_s` at both ends it still works."""

    begins: float
    ends: float
    half_s: float = 120.0

    def covers(self, now: float) -> bool:
        return self.begins <= now < self.ends

    def works(self, now: float) -> bool:
        return now < self.begins + self.half_s or now >= self.ends - self.half_s


@dataclass(slots=True)
class Window:
    """The calls of a rolling span, and the most it ever held."""

    span_s: float
    times: deque[float] = field(default_factory=deque)
    most: int = 0

    def used(self, now: float) -> int:
        while self.times and self.times[0] <= now - self.span_s:
            self.times.popleft()
        return len(self.times)

    def count(self, now: float) -> None:
        self.times.append(now)
        self.most = max(self.most, self.used(now))


class VirtualXero:
    """One organisation. `send` is what a worker's `XeroClient` offers."""

    def __init__(
        self,
        *,
        day: int = 1000,
        minute: int = 60,
        concurrent: int = 5,
        seed: int = 1,
        outage: Outage | None = None,
        verdict: Callable[[Kind, str], str] = lambda _kind, _reference: "",
    ) -> None:
        """`verdict` has Xero's message for a document that it does not take."""
        self._verdict = verdict
        self._caps = (day, minute, concurrent)
        self._chance = random.Random(seed)
        self._outage = outage
        self._ids = itertools.count(1)
        self._replies: dict[str, tuple[float, Reply]] = {}
        self.day, self.minute = Window(DAY_S), Window(_MINUTE_S)
        self.in_flight = self.most_in_flight = 0
        self.calls = self.refused_429 = 0
        self.batchable_calls = self.batchable_documents = self.per_document_calls = self.lookups = 0
        self.lost_replies = 0
        self.elements: dict[str, Element] = {}
        self.by_number: dict[tuple[Kind, str], Element] = {}
        self.copies: Counter[tuple[Kind, str]] = Counter()
        self.overpaid = 0
        self._owing = Owing()

    async def send(self, call: Call) -> Reply:
        """Take the call after the way there, answer it after Xero's own time. Raises `UnknownQuestion` alone."""
        await asyncio.sleep(self._chance.uniform(0.02, 0.25))
        down = self._outage is not None and self._outage.covers(elapsed())
        if down and not self._works() and self._chance.random() < 0.5:
            return Reply(ReplyKind.UNSENT, detail="no connection: ConnectError")
        refused = self._refusal()
        if refused is not None:
            return refused
        self._count(call)
        try:
            await asyncio.sleep(self._chance.uniform(0.2, 0.6) + 0.02 * len(call.members))
            if down and not self._works():
                return Reply(ReplyKind.UNCERTAIN, status=503, detail="status 503")
            reply = self._answer(call)
            if down or (self._outage is not None and self._outage.covers(elapsed())):
                self.lost_replies += 1
                await asyncio.sleep(_DEADLINE_S)
                return Reply(ReplyKind.UNCERTAIN, detail="no reply within 60 s")
            return reply
        finally:
            self.in_flight -= 1

    def allocations(self) -> int:
        """Allocations there are, each once."""
        return sum(1 for kind, _ in self.copies if kind is Kind.ALLOCATION)

    @property
    def documents(self) -> int:
        """Documents there are, allocations included, copies too."""
        return self.copies.total()

    @property
    def duplicated(self) -> int:
        """Documents that share a store's reference with an earlier one, and money that moved when none was due."""
        return sum(count - 1 for count in self.copies.values()) + self.overpaid

    def total_of(self, kind: Kind, number: str) -> Decimal | None:
        """What a document that is there comes to, in all; None where it has no sum."""
        element = self.by_number[kind, number]
        return money(element.get("Amount")) or self._owing.total(element[ENDPOINTS[kind].id])

    def _works(self) -> bool:
        return self._outage is not None and self._outage.works(elapsed())

    def _refusal(self) -> Reply | None:
        now = elapsed()
        day, minute, concurrent = self._caps
        used = {"day": self.day.used(now) >= day, "minute": self.minute.used(now) >= minute}
        used["concurrent"] = self.in_flight >= concurrent
        problem = next((name for name, spent in used.items() if spent), None)
        if problem is None:
            return None
        self.refused_429 += 1
        kinds = {"day": ReplyKind.TOO_MANY_DAY, "minute": ReplyKind.TOO_MANY_MINUTE}
        kind = kinds.get(problem, ReplyKind.TOO_MANY_CONCURRENT)
        return Reply(kind, 429, limits=LimitHeaders(retry_after_s=60.0, problem=problem), detail="status 429")

    def _count(self, call: Call) -> None:
        now = elapsed()
        self.calls += 1
        self.day.count(now)
        self.minute.count(now)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        if call.method == "GET":
            self.lookups += 1
        elif call.kind is Kind.ALLOCATION or call.params == {}:
            self.per_document_calls += 1
        else:
            self.batchable_calls += 1
            self.batchable_documents += len(call.members)

    def _answer(self, call: Call) -> Reply:
        now = elapsed()
        if call.method == "GET":
            return self._reply(tuple(found(call, self.elements)))
        known = self._replies.get(call.idempotency_key or "")
        if known is not None and now - known[0] <= _KEY_LIVES_S:
            return known[1]
        reply = self._reply(tuple(self._write(call, member) for member in call.members))
        self._replies[call.idempotency_key or ""] = (now, reply)
        while self._replies and next(iter(self._replies.values()))[0] < now - _KEY_LIVES_S:
            del self._replies[next(iter(self._replies))]
        return reply

    def _reply(self, elements: tuple[Mapping[str, Any], ...]) -> Reply:
        now = elapsed()
        day, minute, _ = self._caps
        limits = LimitHeaders(
            day_remaining=day - self.day.used(now), minute_remaining=max(0, minute - self.minute.used(now))
        )
        return Reply(ReplyKind.ANSWERED, 200, elements=elements, limits=limits)

    def _write(self, call: Call, member: Member) -> Element:
        kind, reference = member.kind, _reference(member)
        there = self.by_number.get((kind, reference))
        message = self._verdict(kind, reference)
        if message:
            return _refused(member, message)
        message = self._owing.refusal(member)
        if message:
            self.overpaid += 1
            return _refused(member, message)
        if member.xero_id is not None:
            element = {**self.elements[member.xero_id], **member.element}
            if member.action is Action.VOID and kind in (Kind.INVOICE, Kind.CREDIT_NOTE):
                element["Status"] = "VOIDED"
        elif there is not None and kind not in (Kind.PAYMENT, Kind.ALLOCATION):
            return _refused(member, _TAKEN)
        else:
            element = {ENDPOINTS[kind].id: f"id-{next(self._ids)}", **member.element}
            if kind is Kind.CONTACT:
                element["ContactStatus"] = "ACTIVE"
            self.copies[kind, reference] += 1
        if "LineItems" in member.element:
            before = self.elements[member.xero_id]["LineItems"] if member.xero_id else ()
            element["LineItems"] = self._lines(before, member.element["LineItems"])
        self._owing.book(kind, element[ENDPOINTS[kind].id], element, gone=member.action is Action.VOID)
        self.elements[element[ENDPOINTS[kind].id]] = element
        self.by_number[kind, reference] = element
        return element

    def _lines(self, before: Sequence[Element], lines: Sequence[Mapping[str, Any]]) -> list[Element]:
        """With ids; of a line that is named by its id, what is not said stays. Lines that are not named are gone."""
        known = {line["LineItemID"]: line for line in before}
        return [
            {**known.get(str(line.get("LineItemID")), {"LineItemID": f"line-{next(self._ids)}"}), **line}
            for line in lines
        ]


def _refused(member: Member, message: str) -> Element:
    number = {ENDPOINTS[member.kind].number: member.number}
    return {**number, "StatusAttributeString": "ERROR", "ValidationErrors": [{"Message": message}]}


def _reference(member: Member) -> str:
    """What must not be there twice: our number; of an allocation, what it takes from where."""
    if member.kind is Kind.ALLOCATION:
        note = inner(member.element, "CreditNote").get("CreditNoteID")
        return f"{note} {inner(member.element, 'Invoice').get('InvoiceID')} {member.element.get('Amount')}"
    return member.number or number_of(member.kind, member.element)
