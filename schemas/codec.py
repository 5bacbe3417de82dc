"""Bytes to events and back. `decode_event(encode_event(e)) == e`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Literal, TypeVar

from msgspec import MsgspecError
from pydantic import BaseModel, ValidationError, create_model
from pydantic_core import from_json, to_json

from schemas.assembly import assembled
from schemas.dates import Timestamp, rfc3339
from schemas.entities import Entity, Removed, Snapshot
from schemas.envelope import SCHEMA_VERSION, Change, Envelope, Event, OrgName, data_model, data_schema, event_type
from schemas.errors import Sender, Undecodable
from schemas.faults import undecodable
from schemas.nulls import without_nulls
from schemas.shapes import fields_reader

MAX_BODY_BYTES = 1024 * 1024
_SPEC_VERSION = "1.0"
_BYTE_ORDER_MARK = (
    b"\xef\xbb\xbf"  # some serialisers begin with it, and RFC 8259 lets a reader pass over it (section 8.1)
)
_OMITTED_WHEN_EMPTY = ("subject", "correlationid")
_MOST_LEVELS, _MOST_DIGITS = 200, 4300
"""What pydantic reads of JSON at most: arrays and objects in one another, and digits of a number."""

_TO_ZEROS, _TOO_MANY_ZEROS = bytes.maketrans(b"123456789", b"000000000"), b"0" * (_MOST_DIGITS + 1)
_BACKSLASH, _DELETE, _BEFORE_C1 = b"\\\x7f\xc2"  # in UTF-8 U+0080 to U+009F begin with the last
T = TypeVar("T", bound=BaseModel)

# any match will do: a wrong guess is refused by the model, and the message is read step by step
_KIND = re.compile(rb'"type"\s*:\s*"([a-z_.]+)"')
_EVENTS: dict[str, tuple[Entity, Change]] = {
    event_type(entity, change): (entity, change) for entity in Entity for change in Change
}


def decode_event(body: bytes) -> Event:
    """Read one event. Raises `Undecodable`, whatever the bytes are. Of a repeated key the last one counts."""
    return _at_once(body) or _step_by_step(body)


def _at_once(body: bytes) -> Event | None:
    """The event, where nothing is wrong with it: envelope and data in one go, in a seventh of the time."""
    if len(body) > MAX_BODY_BYTES:
        return None
    named = _KIND.search(body)
    kind = _EVENTS.get(named[1].decode()) if named else None
    if kind is None:
        return None
    try:
        _look_at_what_is_passed_over(body)
        fields = _reader(*kind, _is_plain(body))(body)
    except (MsgspecError, ValueError, RecursionError):
        return None
    return None if fields["data"].id != fields["subject"] else _made(fields, *kind, fields["data"])


def _look_at_what_is_passed_over(body: bytes) -> None:
    """Raise `ValueError` where only pydantic refuses what an unknown field holds: msgspec hardly looks at that."""
    if not body.isascii():
        body.decode()
    if len(body) > _MOST_DIGITS and _TOO_MANY_ZEROS in body.translate(_TO_ZEROS):
        raise ValueError(_MOST_DIGITS)
    # each level begins with one of these, so that only long sales are read twice
    if body.count(b"{") + body.count(b"[") > _MOST_LEVELS:
        from_json(body)


def _is_plain(body: bytes) -> bool:
    """Whether no text in it has a control character: none is escaped, and none of U+007F to U+009F stands for itself.

    Those below U+0020 cannot stand for themselves in JSON.
    """
    return not (_BACKSLASH in body or _DELETE in body or _BEFORE_C1 in body)


@cache
def _reader(entity: Entity, change: Change, is_plain: bool) -> Callable[[bytes], dict[str, Any]]:
    """What reads a whole message of one kind in the current version."""
    kind = event_type(entity, change)
    fields: dict[str, Any] = {
        "type": Literal[kind],
        "dataschema": Literal[data_schema(kind)],
        "organisation": OrgName,
        "entityversion": Timestamp,
        "data": data_model(entity, change),
    }
    make: Any = create_model  # its types know no fields by computed names
    model = make(kind, __base__=Envelope, **{name: (wanted, ...) for name, wanted in fields.items()})
    return fields_reader(model, is_plain=is_plain)


def _step_by_step(body: bytes) -> Event:
    """As `decode_event`, in the order in which a fault is told best."""
    envelope = read_envelope(body)
    try:
        return _event(envelope)
    except Undecodable as error:
        raise Undecodable(error.reason, error.detail, _sender(envelope)) from None


def _event(envelope: Envelope) -> Event:
    kind = _EVENTS.get(envelope.type)
    if kind is None:
        raise Undecodable("unknown_kind", f"type {envelope.type[:80]!r} is not an event of this contract")
    check_schema(envelope)
    if envelope.organisation is None or envelope.entityversion is None:
        missing = "organisation" if envelope.organisation is None else "entityversion"
        raise Undecodable("invalid", f"{missing}: is required for an event")
    entity, change = kind
    data = validate(data_model(entity, change), envelope.data)
    if data.id != envelope.subject:
        raise Undecodable("invalid", "subject: must equal data.id")
    return _made(vars(envelope), entity, change, data)


def _made(envelope: Mapping[str, Any], entity: Entity, change: Change, data: Snapshot | Removed) -> Event:
    """Of an envelope's fields, which have been checked already."""
    fields = {
        "id": envelope["id"],
        "source": envelope["source"],
        "organisation": envelope["organisation"],
        "entity": entity,
        "change": change,
        "subject": envelope["subject"],
        "time": envelope["time"],
        "version": envelope["entityversion"],
        "correlation_id": envelope["correlationid"],
        "data": data,
    }
    return assembled(Event, fields)


