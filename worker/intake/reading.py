"""From bytes to what the worker makes of them: an event with its writes, or why not. Pure."""

from __future__ import annotations

import hashlib
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from msgspec import Struct

from producers.amqp import Delivery
from schemas.codec import decode_event
from schemas.commands import Release, decode_command
from schemas.envelope import Event, Lane
from schemas.errors import Sender, Undecodable
from schemas.topology import command_key, event_key
from worker.documents.documents import Write
from worker.intake.dead_letters import death
from worker.mapping.plan import Ignored, Unmappable, plan
from worker.settings import OrganisationSettings

_CLOCK_SKEW = timedelta(days=1)
_PUBLISH = "publish with the routing key of its organisation"
_UNBIND = (
    "see what else the queue is bound to (rabbitmqctl list_bindings), and publish with the key of its organisation"
)


class Arrival(Struct, frozen=True):
    """One message as it came: from a lane's queue, from the dead queue, or from what the ledger held, for a reason.

    Its id and routing key are the publisher's words: `printable` before anybody sees them.
    """

    body: bytes
    lane: Lane
    message_id: str = ""
    routing_key: str = ""
    delivery: Delivery | None = None
    held_id: str | None = None
    attempt: int = 0
    dead: bool = False
    held_for: str = ""

    @property
    def own_id(self) -> str:
        """What a message is called of which nothing but its id can be read."""
        return printable(self.message_id)[:128]


class Sound(Struct, frozen=True):
    """An event and the documents it wants. No writes: nothing is to be done, for `ignored`."""

    event: Event
    writes: tuple[Write, ...]
    ignored: str = ""


@dataclass(frozen=True, slots=True)
class Unsound:
    """A message a person has to look at. `sender` is there when its envelope could be read.

    `is_unmapped`: with another configuration there may be nothing wrong with it.
    """

    reason: str
    detail: str
    hint: str
    sender: Sender | None = None
    is_unmapped: bool = False


@dataclass(frozen=True, slots=True)
class Failed:
    """Our own processing failed: tried again later. `detail` names the error's class and its traceback's digest."""

    event: Event
    detail: str


Outcome = Sound | Unsound | Failed


def read(
    arrivals: Sequence[Arrival], org: OrganisationSettings, now: datetime, lock_date: date | None = None
) -> list[Outcome]:
    """Decode, check and map messages, each by itself.

    All are decoded before the first is mapped: what a step runs through stays in the processor's caches meanwhile.
    """
    decoded = [_decoded(arrival) for arrival in arrivals]
    return [
        one if isinstance(one, Unsound) else _mapped(one, arrival, org, now, lock_date)
        for one, arrival in zip(decoded, arrivals, strict=True)
    ]


def _decoded(arrival: Arrival) -> Event | Unsound:
    try:
        return decode_event(arrival.body)
    except Undecodable as error:
        return Unsound(error.reason, error.detail, cure_of(error), error.sender)


def cure_of(error: Undecodable) -> str:
    """What to do about a message that no event could be made of."""
    if error.reason == "unknown_version":
        return "upgrade the worker, then retry"
    return "mend the publisher; then publish the entity again"


def _mapped(
    event: Event, arrival: Arrival, org: OrganisationSettings, now: datetime, lock_date: date | None
) -> Outcome:
    wrong = _disagreement(event, arrival, org, now)
    if wrong is not None:
        return wrong
    try:
        planned = plan(event, org, lock_date)
    except Unmappable as error:
        return Unsound(error.reason, error.detail, error.hint, sender_of(event), is_unmapped=True)
    except Exception as error:  # noqa: BLE001 - whatever our mapping does, the event is kept and the others go on
        return Failed(event, f"{type(error).__name__}, traceback {digest(error)}")
    if isinstance(planned, Ignored):
        return Sound(event, (), planned.reason)
    return Sound(event, planned.writes)


def read_release(body: bytes, org: str) -> str:
    """The id of a command to open this organisation's batch window. Raises `Undecodable` for what is none."""
    envelope, command = decode_command(body)
    if not isinstance(command, Release):
        name = envelope.type.removeprefix("xerelay.")
        cure = f"use the routing key {command_key('{store}', name)}"
        raise Undecodable("unknown_kind", f"{name} is for a store, not for an organisation: {cure}")
    if envelope.organisation not in (None, org):
        cure = f"use the routing key {command_key(str(envelope.organisation), 'release')}"
        raise Undecodable("invalid", f"organisation: is {envelope.organisation!r}, but this is {org!r}: {cure}")
    return envelope.id


def sender_of(event: Event) -> Sender:
    """Whose event it is."""
    entity, run_id = str(event.entity), event.correlation_id
    return Sender(event.id, event.source, event.organisation, entity, event.subject, event.version, run_id)


def printable(text: str | bytes) -> str:
    """What a message says of itself, fit for the ledger and a terminal. What is not UTF-8 comes from pika as bytes."""
    if isinstance(text, bytes):
        text = text.decode(errors="backslashreplace")
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def digest(error: BaseException) -> str:
    """Twelve hex digits that are equal for equal tracebacks; the text itself may hold personal data."""
    return hashlib.sha256("\n".join([type(error).__name__, *places(error)]).encode()).hexdigest()[:12]


def places(error: BaseException, *, last: int = 50) -> list[str]:
    """Where it was raised, innermost last: file, line, function. No values."""
    frames = traceback.extract_tb(error.__traceback__)[-last:]
    return [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]


def _disagreement(event: Event, arrival: Arrival, org: OrganisationSettings, now: datetime) -> Unsound | None:
    if event.organisation != org.name:
        queue, hint = ("the dead queue", _UNBIND) if arrival.dead else ("a queue", _PUBLISH)
        return _unsound(
            event, "misrouted", f"organisation {event.organisation!r} came through {queue} of {org.name!r}", hint
        )
    if arrival.dead:
        return _unsound(event, *death(arrival.delivery.died_of if arrival.delivery else ""))
    entity, came = event.entity, arrival.routing_key
    expected = event_key(org.name, arrival.lane, entity)
    if came and came != expected:
        detail = f"routing key {printable(came)[:120]!r}, expected {expected!r}"
        return _unsound(event, "misrouted", detail, "the routing key must agree with the message's attributes")
    if org.lanes[entity] == "off":
        hint = f"set organisations.{org.name}.lanes.{entity} and restart, then retry; or stop publishing it and discard"
        return _unsound(event, "lane_off", f"the lane of {entity} is off", hint)
    if event.version > now + _CLOCK_SKEW:
        detail = f"entityversion {event.version.isoformat()} lies more than a day ahead of {now.isoformat()}"
        return _unsound(
            event,
            "version_in_future",
            detail,
            "mend the store's clock, as it would make later versions stale; then publish the entity again",
        )
    return None


def _unsound(event: Event, reason: str, detail: str, hint: str) -> Unsound:
    return Unsound(reason, detail, hint, sender_of(event))
