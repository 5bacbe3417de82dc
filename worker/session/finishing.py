"""The end of an event: one log line, then its acknowledgement. Nothing is acknowledged before the ledger has it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import structlog
from msgspec import UNSET, UnsetType

from producers.amqp import Delivery
from worker.buffer.work import Work, everyone
from worker.ledger.records import Held, HoldState
from worker.logs import Lines, Teller, Told
from worker.session.counts import Counts
from worker.session.steps import ACKED, Steps


class Acknowledging(Protocol):
    """What acknowledges deliveries, as `Deliveries.ack`."""

    def __call__(self, *deliveries: Delivery) -> None:
        """They are done."""
        ...


class _Line(Told):
    event: str
    event_id: str
    organisation: str
    source: str
    entity: str
    entity_id: str
    attempt: int
    document_id: str
    call_id: str
    outcome: str
    result: str | UnsetType = UNSET
    reason: str | UnsetType = UNSET


class Finishing:
    """Finishes events whose outcome the ledger has recorded."""

    def __init__(self, *, ack: Acknowledging, steps: Steps, counts: Counts) -> None:
        self._ack = ack
        self._steps = steps
        self._counts = counts
        # bound at once: finding the logger anew takes longer than making the line
        self._log: Teller = structlog.wrap_logger(Lines(), wrapper_class=Teller).bind()

    def completed(self, works: Sequence[Work]) -> None:
        """The documents of `works` are as they should be. All of them are told of before the first is acknowledged."""
        self._counts.completed(works)
        lines: list[_Line] = []
        for work in works:
            lines.append(_line(work, "completed", work.result, work.reason or UNSET))
            lines += map(_absorbed, work.absorbed)
        self._log.tell_alike("info", lines)
        self._acknowledge(everyone(works))

    def ended(self, work: Work, held: Held) -> None:
        """The ledger keeps `work`: for a person, or until a time or a parent."""
        self._counts.held(work, held)
        outcome = "parked" if held.state is HoldState.PERSON else "held"
        self._log.tell_alike("info", [_line(work, outcome, reason=held.reason), *map(_absorbed, work.absorbed)])
        self._acknowledge(everyone([work]))

    def expired(self, held: Held) -> None:
        """What `held` waited for did not come: a person has to look. It was acknowledged when it was held."""
        self._counts.expired(held)
        told = {"event_id": held.event_id, "outcome": "parked", "reason": held.reason, "detail": held.detail}
        self._log.tell("warning", {"event": "event.parked", **told})

    def overtaken(self, held: Held) -> None:
        """What `held` asked for is done by another event. It was acknowledged when it was held."""
        if held.state is not HoldState.PERSON:  # else it was counted as parked, and is counted once
            self._counts.overtaken(held)
        owner = held.owner._asdict() if held.owner else {}
        owner.pop("org", None)
        self._log.tell(
            "info",
            {
                "event": "event.completed",
                "event_id": held.event_id,
                "organisation": held.org,
                **owner,
                "attempt": held.attempt,
                "outcome": "completed",
                "result": "coalesced",
                "reason": held.reason,
            },
        )

    def _acknowledge(self, works: Sequence[Work]) -> None:
        deliveries = [work.delivery for work in works if work.delivery is not None]
        self._ack(*deliveries)
        for _ in deliveries:
            self._steps.reached(ACKED)


def _absorbed(work: Work) -> _Line:
    return _line(work, "completed", "coalesced")


def _line(work: Work, outcome: str, result: str | UnsetType = UNSET, reason: str | UnsetType = UNSET) -> _Line:
    org, source, entity, entity_id = work.owner
    return _Line(
        f"event.{outcome}",
        work.event_id,
        org,
        source,
        entity,
        entity_id,
        work.attempt,
        work.document_id,
        work.call_id,
        outcome,
        result,
        reason,
    )
