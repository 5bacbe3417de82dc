"""What happened to an entity or a document: events that were held, calls, what people did, and where it is in Xero.

An event that was neither held nor discarded leaves no row of its own: its version is the document's, and the calls say
which version they carried.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from schemas.envelope import Lane
from worker.documents.documents import Action, DocumentKey, EntityKey, Kind
from worker.ledger.admin_actions import AdminAction, entity_subject
from worker.ledger.history import Discarded, PastCall, Sought
from worker.ledger.ledger import Ledger
from worker.ledger.records import CallState, Document, Purpose
from worker.views.links import xero_link
from worker.views.parked import ParkedEvent, message_of, parked_event

_NUMBERS = ("number", "order_number", "invoice_number", "sku")
_SUBJECT_ACTIONS = 50
_TYPE_PARTS = 3
"""`store.invoice.changed`"""


@dataclass(frozen=True, slots=True)
class PastDocument:
    """One document, `status`, `total` and `currency` as Xero last said. `link` is empty where Xero has no page."""

    key: DocumentKey
    kind: Kind
    number: str
    version: datetime
    xero_id: str
    link: str
    status: str
    total: str
    currency: str


@dataclass(frozen=True, slots=True)
class Carried:
    """A document in a call: which version of it, and what was to be done."""

    key: DocumentKey
    number: str
    version: datetime
    action: Action


@dataclass(frozen=True, slots=True)
class CallSeen:
    """A call that carried what the history is of: `carried`, out of `documents`."""

    id: str
    opened_at: datetime
    closed_at: datetime | None
    lane: Lane
    purpose: Purpose
    kind: Kind | None
    method: str
    path: str
    state: CallState
    status: int | None
    sends: int
    documents: int
    carried: tuple[Carried, ...]


@dataclass(frozen=True, slots=True)
class DiscardedEvent:
    """An event that a person let go."""

    id: str
    organisation: str
    event_id: str
    reason: str
    who: str
    why: str
    at: datetime


@dataclass(frozen=True, slots=True)
class History:
    """All of it, each list oldest first but `held`. `entities` are those that it is of, payments of a sale included."""

    entities: tuple[EntityKey, ...]
    documents: tuple[PastDocument, ...]
    held: tuple[ParkedEvent, ...]
    discarded: tuple[DiscardedEvent, ...]
    calls: tuple[CallSeen, ...]
    actions: tuple[AdminAction, ...]

    @property
    def is_known(self) -> bool:
        """Whether anything is left of it."""
        return any((self.documents, self.held, self.discarded, self.calls, self.actions))


async def history(ledger: Ledger, sought: Sought, *, number: str = "", since: datetime) -> History:
    """Of an entity, or of all documents and events of the store that carry `number`: a document's, an order's, an SKU.

    Calls and discarded events count `since` then, as far as retention has kept them. Raises `LedgerError`.
    """
    organisations = sought.organisations
    if number:
        numbered = await _numbered(ledger, organisations, number, since)
        roots = {one for one in numbered if sought.source in ("", one.source)}
    else:
        known = await ledger.histories.documents(sought)
        held = await ledger.histories.held(sought)
        roots = {one.key.owner for one in known} | {one.owner for one in held if one.owner} | _whole(sought)
    documents = [found for owner in sorted(roots) for found in await ledger.histories.documents(_of(owner))]
    ids = [one.xero_id for one in documents if one.kind in (Kind.INVOICE, Kind.CREDIT_NOTE)]
    calls = await ledger.histories.calls(organisations, since=since, owners=roots, xero_ids=ids)
    related = {member.key.owner for past in calls for member in past.members} - roots
    documents += [found for owner in sorted(related) for found in await ledger.histories.documents(_of(owner))]
    entities = tuple(sorted(roots | related))
    return History(
        entities=entities,
        documents=tuple(map(_document, documents)),
        held=tuple([parked_event(one) for owner in entities for one in await ledger.histories.held(_of(owner))]),
        discarded=tuple([one async for one in _discarded(ledger, organisations, entities, since)]),
        calls=tuple(map(_call, calls)),
        actions=tuple(await _actions(ledger, entities)),
    )


async def _numbered(ledger: Ledger, organisations: Collection[str], number: str, since: datetime) -> set[EntityKey]:
    """Whose documents or held events carry the number, or whose documents refer to it.

    A store's orders and invoices are numbered alike: one's number may be another's order's.
    """
    known = await ledger.histories.numbered(organisations, number)
    owners = {one.key.owner for one in known}
    async for held in ledger.histories.holding(organisations, number.encode()):
        if held.owner is not None and carries(message_of(held.body), number):
            owners.add(held.owner)
    if not any(one.number == number for one in known):
        owners |= await ledger.histories.referring(organisations, number, since=since)
    return owners


def carries(message: object, number: str) -> bool:
    """Whether an event's own number, its order's or its sale's is this."""
    data = message.get("data") if isinstance(message, dict) else None
    if not isinstance(data, dict):
        return False
    places = [data, sale] if isinstance(sale := data.get("sale"), dict) else [data]
    return any(place.get(name) == number for place in places for name in _NUMBERS)