def _sender(envelope: Envelope) -> Sender:
    entity, _ = _EVENTS.get(envelope.type, ("", None))
    return Sender(
        event_id=envelope.id,
        source=envelope.source,
        organisation=envelope.organisation,
        entity=str(entity),
        entity_id=envelope.subject,
        version=envelope.entityversion,
        correlation_id=envelope.correlationid,
    )


def encode_event(event: Event, *, data: str = "") -> bytes:
    """The event as one CloudEvents JSON document, keys in a fixed order. Raises `Undecodable` when it is too large.

    `data` is what `data_json` makes of the event's, where that is at hand.
    """
    kind = event_type(event.entity, event.change)
    # an envelope's fields in its order, without the detour over the model: this runs for every entity of a store
    head = {
        "specversion": _SPEC_VERSION,
        "id": event.id,
        "source": event.source,
        "type": kind,
        "subject": event.subject,
        "time": rfc3339(event.time),
        "dataschema": data_schema(kind),
        "organisation": event.organisation,
        "entityversion": rfc3339(event.version),
    }
    if event.correlation_id:
        head["correlationid"] = event.correlation_id
    return _joined(to_json(head).decode(), data or data_json(event.data))


def data_json(data: BaseModel) -> str:
    """The `data` of a message. Equal data give equal text."""
    return data.model_dump_json(exclude_none=True)


def join(envelope: Envelope, data: BaseModel) -> bytes:
    """One JSON document of an envelope and its data. Raises `Undecodable` when it is too large to be read again."""
    empty = {name for name in _OMITTED_WHEN_EMPTY if not getattr(envelope, name)}
    return _joined(envelope.model_dump_json(exclude={"data"} | empty, exclude_none=True), data_json(data))


def _joined(head: str, data: str) -> bytes:
    body = f'{head[:-1]},"data":{data}}}'.encode()
    _check_size(body)
    return body


def read_envelope(body: bytes) -> Envelope:
    """The envelope alone, `data` without its nulls and else unread. Raises `Undecodable`."""
    _check_size(body)
    try:
        return Envelope.model_validate(without_nulls(from_json(body.removeprefix(_BYTE_ORDER_MARK))))
    except ValidationError as error:
        raise undecodable("", error) from None
    except ValueError as error:
        raise Undecodable("undecodable", f"not JSON: {error}") from None


def check_schema(envelope: Envelope) -> None:
    """Refuse a `dataschema` this version does not read."""
    known = {data_schema(envelope.type, v) for v in range(1, SCHEMA_VERSION + 1)}
    if envelope.dataschema not in known:
        detail = f"dataschema {envelope.dataschema[:120]!r}; this version reads {', '.join(sorted(known))}"
        raise Undecodable("unknown_version", detail)


def validate(model: type[T], data: dict[str, Any]) -> T:
    """`data` as `model`. Raises `Undecodable` naming the field below `data`."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise undecodable("data", error) from None


def _check_size(body: bytes) -> None:
    if len(body) > MAX_BODY_BYTES:
        raise Undecodable("too_large", f"{len(body)} bytes; a message may have {MAX_BODY_BYTES}")


def canonical(value: Any) -> bytes:
    """JSON with sorted keys and no spaces: equal content gives equal bytes."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=str).encode()
