"""Messages are read, and sorted: what can be compared with the ledger, what is done with, and what cannot go on."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from msgspec import Struct

from schemas.envelope import Event
from schemas.errors import Sender
from worker.backoff import MAX_ATTEMPTS, delay_s
from worker.buffer.work import Work
from worker.chart import Fault
from worker.documents.documents import EntityKey, Write
from worker.intake.holding import owner_of, parked, parked_unsound, waiting_until
from worker.intake.reading import Arrival, Failed, Unsound, read
from worker.ledger.records import Held
from worker.session.session import Session
from worker.session.steps import RECEIVED

_RETRY_BASE_S = 30.0
_RETRY_CAP_S = 3600.0


class Candidate(Struct, frozen=True):
    """One readable event that wants documents.

    The event itself is gone: it is far larger than what is kept of it, and memory that is used again at once is fast.
    `tax_fault` is what is wrong with its rates of tax.
    """

    work: Work
    writes: tuple[Write, ...]
    tax_fault: Fault | None
    held_for: str


@dataclass(slots=True)
class Sorted:
    """What became of messages. `unmapped` are held for what the configuration does not say."""

    candidates: list[Candidate] = field(default_factory=list)
    ignored: list[Work] = field(default_factory=list)
    held: list[tuple[Work, Held]] = field(default_factory=list)
    unmapped: list[tuple[Work, Held]] = field(default_factory=list)


def sort(session: Session, arrivals: Sequence[Arrival], now: datetime) -> Sorted:
    """Read each of `arrivals` for the organisation of `session`."""
    found, reached, chart = Sorted(), session.steps.reached, session.shelf.chart
    for arrival, outcome in zip(arrivals, read(arrivals, session.org, now, session.lock_date), strict=True):
        reached(RECEIVED)
        if isinstance(outcome, Unsound):
            where = found.unmapped if outcome.is_unmapped else found.held
            work = _unsound_work(session, arrival, outcome.sender, now)
            where.append((work, parked_unsound(session.org.name, arrival, outcome)))
            continue
        work = _sound_work(session, arrival, outcome.event)
        if isinstance(outcome, Failed):
            found.held.append((work, _failed(work, outcome.detail, now)))
        elif not outcome.writes:
            work.result, work.reason = "ignored", outcome.ignored
            found.ignored.append(work)
        else:
            tax_fault = chart.tax_fault(outcome.event)
            found.candidates.append(Candidate(work, outcome.writes, tax_fault, arrival.held_for))
    return found


def _sound_work(session: Session, arrival: Arrival, event: Event) -> Work:
    owner = EntityKey(session.org.name, event.source, str(event.entity), event.subject)
    return _work(session, arrival, event.id, owner, event.version, event.time, event.correlation_id)


def _unsound_work(session: Session, arrival: Arrival, sender: Sender | None, now: datetime) -> Work:
    owner = owner_of(session.org.name, sender) or EntityKey(session.org.name, "", "unknown", "")
    if sender is None:
        return _work(session, arrival, arrival.own_id, owner, now, now, "")
    return _work(session, arrival, sender.event_id, owner, sender.version or now, now, sender.correlation_id)


def _work(
    session: Session,
    arrival: Arrival,
    event_id: str,
    owner: EntityKey,
    version: datetime,
    occurred_at: datetime,
    run_id: str,
) -> Work:
    return Work(
        event_id,
        owner,
        version,
        occurred_at,
        arrival.lane,
        arrival.body,
        arrival.delivery,
        arrival.held_id,
        arrival.attempt,
        session.clock.monotonic(),
        run_id=run_id,
    )


def _failed(work: Work, detail: str, now: datetime) -> Held:
    work.attempt += 1
    if work.attempt >= MAX_ATTEMPTS:
        hint = "a defect of xerelay: report it with the digest; retry after the next release"
        return parked(work, "processing_failed", detail, hint)
    wait = delay_s(work.attempt, base_s=_RETRY_BASE_S, cap_s=_RETRY_CAP_S, jitter=random.random())  # noqa: S311 - jitter
    return waiting_until(work, now + timedelta(seconds=wait), "processing_failed", detail)
