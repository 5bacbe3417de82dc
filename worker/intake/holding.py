"""Turning events that cannot go on into what the ledger holds, and back. Values only."""

from __future__ import annotations

import hashlib
from datetime import datetime

from schemas.errors import Sender
from worker.buffer.work import Work
from worker.documents.documents import DocumentKey, EntityKey
from worker.intake.reading import Arrival, Unsound
from worker.ledger.records import PARENT_MISSING, Held, HoldState

KIND_PAUSE_S = 900.0
"""So long a kind of document is not tried again after like refusals in a row."""


def held_id(org: str, body: bytes) -> str:
    """The same message always gets the same id: holding it again after a crash changes nothing."""
    return hashlib.sha256(org.encode() + b"\0" + body).hexdigest()[:32]


def owner_of(org: str, sender: Sender | None) -> EntityKey | None:
    """The entity, as far as the message says which: a later version of it deletes what is parked."""
    if sender is None or not sender.entity or not sender.entity_id:
        return None
    return EntityKey(org, sender.source, sender.entity, sender.entity_id)


def parked_unsound(org: str, arrival: Arrival, unsound: Unsound) -> Held:
    """A message that intake refuses, for a person."""
    sender = unsound.sender
    # another organisation's event came here astray: nothing that happens to this one's makes up for it
    is_ours = sender is not None and sender.organisation == org
    return Held(
        id=arrival.held_id or held_id(org, arrival.body),
        org=org,
        state=HoldState.PERSON,
        lane=arrival.lane,
        body=arrival.body,
        event_id=sender.event_id if sender else arrival.own_id,
        owner=owner_of(org, sender),
        version=sender.version if sender and is_ours else None,
        reason=unsound.reason,
        detail=unsound.detail,
        hint=unsound.hint,
        attempt=arrival.attempt,
    )


def parked(work: Work, reason: str, detail: str, hint: str, parent: DocumentKey | None = None) -> Held:
    """An event for a person; what may help it otherwise is done to `parent`."""
    return _held(work, HoldState.PERSON, reason, detail=detail, hint=hint, parent=parent)


def waiting_until(work: Work, until: datetime, reason: str, detail: str) -> Held:
    """An event for later."""
    return _held(work, HoldState.TIME, reason, detail=detail, until=until)


def waiting_for(work: Work, parent: DocumentKey) -> Held:
    """An event for when its parent is there."""
    detail = f"waits for {parent.part} of {parent.entity} {parent.entity_id} of {parent.source}"
    return _held(work, HoldState.PARENT, PARENT_MISSING, detail=detail, parent=parent)


def waiting_for_approval(work: Work, parent: DocumentKey, until: datetime, reason: str, detail: str, hint: str) -> Held:
    """An event for when a person has approved the draft of `parent`; looked at again at `until` at the latest."""
    return _held(work, HoldState.TIME, reason, detail=detail, hint=hint, until=until, parent=parent)


def released(held: Held) -> Arrival:
    """A held event on its way again."""
    return Arrival(
        body=held.body,
        lane=held.lane,
        message_id=held.event_id,
        held_id=held.id,
        attempt=held.attempt,
        held_for=held.reason,
    )


def _held(
    work: Work,
    state: HoldState,
    reason: str,
    *,
    detail: str = "",
    hint: str = "",
    until: datetime | None = None,
    parent: DocumentKey | None = None,
) -> Held:
    return Held(
        id=work.held_id or held_id(work.owner.org, work.body),
        org=work.owner.org,
        state=state,
        lane=work.lane,
        body=work.body,
        event_id=work.event_id,
        owner=work.owner,
        version=work.version,
        reason=reason,
        detail=detail,
        hint=hint,
        until=until,
        parent=parent,
        attempt=work.attempt,
    )
