"""Works and writes as a buffer holds them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from schemas.envelope import Lane
from worker.buffer.work import Work
from worker.documents.content import Content, XeroId
from worker.documents.documents import DocumentKey, EntityKey, Kind, Write

START = datetime(2026, 1, 1, tzinfo=UTC)


def a_key(entity: str, entity_id: str, part: str) -> DocumentKey:
    return DocumentKey("main", "shop", entity, entity_id, part)


CONTACT = a_key("customer", "1", "contact")
INVOICE = a_key("invoice", "9", "invoice")
PAYMENT = a_key("payment", "7", "payment/1")


def a_write(key: DocumentKey, kind: Kind, *, version: int = 0, **more: object) -> Write:
    needs = frozenset(more.pop("needs", ()))  # type: ignore[call-overload]
    return Write(
        key=key,
        kind=kind,
        version=START + timedelta(seconds=version),
        number=key.entity_id,
        content=Content.of({"Version": version, "Needs": [XeroId(need) for need in sorted(needs)]}),
        **more,  # type: ignore[arg-type]
    )


def a_work(entity: str, entity_id: str, *, version: int = 0, lane: Lane = Lane.IMMEDIATE, at: float = 0.0) -> Work:
    return Work(
        event_id=f"{entity}-{entity_id}-{version}",
        owner=EntityKey("main", "shop", entity, entity_id),
        version=START + timedelta(seconds=version),
        occurred_at=START,
        lane=lane,
        body=b"x" * 10,
        admitted_at=at,
    )
