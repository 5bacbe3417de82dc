"""What an admin asks for, as a message. The envelope is the events' own; `source` is who asks."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from schemas.codec import check_schema, join, read_envelope, validate
from schemas.dates import Day
from schemas.entities import Entity, Model
from schemas.envelope import Envelope, Lane, OrgName, data_schema
from schemas.errors import Undecodable, wrong
from schemas.text import Identifier


class ResyncAll(Model):
    """Publish everything a store has, or some of its entities, into the backfill lane."""

    organisation: OrgName | None = None
    entities: Annotated[tuple[Entity, ...], Field(min_length=1, max_length=len(Entity))] = tuple(Entity)
    since: Day | None = None


class Resync(Model):
    """Publish a selection into the backfill lane: by ids, or by date, both ends included."""

    organisation: OrgName | None = None
    entity: Entity
    ids: Annotated[tuple[Identifier, ...], Field(max_length=10_000)] = ()
    date_from: Day | None = None
    date_to: Day | None = None

    @model_validator(mode="after")
    def _selects(self) -> Self:
        if not self.ids and self.date_from is None:
            raise wrong("ids", "must hold at least one id, unless date_from is given")
        if self.ids and (self.date_from or self.date_to):
            raise wrong("ids", "must be empty where days are given: beside ids they would choose nothing")
        if self.date_from and self.date_to and self.date_to < self.date_from:
            raise wrong("date_to", f"must not lie before date_from {self.date_from}, but is {self.date_to}")
        return self


class SyncNow(Model):
    """Publish some entities into the immediate lane."""

    organisation: OrgName | None = None
    entity: Entity
    ids: Annotated[tuple[Identifier, ...], Field(min_length=1, max_length=1_000)]


class Release(Model):
    """Open the batch window of one organisation now."""

    lane: Literal[Lane.BATCH] = Lane.BATCH


Command = ResyncAll | Resync | SyncNow | Release

COMMANDS: dict[str, type[Command]] = {
    "resync-all": ResyncAll,
    "resync": Resync,
    "sync-now": SyncNow,
    "release": Release,
}


def command_type(name: str) -> str:
    """`xerelay.resync-all`."""
    return f"xerelay.{name}"


def command_schema(name: str) -> str:
    """The `dataschema` of a command."""
    return data_schema(command_type(name))


def decode_command(body: bytes) -> tuple[Envelope, Command]:
    """Read one command. Raises `Undecodable`."""
    envelope = read_envelope(body)
    model = COMMANDS.get(envelope.type.removeprefix("xerelay."))
    if model is None or not envelope.type.startswith("xerelay."):
        raise Undecodable("unknown_kind", f"type {envelope.type[:80]!r} is not a command of this contract")
    check_schema(envelope)
    return envelope, validate(model, envelope.data)


def encode_command(envelope: Envelope, command: Command) -> bytes:
    """The command as one CloudEvents JSON document."""
    return join(envelope, command)
