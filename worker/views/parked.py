"""The events that wait for a person: the list, and one of them in full."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from worker.documents.documents import EntityKey
from worker.ledger.admin_actions import entity_subject
from worker.ledger.held.parked import Chosen
from worker.ledger.ledger import Ledger
from worker.ledger.records import Held, HoldState

ON_ITS_WAY = "it is on its way, and a worker may send it any moment: see what becomes of it"
"""Why an event is not discarded."""

_LEVELS = 100
_HALF = re.compile(rb"\\u[dD][89a-fA-F]|\xed[\xa0-\xbf]|\0")
"""In JSON that holds half a surrogate pair, which no terminal, page or ledger takes: escaped, in UTF-8, in UTF-16."""


@dataclass(frozen=True, slots=True)
class ParkedEvent:
    """One of the list. `owner` is absent where the message does not say what it is of.

    Without the message; but `detail` is often what Xero said, and may quote a customer.
    """

    id: str
    organisation: str
    state: HoldState
    owner: EntityKey | None
    event_id: str
    version: datetime | None
    reason: str
    detail: str
    hint: str
    attempt: int
    since: datetime | None

    @property
    def named(self) -> str:
        """What it is of, for a person: `shop invoice 17`."""
        return entity_subject(self.owner, self.event_id)


@dataclass(frozen=True, slots=True)
class ParkedList:
    """`events` are one page, newest first; `counts` are of all that were chosen, by organisation and reason."""

    events: tuple[ParkedEvent, ...]
    counts: Mapping[tuple[str, str], int]

    @property
    def total(self) -> int:
        """How many were chosen."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class WholeEvent:
    """One with its message as it came, which has personal data. `message` is its JSON, None where it is not JSON."""

    event: ParkedEvent
    body: bytes
    message: Any

    @property
    def is_purged(self) -> bool:
        """Retention has dropped the message; the event cannot be tried again."""
        return not self.body


async def parked_list(ledger: Ledger, chosen: Chosen, *, limit: int = 100, offset: int = 0) -> ParkedList:
    """A page of the list. Raises `LedgerError`."""
    rows = await ledger.parked.rows(chosen, limit=limit, offset=offset)
    return ParkedList(tuple(map(parked_event, rows)), await ledger.parked.counts(chosen))


async def whole_event(ledger: Ledger, held_id: str) -> WholeEvent | None:
    """One in full, for whatever it waits. Raises `LedgerError`."""
    held = await ledger.held.get(held_id)
    return None if held is None else WholeEvent(parked_event(held), held.body, message_of(held.body))


def parked_event(held: Held) -> ParkedEvent:
    """What a list shows of a held event."""
    return ParkedEvent(
        id=held.id,
        organisation=held.org,
        state=held.state,
        owner=held.owner,
        event_id=held.event_id,
        version=held.version,
        reason=held.reason,
        detail=held.detail,
        hint=held.hint,
        attempt=held.attempt,
        since=held.created_at,
    )


def message_of(body: bytes) -> Any:
    """The JSON of a message, None where it is none, or is nested too deeply. Half a surrogate pair becomes `?`."""
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        return None
    # each level begins with one of these, so that hardly any message has to be walked through
    if body.count(b"{") + body.count(b"[") >= _LEVELS and _is_deep(message):
        return None
    if _HALF.search(body):
        message = json.loads(json.dumps(message, ensure_ascii=False).encode(errors="replace"))
    return message


def _is_deep(message: Any) -> bool:
    """Whether it has more than `_LEVELS`: what can be read can be too deep to be written, from version to version."""
    level = [message]
    for _ in range(_LEVELS):
        level = [child for one in level if isinstance(one, dict | list) for child in _children(one)]
        if not level:
            return False
    return True


def _children(one: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return one.values() if isinstance(one, dict) else one
