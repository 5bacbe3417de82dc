"""What a worker counts of one organisation's events and calls."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from schemas.entities import Entity
from schemas.envelope import Lane
from tests.support.fakes import START, FakeClock
from tests.support.sample_ledger import event
from worker.budget.corrections import corrected
from worker.budget.state import Correction
from worker.buffer.work import Work
from worker.calls.sending import headers_of
from worker.documents.documents import Action, DocumentKey, EntityKey, Kind
from worker.intake.holding import parked, waiting_until
from worker.ledger.records import Call, HoldState, Member, Purpose
from worker.session.counts import LIMITS, Counts, Distribution
from worker.session.finishing import Finishing
from worker.session.steps import Unwatched
from worker.xero.replies.reply import PROBLEMS, Reply, ReplyKind


def a_work(number: int = 1, *, entity: str = Entity.INVOICE, result: str = "written", **more: Any) -> Work:
    owner = EntityKey("main", "shop", entity, str(number))
    work = Work(f"e{number}", owner, START, START, Lane.BATCH, b"{}", **more)
    work.result = result
    return work


def a_call(*, purpose: Purpose = Purpose.WRITE, members: int = 3, path: str = "/Invoices", sends: int = 1) -> Call:
    member = Member(
        DocumentKey("main", "shop", "invoice", "1", "invoice"), Kind.INVOICE, START, "I-1", "", Action.SAVE, b""
    )
    return Call(
        id="c",
        org="main",
        purpose=purpose,
        kind=Kind.INVOICE,
        method="PUT",
        path=path,
        params={},
        body=None,
        idempotency_key=None,
        members=(member,) * members,
        opened_at=START,
        sent_at=START,
        sends=sends,
    )


def test_events_count_by_entity_lane_and_outcome_and_what_they_absorbed_too() -> None:
    counts = Counts(FakeClock().now)
    newest = a_work(3)
    newest.absorb(a_work(2))
    newest.absorb(a_work(1))

    counts.completed([newest, a_work(4, entity=Entity.PAYMENT, result="unchanged")])

    assert +counts.events == {
        (Entity.INVOICE, Lane.BATCH, "written"): 1,
        (Entity.INVOICE, Lane.BATCH, "coalesced"): 2,
        (Entity.PAYMENT, Lane.BATCH, "unchanged"): 1,
    }


def test_the_delay_runs_from_the_occurrence_and_only_of_what_was_written() -> None:
    clock = FakeClock()
    clock.advance(40)
    counts = Counts(clock.now)

    counts.completed([a_work(1), a_work(2, result="adopted"), a_work(3, result="unchanged")])

    assert counts.delays[Lane.BATCH].total == 80.0
    assert sum(counts.delays[Lane.BATCH].counts) == 2


def test_a_store_whose_clock_is_ahead_makes_no_delay_below_nothing() -> None:
    clock = FakeClock()
    clock.set_back(60)
    counts = Counts(clock.now)

    counts.completed([a_work()])

    assert counts.delays[Lane.BATCH].total == 0.0


def test_a_message_that_calls_itself_anything_makes_no_label_of_its_own() -> None:
    counts = Counts(FakeClock().now)
    strange, sound = a_work(entity="<script>"), a_work()

    counts.held(strange, parked(strange, "unknown_kind", "", ""))
    counts.held(sound, waiting_until(sound, START + timedelta(hours=1), "kind_paused", ""))
    counts.expired(parked(sound, "parent_missing", "", ""))

    assert +counts.events == {
        ("unknown", Lane.BATCH, "parked"): 1,
        (Entity.INVOICE, Lane.BATCH, "held"): 1,
        (Entity.INVOICE, Lane.BATCH, "parked"): 1,
    }


@pytest.mark.parametrize(
    ("reply", "status"),
    [
        (Reply(ReplyKind.ANSWERED, 200), "200"),
        (Reply(ReplyKind.SERVER_ERROR, 500), "500"),
        (Reply(ReplyKind.UNCERTAIN), "lost"),
        (Reply(ReplyKind.UNSENT), "unsent"),
        (Reply(ReplyKind.CONSENT), "unsent"),
    ],
)
def test_a_request_counts_under_its_status_or_under_what_stands_for_one(reply: Reply, status: str) -> None:
    counts = Counts(FakeClock().now)

    counts.answered(a_call(path="/Invoices/abc/History", purpose=Purpose.LOOKUP), reply, 0.2)

    assert counts.calls == {("Invoices", Purpose.LOOKUP, status): 1}
    assert bool(counts.durations) == (reply.status is not None)
    assert counts.documents == {}


def test_the_documents_of_a_call_count_once_however_often_it_is_sent() -> None:
    counts = Counts(FakeClock().now)

    counts.answered(a_call(members=3), Reply(ReplyKind.UNCERTAIN), 60.0)
    counts.answered(a_call(members=3, sends=2), Reply(ReplyKind.ANSWERED, 200), 0.2)

    assert (sum(counts.documents[Kind.INVOICE].counts), counts.documents[Kind.INVOICE].total) == (1, 3.0)


def test_each_429_counts_under_its_limit_and_limits_that_were_never_met_show_nothing() -> None:
    counts = Counts(FakeClock().now)

    counts.answered(a_call(), Reply(ReplyKind.TOO_MANY_MINUTE, 429), 0.1)
    counts.answered(a_call(), Reply(ReplyKind.TOO_MANY_MINUTE, 429), 0.1)

    assert counts.limited == {"minute": 2, "concurrent": 0, "day": 0, "app_minute": 0}


def test_every_kind_of_a_429_has_a_word_of_xeros_and_a_label_and_ours_of_the_budget() -> None:
    kinds = [kind for kind in ReplyKind if kind.startswith("too_many")]
    reasons = [corrected(Correction(), headers_of(Reply(kind, 429)), in_flight=0, now=START) for kind in kinds]

    assert list(PROBLEMS) == list(LIMITS) == kinds
    assert [one.blocked_reason or "day" for one in reasons] == ["minute", "in_flight", "day", "app_minute"]


def test_a_distribution_counts_a_value_on_a_bound_below_it() -> None:
    distribution = Distribution((1, 5))

    for value in (0.5, 1, 3, 9):
        distribution.add(value)

    assert (distribution.counts, distribution.total) == ([2, 1, 1], 13.5)


def test_parked_events_are_at_nothing_from_the_beginning_so_that_a_first_burst_shows() -> None:
    counts = Counts(FakeClock().now)

    assert {outcome for _, _, outcome in counts.events} == {"parked"}
    assert {entity for entity, _, _ in counts.events} == {*Entity, "unknown"}
    assert sum(counts.events.values()) == 0


def test_what_another_event_made_needless_counts_unless_it_counted_as_parked_before() -> None:
    counts = Counts(FakeClock().now)
    finishing = Finishing(ack=lambda *_: None, steps=Unwatched(), counts=counts)

    for state in (HoldState.TIME, HoldState.PARENT, HoldState.PERSON):
        finishing.overtaken(event(1, state))

    assert +counts.events == {(Entity.PAYMENT, Lane.BATCH, "coalesced"): 2}
