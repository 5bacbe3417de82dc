"""Writes and what the ledger knows of them become the body of one call. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from worker.documents.documents import DOCUMENTS_PER_CALL, MONEY, PAYMENT, VOID, DocumentKey, Kind, Write
from worker.documents.literals import encode
from worker.ledger.records import Composed, Known, Member, Stop
from worker.xero import uneditable
from worker.xero.changes.revision import Agreed, Clash, Revised, is_settled_in_part, revise
from worker.xero.elements import element_of, sent, text_beside
from worker.xero.endpoints import GONE
from worker.xero.paying import Paid, is_left_alone, stop_of
from worker.xero.readings import Readings, needs_reading
from worker.xero.routes import UNEDITABLE, Route, route_of, standing
from worker.xero.sameness import item_code_of

MAX_BODY_BYTES = 3_500_000
"""What `DOCUMENTS_PER_CALL` are not to pass. https://developer.xero.com/documentation/guides/oauth2/limits/"""

_VOIDABLE = frozenset({Kind.INVOICE, Kind.CREDIT_NOTE, Kind.PAYMENT, Kind.ALLOCATION})


def compose(writes: Sequence[Write], known: Known, readings: Readings | None = None) -> Composed:
    """One call of as many of `writes` as go together.

    The first that needs a call decides which one it is, unless it would not be full and another would. `settled` needs
    none; `leftover` needs another call, or a document that is not there yet. Several writes of one document, or of one
    number, go into several calls, so that a reply can be matched by number. Where `readings` lack a document that
    people may have changed, its write is `unread`; without `readings` nothing is.
    """
    found = _Sorted()
    for write in writes:
        found.sort(write, known, readings)
    batch = _Batch(_best([route for _, route, _ in found.wanted if route is not None]))
    leftover = [
        write for write, route, revised in found.wanted if route is None or not batch.take(write, route, known, revised)
    ]
    composed = batch.composed(tuple(found.settled), tuple(leftover))
    if found.unread or found.stopped:
        return replace(composed, unread=tuple(found.unread), stopped=tuple(found.stopped))
    return composed


@dataclass(slots=True)
class _Sorted:
    """What becomes of each write; those `wanted` with their route, where they are ready, and how they are revised."""

    settled: list[Write] = field(default_factory=list)
    unread: list[Write] = field(default_factory=list)
    stopped: list[Stop] = field(default_factory=list)
    wanted: list[tuple[Write, Route | None, Revised | None]] = field(default_factory=list)
    paid: Paid = field(default_factory=Paid)

    def sort(self, write: Write, known: Known, readings: Readings | None) -> None:
        """Put `write` where it belongs."""
        if is_settled(write, known):
            self._settle(write, known, readings)
        elif not _is_ready(write, known):
            self.wanted.append((write, None, None))
        elif write.kind in MONEY and (stop := stop_of(write, known) or self.paid.stop_of(write, known)) is not None:
            self.stopped.append(stop)
        elif readings is not None and needs_reading(write, known, readings):
            self.unread.append(write)
        elif readings is not None and write.key in readings.elements:
            self._revise(write, known, readings)
        else:
            self.wanted.append((write, route_of(write, known), None))

    def _settle(self, write: Write, known: Known, readings: Readings | None) -> None:
        """What Xero cannot edit needs no call; whether it has to be changed by hand is a person's matter."""
        if readings is None or not uneditable.is_changed(write, known.documents.get(write.key)):
            self.settled.append(write)
        elif write.key not in readings.elements and uneditable.may_stand(write, known.documents[write.key]):
            self.unread.append(write)
        elif (stop := uneditable.stop_of(write, known, readings.elements.get(write.key))) is not None:
            self.stopped.append(stop)
        else:
            self.settled.append(write)

    def _revise(self, write: Write, known: Known, readings: Readings) -> None:
        verdict = _revision(write, known, readings)
        if isinstance(verdict, Agreed):
            self.settled.append(write)
        elif isinstance(verdict, Clash):
            self.stopped.append(Stop(write, verdict.reason, verdict.detail, verdict.hint))
        else:
            self.wanted.append((write, route_of(write, known), verdict))


