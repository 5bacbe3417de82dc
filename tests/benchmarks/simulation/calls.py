"""The calls and the budget of the ledger in memory; every decision is `worker.budget`'s own."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from schemas.envelope import Lane
from tests.benchmarks.simulation.books import Books
from tests.benchmarks.simulation.ledger import Documents, HeldEvents, Leases, Overlays, Overview, Pauses, Runs
from tests.benchmarks.simulation.virtual import VirtualClock
from worker.budget.corrections import Headers, corrected
from worker.budget.decision import Wait, decide
from worker.budget.limits import DAY, MINUTE, Limits
from worker.budget.state import Spent, State, fresh
from worker.documents.documents import EntityKey, Kind, Write
from worker.ledger.calls.resends import is_under_way, keeps_its_key
from worker.ledger.calls.spends import IN_FLIGHT_AT_MOST
from worker.ledger.records import (
    Call,
    CallState,
    Compose,
    Composed,
    Count,
    Document,
    Held,
    Lease,
    Opened,
    Purpose,
    uncounted,
)


@dataclass(slots=True)
class Account:
    """One organisation's budget: its state, the minutes' counters of the last day, and the calls not closed."""

    state: State | None = None
    minutes: Counter[datetime] = field(default_factory=Counter)
    day: int = 0
    pending: dict[str, Call] = field(default_factory=dict)

    def spent(self, now: datetime) -> Spent:
        for minute in [m for m in itertools.islice(self.minutes, 2) if m <= now - DAY - MINUTE]:
            self.day -= self.minutes.pop(minute)
        oldest = next(iter(self.minutes), None)
        landed = now - IN_FLIGHT_AT_MOST
        sent = [c.sent_at for c in self.pending.values() if c.state is CallState.OPEN and c.sent_at > landed]
        return Spent(
            day=self.day,
            frees_at=None if oldest is None else oldest + MINUTE + DAY,
            in_flight=len(sent),
            lands_at=min(sent) + IN_FLIGHT_AT_MOST if sent else None,
        )

    def spend(self, limits: Limits, lane: Lane, now: datetime, *, own: int = 0) -> Wait | None:
        spent = self.spent(now)
        while self.minutes and next(iter(self.minutes)) <= now - DAY - MINUTE:
            spent = self.spent(now)
        spent = replace(spent, in_flight=spent.in_flight - own)
        decision = decide(self.state or fresh(limits, now), spent, limits=limits, lane=lane, now=now)
        if isinstance(decision, Wait):
            return decision
        self.state = decision.state
        self.minutes[decision.at.replace(second=0, microsecond=0)] += 1
        self.day += 1
        return None


class Calls:
    """See `worker.ledger.calls.calls`."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._ids = itertools.count(1)
        self.accounts: defaultdict[str, Account] = defaultdict(Account)
        self.opened: Counter[tuple[Lane, Kind]] = Counter()
        self.carried: Counter[tuple[Lane, Kind]] = Counter()

    async def open_write(
        self, lease: Lease, *, kind: Kind, lane: Lane, writes: Sequence[Write], compose: Compose, limits: Limits
    ) -> Opened | Wait:
        now = self._books.fenced(lease)
        keys = {write.key for write in writes}.union(*(write.needs for write in writes))
        codes = set().union(*(write.content.codes for write in writes))
        composed = compose(self._books.known(keys, lease.name, codes))
        if not composed.members:
            return Opened(None, composed.settled, composed.leftover, composed.unread, composed.stopped)
        wait = self.accounts[lease.name].spend(limits, lane, now)
        if wait is not None:
            return wait
        call = self._call(lease.name, Purpose.WRITE, kind, now, composed)
        self.accounts[lease.name].pending[call.id] = call
        self.opened[lane, kind] += 1
        self.carried[lane, kind] += len(call.members)
        return Opened(call, composed.settled, composed.leftover, composed.unread, composed.stopped)

    async def open_read(
        self,
        lease: Lease,
        *,
        purpose: Purpose,
        lane: Lane,
        path: str,
        params: Mapping[str, str],
        limits: Limits,
        kind: Kind | None = None,
        answered: Call | None = None,
    ) -> Call | Wait:
        now = self._books.fenced(lease)
        wait = self.accounts[lease.name].spend(
            limits, lane, now, own=int(answered is not None and is_under_way(answered, now))
        )
        if wait is not None:
            return wait
        call = self._call(lease.name, purpose, kind, now, Composed("GET", path, params, b"", ()))
        self.accounts[lease.name].pending[call.id] = call
        return call

    async def resend(self, lease: Lease, call_id: str, *, limits: Limits, within_s: float = 240) -> Call | Wait | None:
        now = self._books.fenced(lease)
        account = self.accounts[lease.name]
        call = account.pending.get(call_id)
        if call is None or not keeps_its_key(call, now, within_s):
            return None
        wait = account.spend(limits, Lane.IMMEDIATE, now, own=int(is_under_way(call, now)))
        if wait is not None:
            return wait
        account.pending[call_id] = replace(call, sends=call.sends + 1, sent_at=now, state=CallState.OPEN)
        return account.pending[call_id]

    async def close(
        self,
        lease: Lease,
        call_id: str,
        *,
        status: int | None,
        documents: Sequence[Document] = (),
        held: Sequence[Held] = (),
        completed: Sequence[tuple[EntityKey, datetime]] = (),
        headers: Headers | None = None,
        count: Count = uncounted,
    ) -> list[Held]:
        self._books.fenced(lease)
        if headers is not None:
            await self.correct(lease.name, headers)
        if self.accounts[lease.name].pending.pop(call_id, None) is None:
            return []
        self._books.write(documents)
        count(self._books.complete(completed))
        for one in held:
            self._books.keep(one)
        return self._books.release([document.key for document in documents])

    async def mark_uncertain(self, lease: Lease, call_id: str, *, status: int | None, detail: str) -> None:
        self._books.fenced(lease)
        pending = self.accounts[lease.name].pending
        pending[call_id] = replace(pending[call_id], state=CallState.UNCERTAIN, status=status)

    async def unsettled(self, org: str) -> list[Call]:
        return [call for call in self.accounts[org].pending.values() if call.purpose is Purpose.WRITE]

    async def correct(self, org: str, headers: Headers) -> None:
        account, now = self.accounts[org], self._books.clock.now()
        if account.state is None:
            return
        others = max(0, account.spent(now).in_flight - 1)
        now = max(now, account.state.minute.at)
        changed = corrected(account.state.correction, headers, in_flight=others, now=now)
        account.state = replace(account.state, correction=changed)

    def _call(self, org: str, purpose: Purpose, kind: Kind | None, now: datetime, composed: Composed) -> Call:
        number = next(self._ids)
        return Call(
            id=f"call-{number}",
            org=org,
            purpose=purpose,
            kind=kind,
            method=composed.method,
            path=composed.path,
            params=composed.params,
            body=composed.body,
            idempotency_key=f"key-{number}",
            members=composed.members,
            opened_at=now,
            sent_at=now,
        )


class Budget:
    """See `worker.ledger.calls.budget`."""

    def __init__(self, books: Books, calls: Calls) -> None:
        self._books = books
        self._calls = calls

    async def standing(self, org: str, limits: Limits) -> tuple[State, Spent, datetime]:
        now, account = self._books.clock.now(), self._calls.accounts[org]
        frees = tuple((minute + MINUTE + DAY, count) for minute, count in account.minutes.items())
        return account.state or fresh(limits, now), replace(account.spent(now), frees=frees), now


class MemoryLedger:
    """Stands in for `worker.ledger.ledger.Ledger`."""

    def __init__(self, clock: VirtualClock | None = None) -> None:
        self.books = Books(clock or VirtualClock())
        self.leases = Leases(self.books)
        self.documents = Documents(self.books)
        self.calls = Calls(self.books)
        self.held = HeldEvents(self.books)
        self.overview = Overview(self.books)
        self.pauses = Pauses(self.books)
        self.budget = Budget(self.books, self.calls)
        self.runs = Runs()
        self.overlays = Overlays()

    async def now(self) -> datetime:
        return self.books.clock.now()
