"""From rows as read to events to publish, and to what is remembered of them afterwards. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from producers.checkpoints import Address, Memory
from producers.routing import DATED, Routing, Target
from producers.store import Broken, Found, Row
from schemas.assembly import assembled
from schemas.codec import data_json
from schemas.dates import rfc3339
from schemas.entities import Entity, Removed, Sale, Snapshot
from schemas.envelope import Change, Event, Lane
from schemas.text import several_lines

_DIGEST_BYTES = 16


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An event, its lane, and its data as JSON where that is written already."""

    event: Event
    lane: Lane
    data: str = ""

    @property
    def address(self) -> Address:
        """What it tells of, and whom."""
        return Address(self.event.entity, self.event.subject, self.event.organisation)


@dataclass(slots=True)
class Batch:
    """What some rows come to. `memories` are those that are new, `broken` the broken rows not yet reported.

    `doubtful` is to be remembered while the events are on their way: of an agent that dies then nobody knows which of
    two contents it published last, or whether any at all. Without it, a change back to the first would count as no
    change, and a row that is then deleted as one of which nothing was published.

    `late` are rows that differ from what was published under a newer version: a script dates them back, or a replica
    lags behind what it said before. Workers drop that as stale, so the content stays in doubt.

    `mended` says why rows were broken that no longer are: one of which something has not gone is to be read again.
    """

    outgoing: list[Outgoing] = field(default_factory=list)
    doubtful: list[Memory] = field(default_factory=list)
    memories: list[Memory] = field(default_factory=list)
    broken: list[Broken] = field(default_factory=list)
    late: set[int] = field(default_factory=set)
    mended: dict[int, str] = field(default_factory=dict)
    unchanged: int = 0
    skipped: int = 0

    def leave_out(self, unrouted: Sequence[Outgoing]) -> None:
        """Remember nothing new of what these tell of: what is doubtful stays so, and a broken row broken."""
        left = {one.address for one in unrouted}
        self.memories = [
            one if left.isdisjoint(one.known or ()) else _but_for(left, one, self.mended.get(one.row_id, one.broken))
            for one in self.memories
        ]

    def stay_in_doubt(self) -> None:
        """What is doubtful is remembered so for good: the next change is published, whatever it is."""
        self.memories = [replace(one, published=one.known or {}) for one in self.memories]


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wanted of the rows: by all means, and of any organisation where none is named.

    `lane` goes over the configured ones, and so does the backfill lane for rows last changed before `backfill_before`.
    `again`: also what is unchanged. `last_word`: these rows were read after what is remembered of them, so that what
    differs is the newest, whatever its date.
    """

    is_wanted: Callable[[Found], bool] = lambda _: True
    organisation: str = ""
    lane: Lane | None = None
    backfill_before: datetime | None = None
    again: bool = False
    last_word: frozenset[int] = frozenset()
    run_id: str = ""

    def takes_all_of(self, row: Row) -> bool:
        """Whether nothing of this row is left out."""
        return not self.organisation and all(map(self.is_wanted, row.snapshots))

    def lane_of(self, row: Row) -> Lane | None:
        """The lane of this row's events, where it is not the configured one."""
        if self.backfill_before is not None and row.changed_at < self.backfill_before:
            return Lane.BACKFILL
        return self.lane


