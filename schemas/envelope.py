"""The CloudEvents 1.0 envelope of every message, structured mode (`application/cloudevents+json`).

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer, StringConstraints

from schemas.entities import Entity, Removed, Snapshot

CONTENT_TYPE = "application/cloudevents+json"
SCHEMA_VERSION = 1

OrgName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,32}$")]
StoreName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,32}$")]
EventId = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[\x21-\x7e]+$")]


def _utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        msg = "must carry its offset from UTC, such as 2026-01-31T09:30:00Z"
        raise ValueError(msg)
    return value.astimezone(UTC)


def rfc3339(value: datetime) -> str:
    """RFC 3339 in UTC with microseconds: strings of this form sort by time."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


Timestamp = Annotated[datetime, AfterValidator(_utc), PlainSerializer(rfc3339, return_type=str, when_used="json")]


class Change(StrEnum):
    """What an event says of its entity."""

    CHANGED = "changed"
    REMOVED = "removed"


class Lane(StrEnum):
    """How long an event may wait."""

    IMMEDIATE = "immediate"
    BATCH = "batch"
    BACKFILL = "backfill"


class Envelope(BaseModel):
    """The attributes that events and commands share. Unknown extension attributes are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    specversion: Annotated[str, StringConstraints(pattern=r"^1\.\d+$")] = "1.0"
    id: EventId
    source: StoreName
    type: Annotated[str, StringConstraints(max_length=128)]
    subject: Annotated[str, StringConstraints(max_length=64)] = ""
    time: Timestamp
    dataschema: Annotated[str, StringConstraints(max_length=255)]
    data: dict[str, Any] = Field(default_factory=dict)
    organisation: OrgName | None = None
    entityversion: Timestamp | None = None
    correlationid: Annotated[str, StringConstraints(max_length=128)] = ""


class Event(BaseModel):
    """One decoded event: a full snapshot of one entity at one version, or its removal."""

    model_config = ConfigDict(frozen=True)

    id: EventId
    source: StoreName
    organisation: OrgName
    entity: Entity
    change: Change
    subject: str
    time: Timestamp
    version: Timestamp
    correlation_id: str = ""
    data: Snapshot | Removed


def event_type(entity: Entity, change: Change) -> str:
    """`store.invoice.changed`."""
    return f"store.{entity}.{change}"


def data_schema(message_type: str, version: int = SCHEMA_VERSION) -> str:
    """The `dataschema` of a message: a URN, so that no host has to be reachable."""
    return f"urn:xerelay:{message_type}:{version}"