def _revision(write: Write, known: Known, readings: Readings) -> Revised | Agreed | Clash | None:
    """How a document that was looked at is changed; `None` where that is no question."""
    document = known.documents.get(write.key)
    if document is None or write.action is VOID:
        return None
    theirs = readings.elements[write.key]
    if theirs is not None and is_settled_in_part(write.kind, theirs):
        # its lines keep their items, also one that was deleted since: an update of them names none
        known = replace(known, item_codes=known.item_codes | _codes_on(theirs, write))
    return revise(write.kind, element_of(write, known), document, theirs, moved_from=write.moved_from)


def _codes_on(theirs: Mapping[str, Any], write: Write) -> frozenset[str]:
    """The item codes of `write` that lines of the document in Xero have."""
    there = {item_code_of(line) for line in theirs.get("LineItems") or ()}
    return frozenset(code for code in write.content.codes if code.lower() in there)


def _best(routes: Sequence[Route]) -> Route | None:
    """The route of the oldest write, or of a full call where that one would not be full."""
    first = next(iter(routes), None)
    if first is None or first.single or routes.count(first) >= DOCUMENTS_PER_CALL:
        return first
    full = (route for route, count in Counter(routes).items() if count >= DOCUMENTS_PER_CALL and not route.single)
    return next(full, first)


def is_settled(write: Write, known: Known) -> bool:
    """Whether Xero has this version of the document already, a newer one, or cannot be told of it."""
    document = known.documents.get(write.key)
    if document is None:
        # what was never written may be known to be gone in a later version
        overtaken = write.key in known.voided and known.voided[write.key] > write.version
        return write.action is VOID or overtaken or (write.kind is PAYMENT and is_left_alone(write, known))
    if write.version < document.version:
        return True
    if write.action is VOID:
        gone = document.facts.get("status") in GONE or bool(document.facts.get("linked"))
        return gone or write.kind not in _VOIDABLE
    if standing(write, known) is None:
        return False
    if write.only_if_absent or write.content_hash == document.content_hash:
        return True
    # an item that a person made is theirs
    return write.kind in UNEDITABLE or bool(document.facts.get("linked"))


def _is_ready(write: Write, known: Known) -> bool:
    if write.action is VOID:
        return True
    return known.documents.keys() >= write.needs


@dataclass(slots=True)
class _Batch:
    """The call as it grows."""

    route: Route | None
    members: list[Member] = field(default_factory=list)
    pieces: list[bytes] = field(default_factory=list)
    size: int = 0
    is_full: bool = False
    names: set[DocumentKey | str] = field(default_factory=set)

    def take(self, write: Write, route: Route, known: Known, revised: Revised | None = None) -> bool:
        """Add `write`, unless it belongs to another call or there is no room."""
        members = self.members
        if len(members) >= DOCUMENTS_PER_CALL or route != self.route:
            return False
        names = {write.key, write.number or write.key}
        if members and (route.single or not self.names.isdisjoint(names)):
            return False
        member = _member(write, known, revised)
        piece = sent(member) if route.method != "DELETE" else b""
        if members and self.size + len(piece) + 1 > MAX_BODY_BYTES:
            self.is_full = True
            return False
        members.append(member)
        self.names |= names
        self.pieces.append(piece)
        self.size += len(piece) + 1 if self.size else len(route.wrap([piece]))
        return True

    def composed(self, settled: tuple[Write, ...], leftover: tuple[Write, ...]) -> Composed:
        """The call; without members there is none to make."""
        if self.route is None or not self.members:
            return Composed("", "", {}, b"", (), settled, leftover)
        route = self.route
        return Composed(
            route.method,
            route.path,
            dict(route.params),
            route.wrap(self.pieces),
            tuple(self.members),
            settled,
            leftover,
            is_full=self.is_full or route.of_one or len(self.members) >= DOCUMENTS_PER_CALL,
        )


def _member(write: Write, known: Known, revised: Revised | None) -> Member:
    document = standing(write, known)
    return Member(
        write.key,
        write.kind,
        write.version,
        write.number or (document.number if document else ""),
        write.content_hash,
        write.action,
        text_beside(write, document, known) if revised is None else encode(revised.element),
        document.xero_id if document else None,
        write.sums if revised is None else None,
    )