async def _discarded(
    ledger: Ledger, organisations: Collection[str], entities: Collection[EntityKey], since: datetime
) -> AsyncIterator[DiscardedEvent]:
    async for one in ledger.histories.every_discard(organisations):
        if one.at >= since and owner_of_message(one) in entities:
            yield DiscardedEvent(one.id, one.org, one.event_id, one.reason, one.who, one.why, one.at)


def owner_of_message(one: Discarded) -> EntityKey | None:
    """The entity of a message, as far as it says."""
    head = _head_of(one.body)
    parts = str(head.type).split(".") if head else []
    if head is None or len(parts) != _TYPE_PARTS or not head.source or not head.subject:
        return None
    return EntityKey(one.org, str(head.source), parts[1], str(head.subject))


class _Head(msgspec.Struct):
    """What a message says of itself. To read no more than that takes a tenth of the time: many are of others."""

    type: Any = ""
    source: Any = None
    subject: Any = None


_read_head = msgspec.json.Decoder(_Head).decode


def _head_of(body: bytes) -> _Head | None:
    try:
        return _read_head(body)
    except (msgspec.DecodeError, RecursionError):
        message = message_of(body)  # which reads whatever may be called JSON
    if not isinstance(message, dict):
        return None
    return _Head(message.get("type", ""), message.get("source"), message.get("subject"))


async def _actions(ledger: Ledger, entities: Iterable[EntityKey]) -> list[AdminAction]:
    found: list[AdminAction] = []
    for one in entities:
        subject = entity_subject(one)
        found += await ledger.admin_actions.latest(organisation=one.org, subject=subject, limit=_SUBJECT_ACTIONS)
    return sorted(found, key=lambda action: action.at)


def _of(owner: EntityKey) -> Sought:
    return Sought((owner.org,), owner.source, owner.entity, owner.entity_id)


def _whole(sought: Sought) -> set[EntityKey]:
    """The entity itself, where it is named completely: calls may know it although nothing else does any more."""
    if not (sought.source and sought.entity and sought.entity_id):
        return set()
    return {EntityKey(org, sought.source, sought.entity, sought.entity_id) for org in sought.organisations}


def _document(one: Document) -> PastDocument:
    said = {name: str(one.facts.get(name) or "") for name in ("status", "total", "currency", "amount")}
    return PastDocument(
        key=one.key,
        kind=one.kind,
        number=one.number,
        version=one.version,
        xero_id=one.xero_id,
        link=xero_link(one),
        status=said["status"],
        total=said["total"] or said["amount"],
        currency=said["currency"],
    )


def _call(past: PastCall) -> CallSeen:
    call = past.call
    return CallSeen(
        id=call.id,
        opened_at=call.opened_at,
        closed_at=past.closed_at,
        lane=past.lane,
        purpose=call.purpose,
        kind=call.kind,
        method=call.method,
        path=call.path,
        state=call.state,
        status=call.status,
        sends=call.sends,
        documents=past.documents,
        carried=tuple(Carried(one.key, one.number, one.version, one.action) for one in past.members),
    )
