"""What the ledger takes and gives. Values only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from schemas.envelope import Lane
from worker.documents.documents import Action, DocumentKey, EntityKey, Kind, Write
from worker.documents.literals import decode
from worker.documents.value import Value


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to serve `name` until `expires_at`. `fence` grows by one with every new holder.

    `renewals` are those of all holders there ever were. Neither goes down, unless the database is set back.
    """

    name: str
    holder: str
    fence: int
    expires_at: datetime
    renewals: int = 0


_NO_FACTS: Mapping[str, Any] = MappingProxyType({})


class Document(Value, frozen=True):
    """One document that is in Xero. `facts` is small and JSON: what later mapping and settling need of it."""

    key: DocumentKey
    kind: Kind
    xero_id: str
    number: str
    version: datetime
    content_hash: str
    facts: Mapping[str, Any] = _NO_FACTS

    @property
    def is_on(self) -> tuple[str, ...]:
        """Xero's ids of what a payment or an allocation is on, as far as it says so; of others none."""
        return tuple(str(self.facts[name]) for name in ("target_id", "credit_note_id") if self.facts.get(name))

    @property
    def unpays(self) -> tuple[str, ...]:
        """The same of one that is deleted."""
        return self.is_on if self.facts.get("status") == "DELETED" else ()


class Purpose(StrEnum):
    """Why a call is made: the request report counts by it."""

    WRITE = "write"
    LOOKUP = "lookup"
    PROBE = "probe"
    SETTINGS = "settings"
    RECONCILE = "reconcile"
    REBUILD = "rebuild"


class CallState(StrEnum):
    """Open calls block their members; uncertain ones are settled before anything else of theirs."""

    OPEN = "open"
    UNCERTAIN = "uncertain"
    CLOSED = "closed"


class Member(Value, frozen=True):
    """One document of a call, and how to know it again: by its `number`. `text` is its own JSON, places filled.

    `sums` are those of its write, so that `text` need not be read for them; None where only `text` tells.
    """

    key: DocumentKey
    kind: Kind
    version: datetime
    number: str
    content_hash: str
    action: Action
    text: bytes
    xero_id: str | None = None
    sums: tuple[Decimal, Decimal] | None = None

    @property
    def element(self) -> Mapping[str, Any]:
        """What was sent. Read anew each time: hardly a call's documents are looked at again."""
        element: Mapping[str, Any] = decode(self.text)
        return element


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request to Xero as the ledger opened it. `body` is the exact bytes; a resend repeats them."""

    id: str
    org: str
    purpose: Purpose
    kind: Kind | None
    method: str
    path: str
    params: Mapping[str, str]
    body: bytes | None
    idempotency_key: str | None
    members: tuple[Member, ...]
    opened_at: datetime
    sent_at: datetime
    sends: int = 1
    state: CallState = CallState.OPEN
    status: int | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What the ledger knows of the writes offered for a call, read in the opening transaction."""

    documents: Mapping[DocumentKey, Document]
    item_codes: frozenset[str]
    voided: Mapping[DocumentKey, datetime] = field(default_factory=dict)
    """Of documents that are not there: the version in which they were to be gone."""


@dataclass(frozen=True, slots=True)
class Stop:
    """A write that is not to be sent, and why; `parent` is the document that says so, where it is another.

    One that `waits` is for when a person has approved its parent.
    """

    write: Write
    reason: str
    detail: str
    hint: str
    parent: DocumentKey | None = None
    waits: bool = False


@dataclass(frozen=True, slots=True)
class Composed:
    """A call ready to be opened. `settled` needs no call (written, or older); `leftover` goes with another call.

    `unread` can be sent only when Xero has been asked what it has; `stopped` must not be sent. One that `is_full` has
    no room for others that may come.
    """

    method: str
    path: str
    params: Mapping[str, str]
    body: bytes
    members: tuple[Member, ...]
    settled: tuple[Write, ...] = ()
    leftover: tuple[Write, ...] = ()
    unread: tuple[Write, ...] = ()
    stopped: tuple[Stop, ...] = ()
    is_full: bool = False


Compose = Callable[[Known], Composed]


@dataclass(frozen=True, slots=True)
class Opened:
    """The opening committed. `call` is absent when every write turned out to be settled: no token was spent."""

    call: Call | None
    settled: tuple[Write, ...]
    leftover: tuple[Write, ...]
    unread: tuple[Write, ...] = ()
    stopped: tuple[Stop, ...] = ()


KIND_PAUSED = "kind_paused"
"""The reason of what is held because its kind of document is paused."""

PARENT_MISSING = "parent_missing"
"""The reason of what waits for its parent, and of what is parked because that did not come."""

AWAITING_APPROVAL = "awaiting_approval"
"""The reason of a payment of a draft, which waits until a person approves that."""

CANCELLED_PAID = "cancelled_paid"
"""The reason of what is parked because Xero voids nothing that is paid."""

DOCUMENT_PAID = "document_paid"
"""The reason of a change that is parked because Xero changes no sums of what is paid."""

EXCEEDS_DUE = "payment_exceeds_due"
"""The reason of money that is parked because less is due than it is. Its parent is what it was for."""


class HoldState(StrEnum):
    """What an event waits for. Held for a person = parked."""

    TIME = "time"
    PARENT = "parent"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Held:
    """One event that waits in the ledger, its bytes as they came.

    `owner` and `version` are absent where the message could not be read. `reason` is a stable word, `detail` and
    `hint` are for the person; `detail` never holds secrets.
    """

    id: str
    org: str
    state: HoldState
    lane: Lane
    body: bytes
    event_id: str
    owner: EntityKey | None
    version: datetime | None
    reason: str
    detail: str = ""
    hint: str = ""
    until: datetime | None = None
    parent: DocumentKey | None = None
    attempt: int = 0
    created_at: datetime | None = None


Tally = Mapping[str, Mapping[str, int]]
"""By run: how many of its events were `written`, `unchanged` or `parked`, in how many `calls`."""

NO_COUNTS: Tally = MappingProxyType({})

Count = Callable[[Sequence[Held]], Tally]
"""Asked in the transaction that ends held events, with all of them, what it adds to the runs.

Those that waited for a person were counted when they were parked.
"""


CountHeld = Callable[[Sequence[Held], Sequence[Held]], Tally]
"""The same where events are held: asked with those that are, and those that end by it."""


def uncounted(*_: Sequence[Held]) -> Tally:
    """The `Count` of what no run asks for."""
    return NO_COUNTS


@dataclass(frozen=True, slots=True)
class Pause:
    """An organisation (`kind` None), or one kind of its documents, that is not being served, and why."""

    org: str
    kind: Kind | None
    reason: str
    detail: str
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class TokenSet:
    """One connection's tokens. `generation` grows with every swap. `previous_refresh_token` is in its grace."""

    access_token: str = field(repr=False)
    expires_at: datetime
    refresh_token: str | None = field(default=None, repr=False)
    refreshed_at: datetime | None = None
    previous_refresh_token: str | None = field(default=None, repr=False)
    previous_until: datetime | None = None
    scope: str = ""
    generation: int = 0
