"""Writes and what the ledger knows of them become the body of one call. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from worker.documents import Action, DocumentKey, Kind, Write
from worker.ledger.records import Composed, Known, Member
from worker.xero.elements import sent, text_of
from worker.xero.endpoints import GONE
from worker.xero.routes import UNEDITABLE, Route, route_of, standing

MAX_ELEMENTS = 50
MAX_BODY_BYTES = 3_500_000
"""Xero asks for about 50 elements and at most 3.5 MB a call. https://developer.xero.com/documentation/guides/oauth2/limits/"""

_VOIDABLE = frozenset({Kind.INVOICE, Kind.CREDIT_NOTE, Kind.PAYMENT, Kind.ALLOCATION})


def compose(writes: Sequence[Write], known: Known) -> Composed:
    """One call of as many of `writes` as go together.

    The first that needs a call decides which one it is, unless it would not be full and another would. `settled` needs
    none; `leftover` needs another call, or a document that is not there yet. Several writes of one document, or of one
    number, go into several calls, so that a reply can be matched by number.
    """
    settled = [write for write in writes if is_settled(write, known)]
    done = {id(write) for write in settled}
    wanted = [write for write in writes if id(write) not in done]
    routes = {id(write): route_of(write, known) for write in wanted if _is_ready(write, known)}
    batch = _Batch(_best(list(routes.values())))
    leftover = [w for w in wanted if (route := routes.get(id(w))) is None or not batch.take(w, route, known)]
    return batch.composed(tuple(settled), tuple(leftover))


def _best(routes: Sequence[Route | None]) -> Route | None:
    """The route of the oldest write, or of a full call where that one would not be full."""
    counts = Counter(route for route in routes if route is not None)
    first = next(iter(counts), None)
    if first is None or first.single or counts[first] >= MAX_ELEMENTS:
        return first
    return next((route for route, count in counts.items() if count >= MAX_ELEMENTS and not route.single), first)


def is_settled(write: Write, known: Known) -> bool:
    """Whether Xero has this version of the document already, a newer one, or cannot be told of it."""
    document = known.documents.get(write.key)
    if document is None or write.version < document.version:
        return document is not None or write.action is Action.VOID
    if write.action is Action.VOID:
        return write.kind not in _VOIDABLE or document.facts.get("status") in GONE
    if standing(write, known) is None:
        return False
    if write.only_if_absent or write.content_hash == document.content_hash:
        return True
    # an item that a person made is theirs
    return write.kind in UNEDITABLE or bool(document.facts.get("linked"))


def _is_ready(write: Write, known: Known) -> bool:
    if write.action is Action.VOID:
        return True
    return all(key in known.documents for key in write.needs)


@dataclass(slots=True)
class _Batch:
    """The call as it grows."""

    route: Route | None
    members: list[Member] = field(default_factory=list)
    pieces: list[bytes] = field(default_factory=list)
    size: int = 0
    names: set[DocumentKey | str] = field(default_factory=set)

    def take(self, write: Write, route: Route, known: Known) -> bool:
        """Add `write`, unless it belongs to another call or there is no room."""
        if len(self.members) >= MAX_ELEMENTS or route != self.route:
            return False
        if self.members and (route.single or self._has(write)):
            return False
        member = _member(write, known)
        piece = sent(member) if route.method != "DELETE" else b""
        if self.members and self.size + len(piece) + 1 > MAX_BODY_BYTES:
            return False
        self.members.append(member)
        self.names.update((write.key, write.number))
        self.pieces.append(piece)
        self.size += len(piece) + 1 if self.size else len(route.wrap([piece]))
        return True

    def composed(self, settled: tuple[Write, ...], leftover: tuple[Write, ...]) -> Composed:
        """The call; without members there is none to make."""
        if self.route is None or not self.members:
            return Composed("", "", {}, b"", (), settled, leftover)
        route = self.route
        body = route.wrap(self.pieces)
        return Composed(route.method, route.path, dict(route.params), body, tuple(self.members), settled, leftover)

    def _has(self, write: Write) -> bool:
        return write.key in self.names or (bool(write.number) and write.number in self.names)


def _member(write: Write, known: Known) -> Member:
    document = standing(write, known)
    return Member(
        key=write.key,
        kind=write.kind,
        version=write.version,
        number=write.number,
        content_hash=write.content_hash,
        action=write.action,
        text=text_of(write, known),
        xero_id=document.xero_id if document else None,
    )
