"""The CloudEvents 1.0 envelope of every message, structured mode (`application/cloudevents+json`).

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
"""

from __future__ import annotations

from enum import StrEnum
from functools import cache, lru_cache
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from schemas.dates import Timestamp
from schemas.entities import SNAPSHOTS, Entity, Removed, Snapshot
from schemas.errors import wrong
from schemas.text import PRINTABLE_ASCII, VISIBLE_ASCII, Identifier

CONTENT_TYPE = "application/cloudevents+json"
SCHEMA_VERSION = 1

OrgName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,32}$")]
StoreName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,32}$")]
EventId = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=VISIBLE_ASCII)]
CorrelationId = Annotated[str, StringConstraints(max_length=128, pattern=PRINTABLE_ASCII)]


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

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    specversion: Annotated[str, StringConstraints(pattern=r"^1\.[0-9]+$")] = "1.0"
    id: EventId
    source: StoreName
    type: Annotated[str, StringConstraints(max_length=128)]
    subject: Annotated[str, StringConstraints(max_length=64, pattern=VISIBLE_ASCII)] = ""
    time: Timestamp
    dataschema: Annotated[str, StringConstraints(max_length=255)]
    data: dict[str, Any] = Field(default_factory=dict)
    organisation: OrgName | None = None
    entityversion: Timestamp | None = None
    correlationid: CorrelationId = ""


class Event(BaseModel):
    """One decoded event: a full snapshot of one entity at one version, or its removal. `subject` is `data.id`."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    id: EventId
    source: StoreName
    organisation: OrgName
    entity: Entity
    change: Change
    subject: Identifier
    time: Timestamp
    version: Timestamp
    correlation_id: CorrelationId = ""
    data: Snapshot | Removed

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        expected = data_model(self.entity, self.change)
        if type(self.data) is not expected:
            raise wrong("data", f"must be {expected.__name__}, not {type(self.data).__name__}")
        if self.subject != self.data.id:
            raise wrong("subject", "must equal data.id")
        return self


def data_model(entity: Entity, change: Change) -> type[Snapshot | Removed]:
    """What the `data` of an event holds."""
    return SNAPSHOTS[entity] if change is Change.CHANGED else Removed


@cache
def event_type(entity: Entity, change: Change) -> str:
    """`store.invoice.changed`."""
    return f"store.{entity}.{change}"


@lru_cache(128)
def data_schema(message_type: str, version: int = SCHEMA_VERSION) -> str:
    """The `dataschema` of a message: a URN, so that no host has to be reachable."""
    return f"urn:xerelay:{message_type}:{version}"
