"""Calls as rows, and back."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from schemas.envelope import Lane
from worker.documents.documents import Action, DocumentKey, Kind
from worker.documents.literals import encode
from worker.instants import instant, micros
from worker.ledger.database.types import dump, dump_plain, load, pack, unpack
from worker.ledger.records import Call, CallState, Member, Purpose


def reading(org: str, purpose: Purpose, kind: Kind | None, path: str, params: Mapping[str, str], now: datetime) -> Call:
    """A GET that is opened: it has no members, and may be sent again at will."""
    return Call(
        id=uuid.uuid4().hex,
        org=org,
        purpose=purpose,
        kind=kind,
        method="GET",
        path=path,
        params=dict(params),
        body=None,
        idempotency_key=None,
        members=(),
        opened_at=now,
        sent_at=now,
    )


def row_of(call: Call, lane: Lane) -> dict[str, Any]:
    """Its columns; body and members compressed."""
    return {
        "id": call.id,
        "org": call.org,
        "state": call.state.value,
        "purpose": call.purpose.value,
        "lane": lane.value,
        "kind": call.kind.value if call.kind else None,
        "method": call.method,
        "path": call.path,
        "endpoint": call.path.strip("/").partition("/")[0],
        "params": dump(dict(call.params)),
        "body": None if call.body is None else pack(call.body),
        "idempotency_key": call.idempotency_key,
        "members": pack(dump_plain(_plain(call.members, call.body or b""))),
        "documents": len(call.members),
        "opened_at": call.opened_at,
        "sent_at": call.sent_at,
        "closed_at": None,
        "sends": call.sends,
        "tokens": call.sends,
        "status": call.status,
        "detail": "",
    }


def call_of(row: Mapping[Any, Any]) -> Call:
    """The call of a row. A purged one has neither body nor members."""
    members = load(unpack(row["members"]).decode()) if row["members"] is not None else []
    body = None if row["body"] is None else unpack(row["body"])
    return Call(
        id=row["id"],
        org=row["org"],
        purpose=Purpose(row["purpose"]),
        kind=Kind(row["kind"]) if row["kind"] else None,
        method=row["method"],
        path=row["path"],
        params=load(row["params"]),
        body=body,
        idempotency_key=row["idempotency_key"],
        members=tuple(_member(member, body or b"") for member in members),
        opened_at=row["opened_at"],
        sent_at=row["sent_at"],
        sends=row["sends"],
        state=CallState(row["state"]),
        status=row["status"],
    )


def _plain(members: Sequence[Member], body: bytes) -> list[Sequence[Any]]:
    """Without what the body holds already: there each text is known by where it begins and how long it is."""
    rows: list[Sequence[Any]] = []
    end = 0
    for one in members:
        begin, size = _place(one.text, body, end), len(one.text)
        place: Any = (begin, size) if begin >= 0 else one.text.decode()
        end = begin + size if begin >= 0 else end
        rows.append(
            (*one.key, one.kind, micros(one.version), one.number, one.content_hash, one.action, place, one.xero_id)
        )
    return rows


def _place(text: bytes, body: bytes, end: int) -> int:
    """Where `text` begins in `body`, or -1. Mostly a comma behind the `end` of the one before: that takes no search."""
    behind = end + 1
    return behind if body.startswith(text, behind) else body.find(text, end)


def _member(row: Sequence[Any] | Mapping[str, Any], body: bytes) -> Member:
    if isinstance(row, Mapping):  # as the first ledgers have them, with the document as it is
        names = ("kind", "version", "number", "content_hash", "action")
        row = [*row["key"], *(row[name] for name in names), encode(row["element"]).decode(), row["xero_id"]]
    kind, version, number, content_hash, action, place, xero_id = row[len(DocumentKey._fields) :]
    text = place.encode() if isinstance(place, str) else body[place[0] : sum(place)]
    return Member(
        key=DocumentKey(*row[: len(DocumentKey._fields)]),
        kind=Kind(kind),
        version=instant(version),
        number=number,
        content_hash=content_hash,
        action=Action(action),
        text=text,
        xero_id=xero_id,
    )
