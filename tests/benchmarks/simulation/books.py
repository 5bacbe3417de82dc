"""What the tables of the ledger would hold, in memory."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from tests.benchmarks.simulation.virtual import VirtualClock
from worker.documents.documents import DocumentKey, EntityKey, Kind
from worker.ledger.database.errors import LeaseLost
from worker.ledger.records import (
    PARENT_MISSING,
    Document,
    Held,
    HoldState,
    Known,
    Lease,
    Pause,
)


class Books:
    """Everything the tables of the ledger would hold."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.leases: dict[str, Lease] = {}
        self.documents: dict[DocumentKey, Document] = {}
        self.item_codes: defaultdict[str, set[str]] = defaultdict(set)
        self.held: dict[str, Held] = {}
        self.timed: dict[str, Held] = {}
        self.waiting: defaultdict[DocumentKey, set[str]] = defaultdict(set)
        self.of_owner: defaultdict[EntityKey, set[str]] = defaultdict(set)
        self.pauses: dict[tuple[str, Kind | None], Pause] = {}
        self.voids: dict[DocumentKey, datetime] = {}
        self.held_ever: Counter[str] = Counter()

    def fenced(self, lease: Lease) -> datetime:
        """The ledger's time, if `lease` is the current one."""
        current = self.leases.get(lease.name)
        if current is None or (current.holder, current.fence) != (lease.holder, lease.fence):
            raise LeaseLost(f"lease {lease.name!r} with fence {lease.fence} is not current: {current}")
        return self.clock.now()

    def write(self, documents: Iterable[Document]) -> None:
        for document in documents:
            before = self.documents.get(document.key)
            version = document.version if before is None else max(document.version, before.version)
            self.documents[document.key] = document._replace(version=version)
            if document.kind is Kind.ITEM:
                self.item_codes[document.key.org].add(document.number)

    def keep(self, held: Held) -> None:
        self.drop(held.id)
        self.held[held.id] = held
        self.held_ever[held.reason] += 1
        if held.state is HoldState.TIME:
            self.timed[held.id] = held
        elif held.parent is not None and (held.state is HoldState.PARENT or held.reason == PARENT_MISSING):
            self.waiting[held.parent].add(held.id)
        if held.owner is not None:
            self.of_owner[held.owner].add(held.id)

    def drop(self, held_id: str) -> None:
        held = self.held.pop(held_id, None)
        if held is None:
            return
        self.timed.pop(held_id, None)
        if held.parent is not None:
            self.waiting[held.parent].discard(held_id)
        if held.owner is not None:
            self.of_owner[held.owner].discard(held_id)

    def complete(self, completed: Iterable[tuple[EntityKey, datetime]]) -> list[Held]:
        """What was held of the entities up to the versions is done, or overtaken."""
        dropped: list[Held] = []
        for owner, version in completed:
            for held_id in list(self.of_owner.get(owner, ())):
                held = self.held[held_id]
                if held.version is not None and held.version <= version:
                    self.drop(held_id)
                    dropped.append(held)
        return dropped

    def release(self, parents: Iterable[DocumentKey]) -> list[Held]:
        """The children of these documents are due now."""
        now = self.clock.now()
        ids = [held_id for parent in parents for held_id in self.waiting.pop(parent, ())]
        children = [replace(self.held[held_id], state=HoldState.TIME, until=now) for held_id in ids]
        for child in children:
            self.keep(child)
        return children

    def known(self, keys: Iterable[DocumentKey], org: str, codes: Iterable[str]) -> Known:
        asked = list(keys)
        documents = {key: self.documents[key] for key in asked if key in self.documents}
        missing = [key for key in asked if key not in documents]
        return Known(documents, frozenset(code for code in codes if code in self.item_codes[org]), self.voided(missing))

    def voided(self, keys: Iterable[DocumentKey]) -> dict[DocumentKey, datetime]:
        return {key: self.voids[key] for key in keys if key in self.voids}
