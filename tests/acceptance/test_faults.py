"""Whatever Xero does in mid-run: afterwards nothing is lost, doubled or a cent off."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from schemas.entities import Entity
from tests.acceptance.post import depth, part_of
from tests.acceptance.stage import SHORT_LEASE_S, Stage, a_small_day
from worker.documents.documents import Kind
from worker.ledger.records import CallState

PROBE_S = 0.5
CONCURRENT = 5
# allocations are below /CreditNotes, and so hit as well
WRITES = ("/Contacts", "/Items", "/Invoices", "/CreditNotes", "/Payments")


@pytest.mark.parametrize("endpoint", ["/Contacts", "/Invoices", "/Payments"])
async def test_a_reply_that_is_lost_after_a_full_write_costs_nothing(sqlite_stage: Stage, endpoint: str) -> None:
    stage = sqlite_stage
    day = a_small_day(stage.organisation, orders=12)
    stage.sandbox.fault("lost-reply", endpoint=endpoint, method="PUT")
    await stage.publish(day)

    stage.worker()

    await stage.until_quiet([day])
    await stage.assert_right(day)
    assert stage.sandbox.audit()["faults_fired"] == {"lost-reply": 1}
    assert stage.sandbox.audit()["idempotency"]["replayed"] == 1


@pytest.mark.parametrize("kind", ["lost-reply", "502", "503", "504"])
async def test_calls_without_an_answer_on_every_endpoint_cost_nothing(sqlite_stage: Stage, kind: str) -> None:
    stage = sqlite_stage
    day = a_small_day(stage.organisation)
    for endpoint in WRITES:
        stage.sandbox.fault(kind, endpoint=endpoint, count=2)
    await stage.publish(day)

    stage.worker(probe_s=PROBE_S)

    await stage.until_quiet([day])
    await stage.assert_right(day)
    assert stage.sandbox.audit()["faults_fired"] == {kind: 10}


@pytest.mark.parametrize("kind", ["500", "500-partial"])
async def test_a_server_error_in_the_middle_of_a_write_costs_nothing(sqlite_stage: Stage, kind: str) -> None:
    stage = sqlite_stage
    day = a_small_day(stage.organisation)
    for endpoint in ("/Contacts", "/Items", "/Invoices", "/CreditNotes"):
        stage.sandbox.fault(kind, endpoint=endpoint, method="PUT")
    await stage.publish(day)

    stage.worker()

    await stage.until_quiet([day])
    await stage.assert_right(day)
    assert stage.sandbox.audit()["faults_fired"] == {kind: 4}


async def test_xero_away_for_a_dozen_calls_is_asked_seldom_and_costs_nothing(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    day = a_small_day(stage.organisation)
    stage.sandbox.fault("503", after_calls=3, count=12)
    await stage.publish(day)

    stage.worker(probe_s=PROBE_S)

    await stage.until_quiet([day])
    await stage.assert_right(day)
    assert await stage.paused() == []


@pytest.mark.parametrize("kind", ["429-minute", "429-concurrent"])
async def test_too_many_calls_only_slow_the_worker_down(sqlite_stage: Stage, kind: str) -> None:
    stage = sqlite_stage
    day = a_small_day(stage.organisation, orders=12)
    stage.sandbox.fault(kind, after_calls=2, count=2, seconds=1)
    await stage.publish(day)

    stage.worker()

    await stage.until_quiet([day])
    await stage.assert_right(day)
    assert stage.sandbox.audit()["faults_fired"] == {kind: 2}
    assert "paused" not in stage.log()


@pytest.mark.long
async def test_a_spent_day_pauses_the_organisation_and_leaves_the_backlog_in_the_broker(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    day, other = a_small_day(stage.organisation), part_of(a_small_day(stage.organisation, seed=5, store="outlet"))
    stage.sandbox.fault("429-day", after_calls=3, seconds=20)
    await stage.publish(day)
    stage.worker()
    await stage.until_async(stage.paused, what="a pause")

    [pause] = await stage.paused()
    waiting = await depth(stage.broker_url, stage.organisation)
    calls = stage.calls()
    await stage.publish(other)

    assert (pause.kind, pause.reason) == (None, "day_limit")
    assert waiting > 0
    # or more: some of what it gave back may have been on its way
    assert await depth(stage.broker_url, stage.organisation) >= waiting + len(other.events)
    assert stage.calls() == calls
    await stage.until_quiet([day, other])
    await stage.assert_right(day, other)


@pytest.mark.parametrize(("kind", "answer"), [("lost-reply", "notice"), ("500-partial", "404"), ("500-partial", "204")])
async def test_payments_of_an_unknown_fate_are_looked_up_before_they_are_sent_again(
    sqlite_stage: Stage, kind: str, answer: str, tmp_path: Path
) -> None:
    stage = sqlite_stage
    day = a_small_day(stage.organisation)
    before = replace(part_of(day, lambda event: event.entity is not Entity.PAYMENT), payments={})
    await stage.publish(before)
    stage.lease_s = SHORT_LEASE_S
    crashed = stage.worker()
    await stage.until_quiet([before])

    stage.sandbox.fault(kind, endpoint="/Payments", method="PUT")
    if kind == "lost-reply":
        # two in a row without an answer have the worker wait; as many calls as may be on their way have none
        stage.sandbox.fault("503", endpoint="/Payments", method="PUT", count=CONCURRENT)
    await stage.publish(day)
    await stage.until_async(lambda: _has_uncertain(stage, Kind.PAYMENT), what="an uncertain call of payments")
    stage.kill(crashed)

    eight_minutes_pass(tmp_path / "ledger.db")
    # what stands before Xero answers for it: that says nothing of what is there
    stage.sandbox.fault(answer, endpoint="/Payments", method="GET")
    stage.worker(probe_s=PROBE_S)

    await stage.until_quiet([day])
    await stage.assert_right(day)
    assert stage.sandbox.audit()["faults_fired"][answer] == 1


async def _has_uncertain(stage: Stage, kind: Kind) -> bool:
    unsettled = await (await stage.ledger()).calls.unsettled(stage.organisation)
    return any(call.kind is kind and call.state is CallState.UNCERTAIN for call in unsettled)


def eight_minutes_pass(ledger: Path) -> None:
    """For the calls on their way, as if nobody had been there meanwhile."""
    moved = "UPDATE calls SET opened_at = opened_at - :by, sent_at = sent_at - :by WHERE state <> 'closed'"
    with closing(sqlite3.connect(ledger)) as connection, connection:
        connection.execute(moved, {"by": 480 * 1_000_000})
