"""The ledger in memory, for one process of many virtual workers: same methods, same budget arithmetic, no SQL."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from schemas.envelope import Lane
from tests.benchmarks.simulation.books import Books
from worker.documents.documents import DocumentKey, EntityKey, Kind
from worker.ledger.held.succession import outdated_ones
from worker.ledger.records import (
    NO_COUNTS,
    PARENT_MISSING,
    Count,
    CountHeld,
    Document,
    Held,
    HoldState,
    Lease,
    Pause,
    Tally,
    uncounted,
)
from worker.settings.overlay import Overlay

_NOBODY = ""


class Leases:
    """See `worker.ledger.organisations.leases`."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._seen: dict[str, datetime] = {}

    async def acquire(self, name: str, holder: str, ttl_s: float = 15) -> Lease | None:
        now, current = self._books.clock.now(), self._books.leases.get(name)
        if current is not None and current.holder not in (_NOBODY, holder) and current.expires_at > now:
            return None
        fence = 1 if current is None else current.fence + 1
        self._books.leases[name] = Lease(name, holder, fence, now + timedelta(seconds=ttl_s))
        return self._books.leases[name]

    async def renew(self, lease: Lease, ttl_s: float = 15) -> Lease:
        now = self._books.fenced(lease)
        self._books.leases[lease.name] = replace(lease, expires_at=now + timedelta(seconds=ttl_s))
        return self._books.leases[lease.name]

    async def release(self, lease: Lease) -> None:
        current = self._books.leases.get(lease.name)
        if current is not None and (current.holder, current.fence) == (lease.holder, lease.fence):
            self._books.leases[lease.name] = replace(current, holder=_NOBODY)

    async def holders(self, ttl_s: float | None = None) -> list[Lease]:
        now = self._books.clock.now()
        return [one for one in self._books.leases.values() if one.holder and one.expires_at > now]

    async def heartbeat(self, worker_id: str) -> None:
        self._seen[worker_id] = self._books.clock.now()

    async def live_workers(self, within_s: float = 15) -> list[str]:
        after = self._books.clock.now() - timedelta(seconds=within_s)
        return sorted(worker for worker, seen in self._seen.items() if seen > after)

    async def forget_worker(self, worker_id: str) -> None:
        self._seen.pop(worker_id, None)


class Documents:
    """See `worker.ledger.documents`."""

    def __init__(self, books: Books) -> None:
        self._books = books

    async def get(self, keys: Iterable[DocumentKey]) -> dict[DocumentKey, Document]:
        return {key: self._books.documents[key] for key in keys if key in self._books.documents}

    async def voided(self, keys: Iterable[DocumentKey]) -> dict[DocumentKey, datetime]:
        return self._books.voided(keys)

    async def by_number(self, org: str, kind: Kind, numbers: Iterable[str]) -> dict[str, Document]:
        wanted, everything = frozenset(numbers), self._books.documents.values()
        found = (one for one in everything if one.number in wanted and one.kind is kind and one.key.org == org)
        return {one.number: one for one in found}

    async def has_reissued(self, org: str) -> bool:
        everything = self._books.documents.values()
        return any(one.key.org == org and one.kind is Kind.INVOICE and "~" in one.number for one in everything)

    async def rewrite(self, lease: Lease, known: Sequence[Document]) -> None:
        self._books.fenced(lease)
        self._books.documents |= {one.key: one for one in known}

    async def settle_unchanged(
        self,
        lease: Lease,
        settled: Sequence[tuple[DocumentKey, datetime, str]],
        *,
        completed: Sequence[tuple[EntityKey, datetime]],
        voided: Sequence[tuple[DocumentKey, datetime]] = (),
        count: Count = uncounted,
    ) -> None:
        self._books.fenced(lease)
        for key, version in voided:
            self._books.voids[key] = max(version, self._books.voids.get(key, version))
        for key, version, content in settled:
            document = self._books.documents.get(key)
            if document is not None and document.version <= version:
                self._books.documents[key] = document._replace(version=version, content_hash=content)
        count(self._books.complete(completed))


