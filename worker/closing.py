"""The end of an event: one log line, then its acknowledgements. Nothing is acknowledged before the ledger has it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import structlog

from producers.amqp import Delivery
from worker.buffer import everyone
from worker.ledger.records import Held, HoldState
from worker.steps import Step, Steps
from worker.work import Work


class Closing:
    """Closes events whose outcome the ledger has recorded."""

    def __init__(self, *, ack: Callable[[Delivery], None], steps: Steps) -> None:
        self._ack = ack
        self._steps = steps
        # bound at once: finding the logger anew takes longer than making the line
        self._log = structlog.get_logger("xerelay").bind()

    def completed(self, works: Iterable[Work]) -> None:
        """The documents of `works` are as they should be."""
        for work in works:
            self._close(work, "event.completed", outcome="completed", result=work.result)
            for other in everyone(work.absorbed):
                self._close(other, "event.completed", outcome="completed", result="coalesced")

    def ended(self, work: Work, held: Held) -> None:
        """The ledger keeps `work`: for a person, or until a time or a parent."""
        outcome = "parked" if held.state is HoldState.PERSON else "held"
        self._close(work, f"event.{outcome}", outcome=outcome, reason=held.reason)
        for other in everyone(work.absorbed):
            self._close(other, "event.completed", outcome="completed", result="coalesced")

    def _close(self, work: Work, name: str, **facts: Any) -> None:
        self._log.info(
            name,
            event_id=work.event_id,
            organisation=work.owner.org,
            source=work.owner.source,
            entity=work.owner.entity,
            entity_id=work.owner.entity_id,
            attempt=work.attempt,
            document_id=work.document_id,
            call_id=work.call_id,
            **facts,
        )
        if work.delivery is not None:
            self._ack(work.delivery)
            self._steps.reached(Step.ACKED)
