"""One `Write` of a payload: its hash, and the documents it refers to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

from schemas.envelope import Event
from worker.documents import Action, DocumentKey, ItemCode, Kind, Write, XeroId, references
from worker.mapping.keys import own_key


def save(
    key: DocumentKey,
    kind: Kind,
    *,
    version: datetime,
    number: str,
    payload: Mapping[str, Any],
    parent: DocumentKey | None = None,
    only_if_absent: bool = False,
) -> Write:
    """The document as it has to be."""
    places = tuple(references(payload))
    return Write(
        key=key,
        kind=kind,
        version=version,
        number=number,
        content_hash=content_hash(Action.SAVE, payload),
        payload=payload,
        parent=parent,
        only_if_absent=only_if_absent,
        needs=frozenset(place.key for place in places if isinstance(place, XeroId)),
        codes=frozenset(place.code for place in places if isinstance(place, ItemCode)),
    )


def void(event: Event, kind: Kind, part: str, number: str = "") -> Write:
    """The document as it has to be gone: voided, or deleted where Xero says so. Without one there is nothing to do."""
    return Write(
        key=own_key(event, part),
        kind=kind,
        version=event.version,
        number=number,
        content_hash=content_hash(Action.VOID, {}),
        payload={},
        action=Action.VOID,
    )


def content_hash(action: Action, payload: Mapping[str, Any]) -> str:
    """SHA-256 in hex; the order of keys and the zeros behind an amount do not matter."""
    text = json.dumps([action, payload], sort_keys=True, separators=(",", ":"), default=_canonical)
    return sha256(text.encode()).hexdigest()


def _canonical(value: object) -> Any:
    if isinstance(value, Decimal):
        return {"number": f"{value.normalize():f}"}
    if isinstance(value, XeroId):
        return {"xero_id": value.key}
    if isinstance(value, ItemCode):
        return {"item_code": value.code}
    raise TypeError(f"a payload holds text, Decimal, bool and open places, not {type(value).__name__}")