class HeldEvents:
    """See `worker.ledger.held.held`."""

    def __init__(self, books: Books) -> None:
        self._books = books

    async def hold(
        self,
        lease: Lease,
        events: Sequence[Held],
        *,
        count: CountHeld = uncounted,
    ) -> list[Held]:
        self._books.fenced(lease)
        free = [one for one in events if one.state is HoldState.PARENT and one.parent in self._books.documents]
        waiting = [one for one in events if one not in free]
        ids = {one.id for one in waiting}
        completed = [(one.owner, one.version) for one in waiting if one.owner and one.version]
        count(waiting, [one for one in self._books.complete(completed) if one.id not in ids])
        for one in waiting:
            self._books.keep(replace(one, created_at=one.created_at or self._books.clock.now()))
        return free

    async def outdated(self, events: Sequence[Held]) -> frozenset[str]:
        of_owner = (self._books.of_owner.get(one.owner, ()) for one in events if one.owner)
        return outdated_ones(events, [self._books.held[held_id] for ids in of_owner for held_id in ids])

    async def discarded(self, ids: Collection[str]) -> frozenset[str]:
        return frozenset()  # nobody is there who lets anything go

    async def redacted(self, bodies: Mapping[str, bytes]) -> frozenset[str]:
        return frozenset()  # nor anybody who takes somebody out

    async def due(
        self,
        org: str,
        limit: int = 500,
        *,
        first: Collection[str] = (),
        besides: Collection[str] = (),
        lane: Lane | None = None,
    ) -> list[Held]:
        now, timed = self._books.clock.now(), self._books.timed
        before = {held_id: timed[held_id] for held_id in first if held_id in timed}
        wanted = before | {one.id: one for one in timed.values() if lane in (None, one.lane)}
        found = (one for one in wanted.values() if one.org == org and one.id not in besides)
        return [one for one in found if one.until is not None and one.until <= now][:limit]

    async def hasten(self, lease: Lease) -> None:
        """The simulated clock is never ahead."""
        self._books.fenced(lease)

    async def sweep_parents(self, lease: Lease) -> list[str]:
        self._books.fenced(lease)
        released = self._books.release([parent for parent in self._books.waiting if parent in self._books.documents])
        return [one.id for one in released]

    async def expire_parents(self, lease: Lease) -> list[Held]:
        before = self._books.fenced(lease) - timedelta(hours=24)
        ids = [held_id for waiting in self._books.waiting.values() for held_id in waiting]
        waiting = [one for held_id in ids if (one := self._books.held[held_id]).state is HoldState.PARENT]
        overdue = [one for one in waiting if one.created_at and one.created_at <= before]
        parked = [replace(one, state=HoldState.PERSON, until=None, reason=PARENT_MISSING) for one in overdue]
        for one in parked:
            self._books.keep(one)
        return parked

    async def awaited(self, org: str, reason: str) -> list[DocumentKey]:
        return []

    async def release(self, lease: Lease, reason: str, parents: Iterable[DocumentKey]) -> int:
        return 0

    async def remove(self, lease: Lease, ids: Iterable[str], counts: Tally = NO_COUNTS) -> None:
        del counts
        self._books.fenced(lease)
        for held_id in list(ids):
            self._books.drop(held_id)


class Overview:
    """See `worker.ledger.held.overview`."""

    def __init__(self, books: Books) -> None:
        self._books = books

    async def due(self, organisations: Collection[str]) -> dict[str, Counter[Lane]]:
        now, timed = self._books.clock.now(), self._books.timed.values()
        due = [one for one in timed if one.until is not None and one.until <= now]
        return {name: Counter(one.lane for one in due if one.org == name) for name in organisations}


class Pauses:
    """See `worker.ledger.organisations.pauses`."""

    def __init__(self, books: Books) -> None:
        self._books = books

    async def set(self, lease: Lease | None, pause: Pause) -> None:
        if lease is not None:
            self._books.fenced(lease)
        self._books.pauses[pause.org, pause.kind] = pause

    async def clear(self, org: str, kind: Kind | None) -> None:
        self._books.pauses.pop((org, kind), None)

    async def shorten(self, lease: Lease) -> None:
        """Nobody ends a pause on a simulated day."""
        self._books.fenced(lease)

    async def current(self, org: str) -> list[Pause]:
        now, of_org = self._books.clock.now(), [p for p in self._books.pauses.values() if p.org == org]
        return [p for p in of_org if p.kind is None or p.until is None or p.until > now]


class Runs:
    """See `worker.ledger.runs.run_reports`. Nobody counts here; `unfinished` are those that go on."""

    def __init__(self) -> None:
        self.unfinished: set[str] = set()

    async def go_on(self, run_ids: Collection[str]) -> bool:
        return not self.unfinished.isdisjoint(run_ids)

    async def add(self, counts: Tally) -> None:
        """A simulated day asks for no figures of a run."""


class Overlays:
    """See `worker.ledger.organisations.overlays`: nobody adds to the configuration on a simulated day."""

    async def of(self, org: str) -> Overlay:
        del org
        return ()
