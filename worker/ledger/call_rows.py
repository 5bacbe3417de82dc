"""Calls as rows, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schemas.envelope import Lane
from worker.documents import Action, DocumentKey, Kind
from worker.ledger.records import Call, CallState, Member, Purpose
from worker.ledger.types import dump, instant, load, micros, pack, unpack


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
        "members": pack(dump([_plain(member) for member in call.members]).encode()),
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
    return Call(
        id=row["id"],
        org=row["org"],
        purpose=Purpose(row["purpose"]),
        kind=Kind(row["kind"]) if row["kind"] else None,
        method=row["method"],
        path=row["path"],
        params=load(row["params"]),
        body=None if row["body"] is None else unpack(row["body"]),
        idempotency_key=row["idempotency_key"],
        members=tuple(_member(member) for member in members),
        opened_at=row["opened_at"],
        sent_at=row["sent_at"],
        sends=row["sends"],
        state=CallState(row["state"]),
        status=row["status"],
    )


def _plain(member: Member) -> dict[str, Any]:
    return {
        "key": list(member.key),
        "kind": member.kind.value,
        "version": micros(member.version),
        "number": member.number,
        "content_hash": member.content_hash,
        "action": member.action.value,
        "element": member.element,
        "xero_id": member.xero_id,
    }


def _member(plain: dict[str, Any]) -> Member:
    return Member(
        key=DocumentKey(*plain["key"]),
        kind=Kind(plain["kind"]),
        version=instant(plain["version"]),
        number=plain["number"],
        content_hash=plain["content_hash"],
        action=Action(plain["action"]),
        element=plain["element"],
        xero_id=plain["xero_id"],
    )
