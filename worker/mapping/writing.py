"""One `Write` of a payload."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from schemas.envelope import Event
from worker.documents.content import Content
from worker.documents.documents import Action, DocumentKey, Kind, Write
from worker.mapping.keys import own_key

_NOTHING = Content.of({})


def save(
    key: DocumentKey,
    kind: Kind,
    *,
    version: datetime,
    number: str,
    payload: Mapping[str, Any],
    parent: DocumentKey | None = None,
    is_plain: bool = False,
    sums: tuple[Decimal, Decimal] | None = None,
) -> Write:
    """The document as it has to be. `is_plain` as `pieces.written` has it, `sums` as `Write`."""
    return Write(key, kind, version, number, Content.of(payload, is_plain=is_plain), parent=parent, sums=sums)


def save_if_absent(
    key: DocumentKey, kind: Kind, *, version: datetime, number: str, make: Callable[[], Mapping[str, Any]]
) -> Write:
    """The document where there is none; `make` is asked for its payload only then."""
    return Write(key, kind, version, number, Content(make), only_if_absent=True)


def void(event: Event, kind: Kind, part: str, number: str = "") -> Write:
    """The document as it has to be gone: voided, or deleted where Xero says so. Without one there is nothing to do."""
    return Write(own_key(event, part), kind, event.version, number, _NOTHING, action=Action.VOID)