@dataclass(frozen=True, slots=True)
class Translator:
    """Makes the events of one store."""

    store: str
    routing: Routing

    def batch(
        self,
        rows: Sequence[Row],
        broken: Sequence[Broken],
        known: Mapping[int, Memory],
        *,
        now: datetime,
        wish: Wish,
    ) -> Batch:
        """The events of these rows that `wish` asks for and the organisations take."""
        batch = Batch()
        for row in rows:
            self._take(row, known.get(row.id, Memory(row.id)), wish, now, batch)
        for one in broken:
            before = known.get(one.id, Memory(one.id))
            reason = several_lines(one.reason)  # may hold a store's words, and with them what no database takes
            if before.broken != reason:
                batch.broken.append(Broken(one.id, reason))
                batch.memories.append(Memory(one.id, before.published, reason, before.published))
        return batch

    def removals(self, memory: Memory, *, version: datetime, now: datetime, run_id: str = "") -> list[Outgoing]:
        """A row is gone: so is all that was published of it, money first."""
        gone = []
        for address, content in sorted(memory.published.items(), key=lambda one: one[0].entity is not Entity.PAYMENT):
            lane = self._lane(address)
            if lane is not None:
                event_id = _event_id(self.store, address, f"removed at {rfc3339(version)} after {content}")
                data = Removed(id=address.id)
                event = self._event(address, data, Change.REMOVED, version, now, event_id, run_id)
                gone.append(Outgoing(event, lane))
        return gone

    def _take(self, row: Row, memory: Memory, wish: Wish, now: datetime, batch: Batch) -> None:
        withdrawn = self._withdraw(row, memory, wish, now, batch)
        published = {one: content for one, content in memory.published.items() if one not in withdrawn}
        latest = memory.version
        for found in filter(wish.is_wanted, row.snapshots):
            data = data_json(found.data)
            content = content_hash(data)
            targets = self._targets(found, wish, memory)
            batch.skipped += not targets
            for target in targets:
                address = Address(found.entity, found.data.id, target.name)
                if published.get(address) == content and not wish.again:
                    batch.unchanged += 1
                    continue
                version = memory.newer_than_removal(found.version)
                differs = memory.published.get(address, content) != content
                if differs and row.id in wish.last_word:
                    version = memory.last_word(version, now)
                is_late = differs and memory.outdates(version)
                if is_late:
                    batch.late.add(row.id)
                published[address] = "" if is_late else content
                latest = max(version, latest or version)
                event_id = _event_id(self.store, address, f"{rfc3339(version)} {content}")
                event = self._event(address, found.data, Change.CHANGED, version, now, event_id, wish.run_id)
                batch.outgoing.append(Outgoing(event, wish.lane_of(row) or target.lanes[found.entity], data))
        after = Memory(row.id, published, version=latest)
        _remember(memory, after, withdrawn, batch, is_whole=wish.takes_all_of(row))

    def _withdraw(self, row: Row, memory: Memory, wish: Wish, now: datetime, batch: Batch) -> frozenset[Address]:
        """Payments of a sale or refund that the store cancelled with its money, which its row yields no more.

        Not those that an uncancelled row leaves out, as after a change of settings: they were paid.
        """
        there = {found.data.id for found in row.snapshots}
        sale = next((one for one in row.snapshots if isinstance(one.data, Sale) and one.data.cancelled), None)
        if sale is None or wish.organisation or not wish.is_wanted(replace(sale, entity=Entity.PAYMENT)):
            return frozenset()
        paid = {one: content for one, content in memory.published.items() if one.entity is Entity.PAYMENT}
        gone = Memory(row.id, {one: content for one, content in paid.items() if one.id not in there})
        version = memory.newer_than_removal(sale.version)
        if row.id in wish.last_word:
            version = memory.last_word(version, now)
        if gone.published and memory.outdates(version):
            batch.late.add(row.id)
            return frozenset()
        batch.outgoing += self.removals(gone, version=version, now=now, run_id=wish.run_id)
        return frozenset(gone.published)

    def _targets(self, found: Found, wish: Wish, memory: Memory) -> list[Target]:
        fed = self.routing.targets_of(found.places)
        if found.entity in DATED and not self.routing.organisation:
            fed = self._keepers(memory) or fed
        named = (target for target in fed if wish.organisation in ("", target.name))
        return [target for target in named if target.wants(found.entity, found.data)]

    def _keepers(self, memory: Memory) -> tuple[Target, ...]:
        """Who has the row, or its sale: what is booked stays in its books, whatever became of its place."""
        names = dict.fromkeys(address.organisation for address in memory.published) or memory.kept_by
        return tuple(target for name in names if (target := self.routing.targets.get(name)))

    def _event(
        self,
        address: Address,
        data: Snapshot | Removed,
        change: Change,
        version: datetime,
        now: datetime,
        event_id: str,
        run_id: str,
    ) -> Event:
        # what is checked when it is read is not checked before: the parts are valid, and this runs for every entity
        fields = {
            "id": event_id,
            "source": self.store,
            "organisation": address.organisation,
            "entity": address.entity,
            "change": change,
            "subject": address.id,
            "time": now,
            "version": version,
            "correlation_id": run_id,
            "data": data,
        }
        return assembled(Event, fields)

    def _lane(self, address: Address) -> Lane | None:
        target = self.routing.targets.get(address.organisation)
        return target.lanes.get(address.entity) if target else None


def _remember(before: Memory, after: Memory, withdrawn: frozenset[Address], batch: Batch, *, is_whole: bool) -> None:
    """What is known of a row once its events are out, and what is in doubt until then."""
    published, version = after.published, after.version
    if published == before.published and version == before.version and not before.broken:
        return
    doubtful = {one: new if before.published.get(one) == new else "" for one, new in published.items()}
    doubtful |= dict.fromkeys(withdrawn, "")
    if doubtful != before.published or version != before.version:
        batch.doubtful.append(Memory(after.row_id, doubtful, before.broken, before.published, version))
    if before.broken:
        batch.mended[after.row_id] = before.broken
    # of a row that was broken, what is not asked for now was never published: it stays one to read again
    broken = "" if is_whole else before.broken
    batch.memories.append(Memory(after.row_id, published, broken, doubtful, version))


def _but_for(left: Collection[Address], memory: Memory, broken: str) -> Memory:
    """What is known of a row of whose events these have not gone."""
    known = memory.known or {}
    gone = {one: content for one, content in memory.published.items() if one not in left}
    stays = {one: content for one, content in known.items() if one in left}
    return replace(memory, published=gone | stays, broken=broken)


def content_hash(data: str) -> str:
    """Equal data give equal hashes, whatever their version: a store touches rows without changing them."""
    return hashlib.blake2b(data.encode(), digest_size=_DIGEST_BYTES).hexdigest()


def _event_id(store: str, address: Address, content: str) -> str:
    """The same content at the same version always has the same id, so that a repeat is known as one."""
    text = "\0".join((store, *address, content))
    return hashlib.sha256(text.encode()).hexdigest()
